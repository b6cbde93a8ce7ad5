"""Releases under real traffic: an Envoy of Envoy Gateway, 500 requests a second, an answer's version in its header."""

import contextlib
import datetime
import os
import signal
import subprocess
import sys
import tempfile
import time

from check_cases import operator_of
from harness import ROOT, Shop, kubectl_sale, wait_for

sys.path.insert(0, os.path.join(ROOT, "hack/rig"))
from testcluster import answers  # noqa: E402
from testcluster.selftest import ON_LOCAL_NODES, SHOP_PORT, deployment, service, shop  # noqa: E402

RATE = 500
ERROR_RATE = 0.05
PORTS = iter(range(8100, 8200))
PROMETHEUS = os.environ.get("DOORBUSTER_PROMETHEUS", "")
# As every shop behind a load balancer does: it serves until everybody knows that it goes.
LATE = {"preStop": {"sleep": {"seconds": 3}}}
GATEWAY = "gateway.networking.k8s.io"


class Store(Shop):
    """A namespace with a gateway, a route, and checkout v1 behind it: four pods that answer, an autoscaler, and what a sale of it needs."""

    def __init__(self, api, ns):  # pylint: disable=super-init-not-called
        self.api, self.ns, self.cpu, self.port, self.rules = api, ns, False, next(PORTS), None
        api.create("namespaces", None, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
        self.account("sale", [
            {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["get", "patch", "create"]},
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch", "create"]},
            {"apiGroups": [GATEWAY], "resources": ["httproutes"], "verbs": ["get", "patch"]},
        ])
        scrape = {"prometheus.io/scrape": "true", "prometheus.io/port": str(SHOP_PORT)}
        api.create("deployments", ns, deployment("checkout", 4, shop({"SHOP_VERSION": "v1"}, lifecycle=LATE), annotations=scrape, **ON_LOCAL_NODES))
        api.create("services", ns, service("checkout"))
        self.hpa("checkout", 2, 6)
        wait_for(f"{ns}: ready pods", lambda: self.ready("checkout") == 4, 60)
        api.create("gateways", ns, {"apiVersion": f"{GATEWAY}/v1", "kind": "Gateway", "metadata": {"name": "shop"}, "spec": {
            "gatewayClassName": "envoy", "listeners": [{"name": "http", "protocol": "HTTP", "port": self.port}]}})
        api.create("httproutes", ns, {"apiVersion": f"{GATEWAY}/v1", "kind": "HTTPRoute", "metadata": {"name": "shop"}, "spec": {
            "parentRefs": [{"name": "shop"}], "rules": [{"backendRefs": [{"name": "checkout", "port": 80}]}]}})
        self.url = f"http://127.0.0.1:{self.port}/buy"
        wait_for(f"{ns}: the gateway answers", lambda: self.status_of_one() == "200", 60)

    def status_of_one(self):
        return subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", self.url], capture_output=True, text=True, check=False).stdout

    def ship(self, steps, environment, analysis=True, **more):
        """A sale of ten minutes that begins now and ships v2."""
        env = [{"name": name, "value": value} for name, value in {"SHOP_VERSION": "v2", **environment}.items()]
        which = f'version="v2",namespace="{self.ns}"'
        errors = f'sum(rate(http_requests_total{{{which},code="500"}}[5s])) / sum(rate(http_requests_total{{{which}}}[5s])) or vector(0)'
        rollout = {"name": "v2", "target": {"name": "checkout"}, "patch": {"spec": {"containers": [{"name": "main", "env": env}]}},
                   "strategy": {"canary": {"steps": steps}}, "traffic": {"httpRoute": {"name": "shop", "backend": "checkout"}},
                   "bake": "3s", "drain": "2s", **more}
        checks = []
        if analysis:
            rollout["analysis"] = {"default": {"checks": ["errors"]}}
            checks = [{"name": "errors", "interval": "1s", "prometheus": {"query": errors}, "bad": {"above": "0.02"}}]
        self.rules = self.api.get("httproutes", self.ns, "shop")["spec"]["rules"]
        self.sale(begins=-1, lasts=600, targets=[], rollouts=[rollout], checks=checks)

    def row(self):
        return next(iter(self.event().get("status", {}).get("rollouts", [])), {})

    def becomes(self, state, seconds=60):
        try:
            return wait_for(f"{self.ns}: the rollout is {state}", lambda: self.row() if self.row().get("state") == state else None, seconds)
        except Exception as error:
            raise AssertionError(f"{error}; {self.row()}") from error

    def decided(self, kind):
        return next((one for one in self.event()["status"]["decisions"] if one["kind"] == kind), None)

    def has_weight(self, percent):
        return wait_for(f"{self.ns}: {percent} % to the candidate", lambda: self.row().get("weight") == percent, 40)

    def assert_as_before(self):
        """The user's objects are the user's, and nothing of ours is left beside them."""
        def route_is():
            route = self.api.get("httproutes", self.ns, "shop")
            return route["spec"]["rules"] == self.rules and "doorbuster.dev/holds" not in route["metadata"].get("annotations", {})
        wait_for("the route as it was", route_is, 20)
        for plural in ("deployments", "services", "horizontalpodautoscalers"):
            wait_for(f"{plural} of the user alone", lambda plural=plural: [one["metadata"]["name"] for one in self.api.list(plural, self.ns)] == ["checkout"], 20)


class Load:
    """hack/rig/load, as it runs."""

    def __init__(self, url, seconds=150):
        self.file = tempfile.NamedTemporaryFile("r", suffix=".tsv")
        self.process = subprocess.Popen([os.path.join(ROOT, "hack/rig/load"), "--rate", str(RATE), "--seconds", str(seconds), "--lines", self.file.name, url],
                                        stderr=subprocess.PIPE, text=True)
        wait_for("a first answer", lambda: self.file.read().count("\n") > 0, 20)

    def answers(self):
        """All of them so far; none may have failed but by the candidate's own errors."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate()
        assert self.process.returncode == 0, said
        found = answers.read(self.file.name)
        self.file.close()
        print("          " + said.strip().replace("\n", "\n          "), flush=True)
        unfair = [one for one in found if one.status != 200 and (one.version, one.status) != ("v2", 500)]
        assert not unfair, (len(unfair), unfair[:5])
        return found


@contextlib.contextmanager
def store(api, ns):
    shop_ = Store(api, ns)
    with operator_of(shop_, "--prometheus-address", PROMETHEUS, "--allow-check-hosts", "127.0.0.1") as operator:
        shop_.operator = operator
        try:
            yield shop_
        except BaseException:
            print(operator.tail(40), shop_.row(), sep="\n", flush=True)
            raise


def seconds_of(text):
    """Of an RFC 3339 instant, since 1970."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def of(found, version, since=0.0):
    return [one for one in found if one.version == version and one.sent >= since]


def test_a_good_canary_is_promoted_and_nobody_notices(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([{"weight": 10, "pause": "3s", "analysis": "default"}, {"weight": 50, "pause": "3s", "analysis": "default"}], {})
        shop_.becomes("Promoted", 120)
        template = api.get("deployments", ns, "checkout")["spec"]["template"]["spec"]["containers"][0]
        assert {"name": "SHOP_VERSION", "value": "v2"} in template["env"], template
        shop_.assert_as_before()
        time.sleep(1)
        found = load.answers()
        assert of(found, "v1") and of(found, "v2"), answers.counts(found)
        assert {one.version for one in found[-200:]} == {"v2"}, answers.counts(found[-200:])


def test_a_bad_canary_goes_back_by_itself(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([{"weight": 20, "pause": "60s", "analysis": "default"}, {"weight": 50}], {"SHOP_ERROR_RATE": str(ERROR_RATE)})
        row = shop_.becomes("RolledBack", 90)
        assert "errors is bad" in row["message"], row
        shop_.assert_as_before()
        found = load.answers()
        bad = [one for one in found if one.status == 500]
        back = seconds_of(shop_.decided("RolledBack")["at"])
        assert bad and not of(found, "v2", back + 1.0), (back, of(found, "v2", back + 1.0)[:3])
        print(f"          first bad answer to verdict {back - bad[0].sent:.1f} s, verdict to the candidate's last answer "
              f"{1000 * (of(found, 'v2')[-1].sent - back):.0f} ms, {len(bad)} failed of {len(found)}", flush=True)


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
        found = load.answers()
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
        load.answers()


def test_a_candidate_that_is_never_ready_gets_no_request_and_goes(api, ns):
    with store(api, ns) as shop_:
        load = Load(shop_.url)
        shop_.ship([{"weight": 20}], {"SHOP_STARTUP": "10m"}, analysis=False, deadline="6s")
        row = shop_.becomes("RolledBack", 60)
        assert "deadline" in row["message"], row
        shop_.assert_as_before()
        found = load.answers()
        assert not of(found, "v2"), answers.counts(found)
