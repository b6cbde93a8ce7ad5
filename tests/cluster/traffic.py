"""A shop behind a gateway under load, whose answers say their version: what the tests of releases and the demonstration share."""

import datetime
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

from check_cases import QUICK
from harness import ROOT, Operator, Shop, wait_for

sys.path.insert(0, os.path.join(ROOT, "hack/rig"))
from testcluster import answers  # noqa: E402
from testcluster.selftest import ON_LOCAL_NODES, SHOP_PORT, deployment, service, shop  # noqa: E402

RATE = 500
ERROR_RATE = 0.05
PORTS = itertools.count(8100)
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

    def compared(self, **more):
        """An analysis that compares v2 with v1 and looks at no check."""
        return {"default": {"compare": {"where": f'namespace="{self.ns}"', "interval": "1s", "falseAlarm": "0.01",
                                        "errors": {"counter": "http_requests_total", "bad": 'code="500"', "tolerated": "1.5"}, **more}}}

    def ship(self, steps, environment, analysis=True, gates=(), **more):
        """A sale of ten minutes that begins now and ships v2; `analysis`: by a check, none, or one of its own."""
        env = [{"name": name, "value": value} for name, value in {"SHOP_VERSION": "v2", **environment}.items()]
        which = f'version="v2",namespace="{self.ns}"'
        errors = f'sum(rate(http_requests_total{{{which},code="500"}}[5s])) / sum(rate(http_requests_total{{{which}}}[5s])) or vector(0)'
        rollout = {"name": "v2", "target": {"name": "checkout"}, "patch": {"spec": {"containers": [{"name": "main", "env": env}]}},
                   "strategy": {"canary": {"steps": steps}}, "traffic": {"httpRoute": {"name": "shop", "backend": "checkout"}},
                   "bake": "3s", "drain": "2s", **more}
        checks = []
        if isinstance(analysis, dict):
            rollout["analysis"] = analysis
        elif analysis:
            rollout["analysis"] = {"default": {"checks": ["errors"]}}
            checks = [{"name": "errors", "interval": "1s", "prometheus": {"query": errors}, "bad": {"above": "0.02"}}]
        self.rules = self.api.get("httproutes", self.ns, "shop")["spec"]["rules"]
        self.sale(begins=-1, lasts=600, targets=[], rollouts=[rollout], checks=checks, gates=list(gates))

    def asks(self, query):
        """What the cluster's Prometheus says now; 0: no series."""
        url = f"http://{os.environ['DOORBUSTER_PROMETHEUS'].removeprefix('http://')}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        with urllib.request.urlopen(url, timeout=5) as answer:
            found = json.load(answer)["data"]["result"]
        return float(found[0]["value"][1]) if found else 0.0

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

    def __init__(self, url, seconds=150, rate=RATE, headers=()):
        self.file = tempfile.NamedTemporaryFile("r", suffix=".tsv")
        self.process = subprocess.Popen([os.path.join(ROOT, "hack/rig/load"), "--rate", str(rate), "--seconds", str(seconds), "--lines", self.file.name,
                                         *(f"--header={header}" for header in headers), url],
                                        stderr=subprocess.PIPE, text=True)
        wait_for("a first answer", lambda: self.file.read().count("\n") > 0, 20)

    def answers(self):
        """All of them so far."""
        self.process.send_signal(signal.SIGINT)
        _, self.said = self.process.communicate()
        assert self.process.returncode == 0, self.said
        found = answers.read(self.file.name)
        self.file.close()
        return found


def unfair(found):
    """Those that failed, but by the candidate's own errors."""
    return [one for one in found if one.status != 200 and (one.version, one.status) != ("v2", 500)]


def seconds_of(text):
    """Of an RFC 3339 instant, since 1970."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def of(found, version, since=0.0):
    return [one for one in found if one.version == version and one.sent >= since]


def operator_of(shop_, server=None):
    """One for this store alone, which asks the cluster's Prometheus."""
    return Operator(shop_.api, shop_.ns, server=server, namespaces=[shop_.ns], install=shop_.ns, lease=shop_.ns,
                    extra=[*QUICK, "--prometheus-address", os.environ["DOORBUSTER_PROMETHEUS"], "--allow-check-hosts", "127.0.0.1"])
