"""From the first bad answer of a release to the first write of its way back, decided by analysis: the same query of the same Prometheus for all.

A shop of four pods under a constant load through Envoy; what is shipped answers five requests of a hundred with 500 and has half of the traffic. Of each
tool the fastest settings that are safe: one measurement beyond the bound sends it back, asked as often as Prometheus scrapes, or, Flagger, at its
least interval.
"""

import os
import signal
import tempfile
import time

from api import wait_for
from rollback_kinds import GATEWAY, Argo, Doorbuster, Flagger, Kind
from rollback_live import NAME, Live, load
from traffic import LATE, ON_LOCAL_NODES, SHOP_PORT, answers, shop

RATE, ERROR_RATE, BOUND, SCRAPE = 500, 0.05, 0.02, 5
FORGOTTEN = 25   # seconds until nothing of the release before is in the query
PROMETHEUS = "DOORBUSTER_PROMETHEUS"


def query(ns):
    """Of what is shipped, the errors of the last fifteen seconds; nothing where it has had no request."""
    which = f'version!="v1",namespace="{ns}"'
    return f'sum(rate(http_requests_total{{{which},code="500"}}[15s])) / (sum(rate(http_requests_total{{{which}}}[15s])) > 0)'


def template(version):
    environment = {"SHOP_VERSION": version, **({} if version == "v1" else {"SHOP_ERROR_RATE": str(ERROR_RATE)})}
    return {"metadata": {"labels": {"app": NAME}, "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": str(SHOP_PORT)}},
            "spec": {"containers": [shop(environment, lifecycle=LATE)], **ON_LOCAL_NODES}}


class Judged(Kind):
    """Ships versions by number; `weightless` waits for the first write of a way back and says when it came, in seconds since the epoch."""

    number = 1

    def template(self, name, version="v1"):
        return template(version)

    def next(self):
        self.number += 1
        self.seen.forget()
        return f"v{self.number}"

    def weightless(self):
        moment, = self.seen.await_all([NAME], 120)
        return moment + time.time() - time.monotonic()


class JudgedDoorbuster(Judged, Live):
    def rollout(self, name):
        out = super().rollout(name)
        out["patch"] = {"spec": template(f"v{self.number}")["spec"]}
        out["strategy"] = {"canary": {"steps": [{"weight": 50, "pause": "10h", "analysis": "default"}]}}
        return {**out, "analysis": {"default": {"checks": ["errors"]}}}

    def event(self, group):
        bad = {"name": "errors", "interval": f"{SCRAPE}s", "prometheus": {"query": query(self.ns)}, "bad": {"above": str(BOUND)}}
        return {**super().event(group), "checks": [bad]}

    def run(self):
        self.next()
        self.event_of = {NAME: f"sale-{NAME}"}
        self._ship_group([NAME])
        wait_for("half is its candidate's", lambda: self._halves() == 1, 120, 0.1)
        self.seen.forget()
        at = self.weightless()
        self.settle([NAME])
        self.end()
        return at


class JudgedArgo(Judged, Argo):
    """Basic canary: Envoy shares out by pods, which are behind one Service."""

    def __init__(self, api, ns, port):
        super().__init__(api, ns)
        self.port = port

    def make_one(self, name):
        gateway(self)
        self.service(name, name)
        route(self, name)
        metric = {"name": "errors", "interval": f"{SCRAPE}s", "failureLimit": 0, "inconclusiveLimit": 1000, "consecutiveErrorLimit": 1000,
                  "successCondition": f"len(result) == 0 || result[0] <= {BOUND}", "failureCondition": f"len(result) > 0 && result[0] > {BOUND}",
                  "provider": {"prometheus": {"address": os.environ[PROMETHEUS], "query": query(self.ns)}}}
        self.api.create("analysistemplates", self.ns, {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "errors"},
                                                       "spec": {"metrics": [metric]}})
        super().make_one(name)

    def strategy(self, _):
        return {"analysis": {"templates": [{"templateName": "errors"}], "startingStep": 1}, "maxUnavailable": 0, "maxSurge": 2}

    def service(self, name, selects):
        Live.service(self, name, selects)

    def run(self):
        version = self.next()
        self._set(version)
        wait_for("its canary is known", lambda: self._status().get("currentPodHash") not in (None, self._status().get("stableRS")), 30, 0.1)
        self.hashes = {NAME: (self._status()["stableRS"], self._status()["currentPodHash"])}  # pylint: disable=attribute-defined-outside-init
        wait_for("half is its canary's", lambda: self._status().get("currentStepIndex") == 1, 120, 0.1)
        self.seen.forget()
        at = self.weightless()
        self.settle([NAME])
        self._set("v1")
        wait_for("it is as it was", lambda: self._status().get("phase") == "Healthy" and self._status().get("readyReplicas") == self._status().get("replicas"), 120, 0.3)
        return at

    def _set(self, version):
        self.api.patch("rollouts", self.ns, NAME, {"spec": {"template": template(version)}})

    def _status(self):
        return self._all()[NAME]


