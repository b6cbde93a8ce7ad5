"""`kubectl-sale report` of a sale that runs and is over, and what the next run of it remembers."""

import json
import time

from harness import Shop, instant, kubectl_sale, utc, wait_for


def report(*arguments):
    """Exit code and what was printed."""
    code, out, said = kubectl_sale("report", *arguments)
    return code, out or said


def figures(ns):
    code, text = report("flash", "-n", ns, "-o", "json")
    assert code == 0, text
    return json.loads(text)


def unchanged(api, ns):
    """The event's version, once it stays for a second and a half."""
    version = api.get("saleevents", ns, "flash")["metadata"]["resourceVersion"]
    time.sleep(1.5)
    return version if api.get("saleevents", ns, "flash")["metadata"]["resourceVersion"] == version else None


def test_a_sale_is_reported_while_it_runs_and_when_it_is_over(api, ns):
    shop = Shop(api, ns, cpu=True)
    shop.sale(begins=7, lasts=8, targets=[shop.target(replicas=12)])
    shop.reach("Live")
    wait_for("12 ready pods", lambda: shop.ready("checkout") == 12)
    wait_for("seen so", lambda: figures(ns)["targets"][0].get("peakReady") == 12)
    so_far = figures(ns)
    assert not so_far["over"] and so_far["targets"][0]["floor"] == 12, so_far
    shop.reach("Completed", seconds=120)
    before = wait_for("the operator has written its last", lambda: unchanged(api, ns))
    made = figures(ns)
    (row,) = made["targets"]
    assert (row["floor"], row["peakReady"], row["restored"]) == (12, 12, True), row
    assert row["readyAfter"]["steps"] >= 1 and row["readyAfter"]["notReady"] == 0, row
    assert 1 <= row["readyAfter"]["minSeconds"] <= row["readyAfter"]["medianSeconds"] <= row["readyAfter"]["p95Seconds"] <= 20, row
    assert made["holds"] and all(one["back"] for one in made["holds"]), made["holds"]
    assert [one["kind"] for one in made["decisions"]] == ["Began", "Completed"], made["decisions"]
    code, text = report("flash", "-n", ns)
    assert code == 0 and f"{ns}/flash   Completed" in text and "checkout  3..10" in text, text
    assert api.get("saleevents", ns, "flash")["metadata"]["resourceVersion"] == before, "a report writes nothing"


def test_the_next_run_is_warned_when_it_is_to_be_faster_than_the_last(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=6, lasts=3)
    shop.reach("Completed", seconds=60)
    later = {"start": instant(utc(3600)), "end": instant(utc(7200))}
    fast = shop.target(ramp={"up": {"over": "400ms", "steps": 4, "stepTimeout": "1s"}})
    api.patch("saleevents", ns, "flash", {"spec": {"window": later, "capacity": {"targets": [fast]}}})
    wait_for("the next run", lambda: figures(ns)["run"] == 1)
    (row,) = figures(ns)["targets"]
    assert row["lastRun"]["floor"] == 9 and "peakReady" not in row, row
    wait_for("told", lambda: "RampFasterThanLast" in shop.reasons())
    code, text = report("flash", "-n", ns, "--fail-on=warn")
    assert code == 11 and "the last run: floor 9" in text and "ramp.up.over: " in text, text


def test_what_cannot_be_reported_ends_with_1_or_2(api, ns):
    Shop(api, ns)
    code, text = report("no-such-sale", "-n", ns)
    assert code == 1 and "not found" in text, (code, text)
    code, text = report()
    assert code == 2, (code, text)
