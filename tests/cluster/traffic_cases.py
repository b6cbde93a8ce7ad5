"""Releases under real traffic: an Envoy of Envoy Gateway, 500 requests a second, an answer's version in its header."""

import contextlib
import os
import time

from harness import kubectl_sale, wait_for
from proxy import Proxy
from traffic import ERROR_RATE, Load, Store, answers, of, operator_of, seconds_of, unfair


@contextlib.contextmanager
def store(api, ns):
    shop_ = Store(api, ns)
    shop_.operator = operator_of(shop_).start()
    try:
        yield shop_
    except BaseException:
        print(shop_.operator.tail(40), shop_.row(), sep="\n", flush=True)
        raise
    finally:
        shop_.operator.stop()


def answers_of(load, but=lambda _: False):
    """All so far; none may have failed but by the candidate's own errors, or as is said."""
    found = load.answers()
    print("          " + load.said.strip().replace("\n", "\n          "), flush=True)
    wrong = [one for one in unfair(found) if not but(one)]
    assert not wrong, (len(wrong), wrong[:5])
    return found


def test_a_good_canary_is_promoted_and_nobody_notices(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([{"weight": 10, "pause": "3s", "analysis": "default"}, {"weight": 50, "pause": "3s", "analysis": "default"}], {})
        shop_.becomes("Promoted", 120)
        template = api.get("deployments", ns, "checkout")["spec"]["template"]["spec"]["containers"][0]
        assert {"name": "SHOP_VERSION", "value": "v2"} in template["env"], template
        shop_.assert_as_before()
        time.sleep(1)
        found = answers_of(load)
        assert of(found, "v1") and of(found, "v2"), answers.counts(found)
        assert {one.version for one in found[-200:]} == {"v2"}, answers.counts(found[-200:])


def test_a_bad_canary_goes_back_by_itself(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([{"weight": 20, "pause": "60s", "analysis": "default"}, {"weight": 50}], {"SHOP_ERROR_RATE": str(ERROR_RATE)})
        row = shop_.becomes("RolledBack", 90)
        assert "errors is bad" in row["message"], row
        shop_.assert_as_before()
        found = answers_of(load)
        bad = [one for one in found if one.status == 500]
        back = seconds_of(shop_.decided("RolledBack")["at"])
        assert bad and not of(found, "v2", back + 1.0), (back, of(found, "v2", back + 1.0)[:3])
        print(f"          first bad answer to verdict {back - bad[0].sent:.1f} s, verdict to the candidate's last answer "
              f"{1000 * (of(found, 'v2')[-1].sent - back):.0f} ms, {len(bad)} failed of {len(found)}", flush=True)


def test_requests_with_a_header_reach_v2_alone_and_go_back(api, ns):
    with store(api, ns) as shop_:
        load, asked = Load(shop_.url), Load(shop_.url, headers=["X-Beta: 1"], rate=100)
        shop_.ship([{"weight": 0, "match": [{"header": {"name": "X-Beta", "value": "1"}}], "pause": "10m"}], {}, analysis=False)
        row = shop_.becomes("Running")
        assert row["weight"] == 0 and row["message"] == "requests with X-Beta=1", row
        since = time.time() + 1
        time.sleep(4)
        code, out, err = kubectl_sale("rollback", "flash", "-n", ns, "--now", "--reason", "a beta that is none")
        assert code == 0, out + err
        shop_.becomes("RolledBack")
        back = seconds_of(shop_.decided("RolledBack")["at"])
        shop_.assert_as_before()
        time.sleep(1)
        # Envoy knows the rule that comes a few milliseconds before the cluster behind it.
        found, by_header = answers_of(load), answers_of(asked, but=lambda one: one.status == 503 and one.sent < since)
        assert not of(found, "v2"), answers.counts(found)
        assert of(by_header, "v2") and not [one for one in of(by_header, "v1", since) if one.sent < back - 1], answers.counts(by_header)
        assert not of(by_header, "v2", back + 2.0), of(by_header, "v2", back + 2.0)[:3]


def test_copies_reach_v2_and_all_answers_are_v1s(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([{"weight": 0, "mirror": 20, "pause": "10m"}], {}, analysis=False)
        row = shop_.becomes("Running")
        assert row["message"] == "20 % mirrored", row
        counted = f'sum(rate(http_requests_total{{version="v2",namespace="{ns}"}}[5s]))'
        rate = wait_for("copies at v2", lambda: (lambda now: now if 80 < now < 120 else None)(shop_.asks(counted)), 40)
        api.patch("saleevents", ns, "flash", {"spec": {"rollouts": [{**shop_.event()["spec"]["rollouts"][0], "desired": "Stable"}]}})
        shop_.becomes("RolledBack")
        shop_.assert_as_before()
        found = answers_of(load)
        assert not of(found, "v2"), answers.counts(found)
        print(f"          {rate:.0f} copies a second of 500 requests", flush=True)


def test_a_person_rolls_back_while_it_is_paused(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([{"weight": 50, "pause": "10m"}], {}, analysis=False)
        shop_.has_weight(50)
        code, out, err = kubectl_sale("pause", "flash", "-n", ns, "-y", "--reason", "lunch")
        assert code == 0, out + err
        shop_.becomes("Paused")
        asked = time.time()
        code, out, err = kubectl_sale("rollback", "flash", "-n", ns, "--now", "--reason", "p99 doubled")
        assert code == 0, out + err
        shop_.becomes("RolledBack")
        shop_.assert_as_before()
        time.sleep(1)
        found = answers_of(load)
        late = of(found, "v2")[-1].sent - asked
        assert late < 2, late
        action = [one for one in api.list("saleactions", ns) if one["spec"]["action"] == "RollBack"][0]
        created, status = seconds_of(action["metadata"]["creationTimestamp"]), action["status"]
        assert seconds_of(status["trafficVerifiedAt"]) >= created and status["state"] == "Complete", status
        print(f"          asked to the candidate's last answer {1000 * late:.0f} ms; {out.strip()}", flush=True)


def test_a_rollback_outlives_an_operator_that_is_killed_in_it(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([{"weight": 50, "pause": "10m"}], {}, analysis=False)
        shop_.has_weight(50)
        api.patch("saleevents", ns, "flash", {"spec": {"rollouts": [{**shop_.event()["spec"]["rollouts"][0], "desired": "Stable"}]}})
        for pause in (0.005, 0.02, 0.1):
            time.sleep(pause)
            shop_.operator.kill()
            shop_.operator.start()
        shop_.becomes("RolledBack", 60)
        shop_.assert_as_before()
        answers_of(load)


def test_a_candidate_that_is_never_ready_gets_no_request_and_goes(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([{"weight": 20}], {"SHOP_STARTUP": "10m"}, analysis=False, deadline="6s")
        row = shop_.becomes("RolledBack", 60)
        assert "deadline" in row["message"], row
        shop_.assert_as_before()
        found = answers_of(load)
        assert not of(found, "v2"), answers.counts(found)


def roll_back(shop_):
    """By the command, which waits until all of it is back."""
    code, out, err = kubectl_sale("rollback", "flash", "-n", shop_.ns, "--now", "--reason", "p99 doubled")
    assert code == 0, out + err
    shop_.becomes("RolledBack")
    shop_.assert_as_before()


def test_a_person_rolls_back_a_candidate_without_a_ready_pod(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([{"weight": 20}], {"SHOP_STARTUP": "10m"}, analysis=False)
        row = shop_.becomes("Scaling")
        assert not row.get("ready"), row
        roll_back(shop_)
        found = answers_of(load)
        assert not of(found, "v2"), answers.counts(found)


def test_a_person_rolls_back_during_the_promotion(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([{"weight": 50, "pause": "1s"}], {"SHOP_STARTUP": "2s"}, analysis=False, promotion="Write", bake="1s")
        shop_.becomes("Promoting", 90)
        env = lambda: api.get("deployments", ns, "checkout")["spec"]["template"]["spec"]["containers"][0]["env"]  # noqa: E731
        wait_for("the target gets v2", lambda: {"name": "SHOP_VERSION", "value": "v2"} in env())
        time.sleep(1)
        roll_back(shop_)
        assert {"name": "SHOP_VERSION", "value": "v1"} in env(), env()
        time.sleep(5)
        found = answers_of(load)
        assert of(found, "v2") and {one.version for one in found[-200:]} == {"v1"}, answers.counts(found[-200:])


def test_a_rollback_while_the_api_server_is_slow(api, ns):
    """Each request of the operator takes 400 ms more than it should."""
    proxy = Proxy(api, os.environ["DOORBUSTER_CLUSTER_DIR"])
    try:
        with store(api, ns) as shop_:
            load = Load(shop_.url)
            shop_.ship([{"weight": 50, "pause": "10m"}], {}, analysis=False)
            shop_.has_weight(50)
            shop_.operator.stop()
            proxy.delay = 0.4
            shop_.operator = operator_of(shop_, server=f"https://127.0.0.1:{proxy.port}").start()
            time.sleep(8)
            asked = time.time()
            roll_back(shop_)
            found = answers_of(load)
            late = of(found, "v2")[-1].sent - asked
            print(f"          asked to the candidate's last answer {1000 * late:.0f} ms", flush=True)
            assert late < 6, late
    finally:
        proxy.close()


def test_blue_green_takes_over_at_once_and_nobody_notices(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        switch = {"preview": "3s", "previewAnalysis": "default", "hold": "3s", "analysis": "default"}
        shop_.ship([], {}, strategy={"blueGreen": switch})
        shop_.has_weight(0)
        row = shop_.becomes("Running")
        assert "preview" in row["message"] and row["ready"] >= 4, row
        shop_.becomes("Promoted", 120)
        shop_.assert_as_before()
        time.sleep(1)
        found = answers_of(load)
        first = of(found, "v2")[0].sent
        assert not of(found, "v1", first + 1.0), answers.counts(of(found, "v1", first + 1.0))


def test_blue_green_that_is_bad_after_its_switch_goes_back_in_one_step(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([], {"SHOP_ERROR_RATE": str(ERROR_RATE)}, strategy={"blueGreen": {"hold": "60s", "analysis": "default"}})
        row = shop_.becomes("RolledBack", 90)
        assert "errors is bad" in row["message"], row
        shop_.assert_as_before()
        found = answers_of(load)
        back = seconds_of(shop_.decided("RolledBack")["at"])
        assert of(found, "v2") and not of(found, "v2", back + 1.0), (back, of(found, "v2", back + 1.0)[:3])
        assert not [one for one in of(found, "v1", back + 1.0) if one.status != 200]
        bad = [one for one in found if one.status == 500]
        print(f"          first bad answer to verdict {back - bad[0].sent:.1f} s, verdict to the new copy's last answer "
              f"{1000 * (of(found, 'v2')[-1].sent - back):.0f} ms, {len(bad)} failed of {len(found)}", flush=True)


def test_a_canary_that_is_worse_than_its_target_goes_back_without_a_limit_for_it(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([{"weight": 20, "pause": "60s", "analysis": "default"}, {"weight": 50}], {"SHOP_ERROR_RATE": str(ERROR_RATE)},
                   analysis=shop_.compared())
        row = shop_.becomes("RolledBack", 90)
        assert "worse than the target by errors" in row["message"] and "evidence" in row["message"], row
        shop_.assert_as_before()
        found = answers_of(load)
        bad = [one for one in found if one.status == 500]
        back = seconds_of(shop_.decided("RolledBack")["at"])
        assert bad and not of(found, "v2", back + 1.0), (back, of(found, "v2", back + 1.0)[:3])
        print(f"          {row['message']}\n          first bad answer to verdict {back - bad[0].sent:.1f} s, {len(bad)} failed of {len(found)}",
              flush=True)


def test_a_canary_that_is_no_worse_than_its_target_is_promoted(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        steps = [{"weight": 0, "replicas": 2, "pause": "1s"}, {"weight": 20, "pause": "8s", "analysis": "default"}]
        latency = {"histogram": "http_request_duration_seconds_bucket", "atLeast": "0.6"}
        shop_.ship(steps, {}, analysis=shop_.compared(latency=latency))
        shop_.becomes("Promoted", 120)
        said = [one["detail"] for one in shop_.event()["status"]["decisions"] if one["kind"] == "StepPassed"]
        assert "errors: of the candidate 0 of " in said[-1] and "latency: an answer of the candidate" in said[-1], said
        shop_.assert_as_before()
        time.sleep(1)
        found = answers_of(load)
        print(f"          {said[-1]}", flush=True)
        assert {one.version for one in found[-200:]} == {"v2"}, answers.counts(found[-200:])


def test_people_let_it_pass_a_gate_and_roll_it_back_at_the_next(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        steps = [{"weight": 20, "approval": "board"}, {"weight": 50, "approval": "board"}]
        shop_.ship(steps, {}, analysis=False, gates=[{"name": "board", "approval": {"groups": ["system:masters"]}}])
        row = shop_.becomes("AwaitingApproval")
        assert "board: 0 of 1 approvals" in row["message"] and row["weight"] == 20, row
        code, out, err = kubectl_sale("promote", "flash", "-n", ns, "-y")
        assert code == 10 and "AwaitingApproval" in out + err or "Approve" in out + err, out + err
        code, out, err = kubectl_sale("approve", "flash", "-n", ns, "--gate", "board", "-y")
        assert code == 0, out + err
        shop_.has_weight(50)
        shop_.becomes("AwaitingApproval")
        asked = time.time()
        code, out, err = kubectl_sale("rollback", "flash", "-n", ns, "--now", "--reason", "the board said no")
        assert code == 0, out + err
        shop_.becomes("RolledBack")
        shop_.assert_as_before()
        time.sleep(1)
        found = answers_of(load)
        print(f"          asked to the candidate's last answer {1000 * (of(found, 'v2')[-1].sent - asked):.0f} ms", flush=True)
        approved = shop_.decided("Approve")
        assert approved["value"] == "1 board 20%" and approved["by"], approved