class JudgedFlagger(Judged, Flagger):
    """By the weights of an HTTPRoute of its own (provider gatewayapi:v1)."""

    def __init__(self, api, ns, port):
        super().__init__(api, ns)
        self.port = port

    def make(self, names):
        Kind.make(self, names)
        wait_for(f"{self.ns}: initialized", lambda: self._phases() == ["Initialized"], 300, 1)
        self.seen = self.watch("httproutes", self._back)

    def make_one(self, name):
        gateway(self)
        self.api.create("deployments", self.ns, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": self.workload(name)})
        self.api.create("metrictemplates", self.ns, {"apiVersion": "flagger.app/v1beta1", "kind": "MetricTemplate", "metadata": {"name": "errors"}, "spec": {
            "provider": {"type": "prometheus", "address": os.environ[PROMETHEUS]}, "query": f"({query(self.ns)}) or vector(0)"}})
        metric = {"name": "errors", "interval": "15s", "templateRef": {"name": "errors"}, "thresholdRange": {"max": BOUND}}
        self.api.create("canaries", self.ns, {"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": {"name": name}, "spec": {
            "provider": "gatewayapi:v1", "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}, "progressDeadlineSeconds": 120,
            "service": {"port": 80, "targetPort": SHOP_PORT, "hosts": [f"{name}.example.com"], "gatewayRefs": [{"name": "gate", "namespace": self.ns}]},
            "analysis": {"interval": f"{self.INTERVAL}s", "threshold": 1, "stepWeights": list(range(50, 90)), "metrics": [metric]}}})

    @staticmethod
    def _share(found):
        refs = found["spec"]["rules"][0]["backendRefs"]
        return sum(one.get("weight", 1) for one in refs if one["name"].endswith("-canary"))

    def _back(self, _, found):
        return [] if self._share(found) else [NAME]

    def run(self):
        version = self.next()
        self.api.patch("deployments", self.ns, NAME, {"spec": {"template": template(version)}})
        wait_for("half is its canary's", lambda: any(self._share(one) > 0 for one in self.api.list("httproutes", self.ns)), 120, 0.1)
        self.seen.forget()
        at = self.weightless()
        wait_for("it has failed", lambda: self._phases() == ["Failed"], 120, 0.3)
        return at


def gateway(kind):
    kind.api.create("gateways", kind.ns, {"apiVersion": f"{GATEWAY}/v1", "kind": "Gateway", "metadata": {"name": "gate"}, "spec": {
        "gatewayClassName": "envoy", "listeners": [{"name": "http", "protocol": "HTTP", "port": kind.port}]}})


def route(kind, name):
    kind.api.create("httproutes", kind.ns, {"apiVersion": f"{GATEWAY}/v1", "kind": "HTTPRoute", "metadata": {"name": name}, "spec": {
        "parentRefs": [{"name": "gate"}], "hostnames": [f"{name}.example.com"], "rules": [{"backendRefs": [{"name": name, "port": 80}]}]}})


def judged(kind, runs, say, label):
    """Of each run the seconds from its first bad answer to the first write, and how many answers were bad."""
    kind.make([NAME])
    spans = []
    with tempfile.TemporaryDirectory(prefix="doorbuster-judged.") as folder:
        process, lines = load(folder, f"http://127.0.0.1:{kind.port}/buy", f"{NAME}.example.com", RATE)
        try:
            for number in range(runs):
                say(f"by analysis: {label}, run {number + 1} of {runs}")
                time.sleep(FORGOTTEN)
                spans.append((time.time(), kind.run(), time.time()))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
        found = answers.read(lines)
    kind.close()
    out = []
    for began, written, ended in spans:
        bad = [one.sent for one in found if began <= one.sent <= ended and one.status == 500]
        if not bad:
            raise RuntimeError(f"{label}: no bad answer")
        out.append({"first_s": written - min(bad), "bad": len(bad)})
    return {"runs": out, "unfair": sum(one.status not in (200, 500) for one in found), "requests": len(found)}


def by_analysis(api, runs, say):
    return {label: judged(make(), runs, say, label) for label, make in (
        ("doorbuster", lambda: JudgedDoorbuster(api, "judged-doorbuster", 1, 4)),
        ("argo", lambda: JudgedArgo(api, "judged-argo", 8105)),
        ("flagger", lambda: JudgedFlagger(api, "judged-flagger", 8106)))}
