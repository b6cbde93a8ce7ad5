"""A release at half of the traffic that is told back, as Doorbuster, Argo Rollouts and Flagger have it: made, shipped, sent back, seen.

Each kind has shops by name in a namespace of its own, four pods each. `ship` returns when all that are named stand still at 50 %;
`send_back` is the one request by which a person says it; `seen` knows the moments of the first write that moves pods or traffic back.
"""

import concurrent.futures
import http.server
import threading
import time

import harness
from api import wait_for
from watching import Watch

PODS, HALF = 4, 2
GATEWAY = "gateway.networking.k8s.io"
PORT, HOOK_PORT = 8100, 18099
CANARY_WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"


def at_once(function, items, connections=8):
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        return list(pool.map(function, items))


class Kind:
    def __init__(self, api, ns):
        self.api, self.ns, self.seen, self.gone = api, ns, None, None
        api.create("namespaces", None, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
        wait_for(f"{ns}: its account", lambda: api.find("serviceaccounts", ns, "default"), 20, 0.05)

    def make(self, names):
        at_once(self.make_one, names)

    def template(self, name, version="v1"):
        return {"metadata": {"labels": {"app": name}},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "app", "image": f"shop/app:{version}", "ports": [{"containerPort": 80}]}]}}

    def workload(self, name):
        return {"replicas": PODS, "selector": {"matchLabels": {"app": name}}, "template": self.template(name)}

    def service(self, name, selects):
        self.api.create("services", self.ns, {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                                              "spec": {"selector": {"app": selects}, "ports": [{"port": 80}]}})

    def ingress(self, name, service):
        backend = {"service": {"name": service, "port": {"number": 80}}}
        self.api.create("ingresses", self.ns, {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name}, "spec": {
            "ingressClassName": "nginx", "rules": [{"host": f"{name}.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]}})

    def watch(self, kind, pick):
        return Watch(self.api, self.api.path(kind, self.ns), pick)

    def watch_pods(self):
        """`gone` knows when a pod was gone, by its name."""
        self.gone = self.gone or self.watch("pods", lambda what, pod: [pod["metadata"]["name"]] if what == "DELETED" else [])

    def candidate_pods(self, names):
        raise NotImplementedError

    def close(self):
        self.api.delete("namespaces", None, self.ns)
        wait_for(f"{self.ns} is gone", lambda: self.api.find("namespaces", None, self.ns) is None, 300, 0.5)


class Doorbuster(Kind):
    """A canary of an HTTPRoute's weights. `shared` rollouts have one event; the shops have no autoscaler, as those of the others."""

    WEIGHT, SEEN = 50, "httproutes"
    drain = "0s"
    patch = {"spec": {"containers": [{"name": "app", "image": "shop/app:v2"}]}}

    def __init__(self, api, ns, shared=1, port=0):
        super().__init__(api, ns)
        self.shared, self.event_of, self.asked = shared, {}, 0
        self.port = PORT + port
        api.create("serviceaccounts", ns, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sale"}})
        rbac = "rbac.authorization.k8s.io"
        api.create("roles", ns, {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": {"name": "sale"}, "rules": [
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch", "create"]},
            {"apiGroups": [GATEWAY], "resources": ["httproutes"], "verbs": ["get", "patch"]}]})
        api.create("rolebindings", ns, {"apiVersion": f"{rbac}/v1", "kind": "RoleBinding", "metadata": {"name": "sale"}, "roleRef": {
            "apiGroup": rbac, "kind": "Role", "name": "sale"}, "subjects": [{"kind": "ServiceAccount", "name": "sale", "namespace": ns}]})
        self.make_gateway()

    def make_gateway(self):
        self.api.create("gateways", self.ns, {"apiVersion": f"{GATEWAY}/v1", "kind": "Gateway", "metadata": {"name": "gate"}, "spec": {
            "gatewayClassName": "envoy", "listeners": [{"name": "http", "protocol": "HTTP", "port": self.port}]}})

    def make(self, names):
        super().make(names)
        wait_for(f"{self.ns}: pods and routes", lambda: self._is_made(names), 300, 0.5)
        self.seen = self.watch(self.SEEN, self._back)

    def make_one(self, name):
        self.api.create("deployments", self.ns, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": self.workload(name)})
        self.service(name, name)
        self.make_route(name)

    def make_route(self, name):
        self.api.create("httproutes", self.ns, {"apiVersion": f"{GATEWAY}/v1", "kind": "HTTPRoute", "metadata": {"name": name}, "spec": {
            "parentRefs": [{"name": "gate"}], "hostnames": [f"{name}.example.com"], "rules": [{"backendRefs": [{"name": name, "port": 80}]}]}})

    def _is_made(self, names):
        ready = sum(one.get("status", {}).get("readyReplicas") == PODS for one in self.api.list("deployments", self.ns))
        return ready == len(names) and all(one.get("status", {}).get("parents") for one in self.api.list("httproutes", self.ns))

    def traffic(self, name):
        return {"httpRoute": {"name": name, "backend": name}}

    @staticmethod
    def _back(_, route):
        name = route["metadata"]["name"]
        shares = [one for one in route["spec"]["rules"][0]["backendRefs"] if one["name"] != name and one.get("weight", 1) > 0]
        return [] if shares else [name]

    def ship(self, names):
        groups = [names[at:at + self.shared] for at in range(0, len(names), self.shared)]
        self.event_of = {name: f"sale-{group[0]}" for group in groups for name in group}
        at_once(self._ship_group, groups)
        wait_for(f"{self.ns}: {self.WEIGHT} % of the traffic is the candidates'", lambda: self._halves() == len(names), 600, 0.3)

    def _ship_group(self, group):
        self.api.create("saleevents", self.ns, {"apiVersion": "doorbuster.dev/v1alpha1", "kind": "SaleEvent", "metadata": {"name": self.event_of[group[0]]},
                                                "spec": self.event(group)})

    def event(self, group):
        window = {"start": harness.instant(harness.utc(-1)), "end": harness.instant(harness.utc(20_000)), "prepare": "0s", "cooldown": "1m"}
        return {"window": window, "serviceAccountName": "sale", "deletionPolicy": "Immediate", "rollouts": [self.rollout(name) for name in group]}

    def rollout(self, name):
        return {"name": name, "target": {"name": name}, "patch": self.patch, "strategy": {"canary": {"steps": [{"weight": self.WEIGHT, "pause": "10h"}]}},
                "drain": self.drain, "traffic": self.traffic(name)}

    def _halves(self):
        return sum(row.get("weight", 0) >= self.WEIGHT and row.get("ready", 0) >= HALF for event in self.api.list("saleevents", self.ns)
                   for row in event.get("status", {}).get("rollouts", []))

    def send_back(self, name):
        self._act(self.event_of[name], [name] if self.shared > 1 else [])

    def send_all_back(self, names):
        """One action an event, all at once; the moments at which they were answered, by name."""
        events = sorted({self.event_of[name] for name in names})
        answered = dict(zip(events, at_once(self._act_timed, events, len(events))))
        return {name: answered[self.event_of[name]] for name in names}

    def _act_timed(self, event):
        self._act(event, [])
        return time.monotonic()

    def _act(self, event, rollouts):
        self.asked += 1
        spec = {"event": event, "action": "RollBack", "reason": "the bench", **({"rollouts": rollouts} if rollouts else {})}
        self.api.create("saleactions", self.ns, {"apiVersion": "doorbuster.dev/v1alpha1", "kind": "SaleAction",
                                                 "metadata": {"name": f"back-{event}-{self.asked}"}, "spec": spec})

    def settle(self, names):
        """All of it is done: candidates gone, and said so."""
        def rows():
            events = {self.event_of[name] for name in names}
            found = [self.api.get("saleevents", self.ns, one) for one in events] if len(events) < 3 else self.api.list("saleevents", self.ns)
            return {row["name"]: row.get("state") for event in found for row in event.get("status", {}).get("rollouts", [])}
        wait_for(f"{self.ns}: rolled back", lambda: (seen := rows()) and all(seen.get(name) == "RolledBack" for name in names), 120, 0.1)

    def end(self):
        """Events and all that came of them; the shops stay."""
        for event in sorted(set(self.event_of.values())):
            self.api.delete("saleevents", self.ns, event)
        wait_for(f"{self.ns}: no event", lambda: not self.api.list("saleevents", self.ns), 300, 0.2)

    def candidate_pods(self, names):
        return {one["metadata"]["name"] for one in self.api.list("pods", self.ns, "doorbuster.dev/rollout")}


class DoorbusterPods(Doorbuster):
    """Without a router, as Argo's basic canary is: two pods of the candidate beside all four of the target, which is a third."""

    WEIGHT, SEEN = 33, "deployments"

    def make_gateway(self):
        pass

    def make_route(self, name):
        pass

    def traffic(self, name):
        return {"readyPods": {"service": name}}

    @staticmethod
    def _back(_, found):
        name = found["spec"]["selector"]["matchLabels"].get("doorbuster.dev/rollout")
        return [name] if name and found["spec"]["replicas"] == 0 else []


class Bare(Kind):
    """No release at all: Deployments of two pods that are scaled to nothing. What the cluster itself takes for that many."""

    def make_one(self, name):
        self.api.create("deployments", self.ns, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {**self.workload(name), "replicas": 0}})

    def make(self, names):
        super().make(names)
        self.seen = self.watch("deployments", lambda _, found: [found["metadata"]["name"]] if found["spec"]["replicas"] == 0 else [])

    def ship(self, names):
        self._scale(names, HALF)
        wait_for(f"{self.ns}: pods", lambda: sum(one.get("status", {}).get("readyReplicas") == HALF for one in self.api.list("deployments", self.ns)) == len(names), 300, 0.3)

    def send_all_back(self, names):
        return dict(zip(names, self._scale(names, 0)))

    def _scale(self, names, replicas):
        def timed(name):
            self.api.patch("deployments", self.ns, name, {"spec": {"replicas": replicas}})
            return time.monotonic()
        return at_once(timed, names)

    def settle(self, names):
        pass

    def end(self):
        pass

    def candidate_pods(self, names):
        return {one["metadata"]["name"] for one in self.api.list("pods", self.ns)}


class Argo(Kind):
    """A Rollout at setWeight 50 that pauses; told back as `kubectl argo rollouts abort` does. Basic: by the numbers of pods alone."""

    def make(self, names):
        super().make(names)
        wait_for(f"{self.ns}: healthy", lambda: self._phases().count("Healthy") == len(names), 600, 0.5)
        self.hashes, self.round = {}, 1  # pylint: disable=attribute-defined-outside-init
        self.seen = self._watched()

    def strategy(self, _):
        return {}

    def _watched(self):
        return self.watch("replicasets", self._back)

    def _back(self, _, found):
        labels = found["metadata"]["labels"]
        name, which, pods = labels["app"], labels["rollouts-pod-template-hash"], found["spec"]["replicas"]
        stable, new = self.hashes.get(name, (None, None))
        return [name] if (which == stable and pods > HALF) or (which == new and pods < HALF) else []

    def make_one(self, name):
        strategy = {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}], **self.strategy(name)}}
        self.api.create("rollouts", self.ns, {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": name},
                                              "spec": {**self.workload(name), "revisionHistoryLimit": 1, "strategy": strategy}})

    def _all(self):
        return {one["metadata"]["name"]: one.get("status", {}) for one in self.api.list("rollouts", self.ns)}

    def _phases(self):
        return [one.get("phase") for one in self._all().values()]

    def ship(self, names):
        self.round += 1
        image = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": f"shop/app:v{self.round}"}]
        at_once(lambda name: self.api.patch("rollouts", self.ns, name, image, content_type="application/json-patch+json"), names)

        def paused():
            return all(one.get("phase") == "Paused" and one.get("currentStepIndex") == 1 and not one.get("abort") for name, one in self._all().items()
                       if name in names)
        wait_for(f"{self.ns}: paused at half", paused, 600, 0.3)
        self.hashes = {name: (one["stableRS"], one["currentPodHash"]) for name, one in self._all().items()}

    def send_back(self, name):
        self.api.patch("rollouts", self.ns, name, {"status": {"abort": True}}, subresource="status")

    def send_all_back(self, names):
        def timed(name):
            self.send_back(name)
            return time.monotonic()
        return dict(zip(names, at_once(timed, names)))

    def settle(self, names):
        if len(names) == 1:
            wait_for(f"{self.ns}: degraded", lambda: self.api.get("rollouts", self.ns, names[0])["status"].get("phase") == "Degraded", 60, 0.1)
        else:
            wait_for(f"{self.ns}: degraded", lambda: self._phases().count("Degraded") == len(names), 300, 0.3)

    def end(self):
        pass

    def candidate_pods(self, names):
        news = {new for name, (_, new) in self.hashes.items() if name in names}
        return {one["metadata"]["name"] for one in self.api.list("pods", self.ns) if one["metadata"]["labels"]["rollouts-pod-template-hash"] in news}


class ArgoIngressAtOnce(Argo):
    """The same with traffic by an nginx ingress' weight; no ingress controller runs, so nobody else works on it.

    Until the pods of an aborted release go, which is 30 s by default, its controller writes the selector of the canary's Service to and fro,
    as fast as its client's limit lets it; whoever aborts another one meanwhile waits in that queue.
    """

    def strategy(self, name):
        return {"stableService": f"{name}-stable", "canaryService": f"{name}-canary", "trafficRouting": {"nginx": {"stableIngress": name}}}

    def make_one(self, name):
        for one in ("stable", "canary"):
            self.service(f"{name}-{one}", name)
        self.ingress(name, f"{name}-stable")
        super().make_one(name)

    def _watched(self):
        return self.watch("ingresses", self._weightless)

    @staticmethod
    def _weightless(_, found):
        name = found["metadata"]["name"].removesuffix("-canary").rpartition("-")[0]
        return [name] if found["metadata"].get("annotations", {}).get(CANARY_WEIGHT) == "0" else []


class ArgoIngress(ArgoIngressAtOnce):
    """Each told back when that is over, and its client has got its burst back: by an idle controller."""

    PAUSE = 1

    def strategy(self, name):
        return {"abortScaleDownDelaySeconds": 1, **super().strategy(name)}

    def settle(self, names):
        super().settle(names)
        wait_for(f"{self.ns}: no pods of the release", lambda: not self._left(names), 60, 0.1)
        time.sleep(self.PAUSE)

    def _left(self, names):
        return [one for name in names for one in self.api.list("replicasets", self.ns, f"app={name}")
                if one["metadata"]["labels"]["rollouts-pod-template-hash"] == self.hashes[name][1] and one.get("status", {}).get("replicas")]


class Hook:
    """Answers Flagger's rollback webhooks: 200, which is yes, for those that are told back."""

    def __init__(self):
        self.told = told = set()

        class Answer(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(200 if self.path.rsplit("/", 1)[1] in told else 403)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", HOOK_PORT), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Flagger(Kind):
    """A Canary by an nginx ingress' weight and a rollback webhook, which it asks at each tick: of ten seconds, the least that it takes."""

    INTERVAL = 10

    def __init__(self, api, ns):
        super().__init__(api, ns)
        self.hook, self.round = Hook(), 1

    def make(self, names):
        super().make(names)
        wait_for(f"{self.ns}: initialized", lambda: self._phases().count("Initialized") == len(names), 300, 1)
        self.seen = self.watch("ingresses", self._weightless)

    def make_one(self, name):
        self.api.create("deployments", self.ns, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": self.workload(name)})
        self.ingress(name, name)
        hook = {"name": "back", "type": "rollback", "url": f"http://127.0.0.1:{HOOK_PORT}/back/{name}", "timeout": "1s"}
        self.api.create("canaries", self.ns, {"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": {"name": name}, "spec": {
            "provider": "nginx", "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "ingressRef": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": name}, "progressDeadlineSeconds": 120,
            "service": {"port": 80, "targetPort": 80},
            "analysis": {"interval": f"{self.INTERVAL}s", "threshold": 1, "stepWeights": list(range(50, 90)), "webhooks": [hook]}}})

    def _phases(self):
        return [one.get("status", {}).get("phase") for one in self.api.list("canaries", self.ns)]

    @staticmethod
    def _weight(ingress):
        return int(ingress["metadata"].get("annotations", {}).get(CANARY_WEIGHT, "0"))

    def _weightless(self, _, found):
        name = found["metadata"]["name"]
        return [name.removesuffix("-canary")] if name.endswith("-canary") and self._weight(found) == 0 else []

    def ship(self, names):
        self.round += 1
        self.hook.told.clear()
        image = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": f"shop/app:v{self.round}"}]
        at_once(lambda name: self.api.patch("deployments", self.ns, name, image, content_type="application/json-patch+json"), names)
        wait_for(f"{self.ns}: half of the traffic", lambda: sum(self._weight(one) >= 50 for one in self.api.list("ingresses", self.ns)) == len(names), 300, 0.5)

    def send_back(self, name):
        self.hook.told.add(name)

    def settle(self, names):
        wait_for(f"{self.ns}: failed", lambda: self._phases().count("Failed") == len(names), 120, 0.5)

    def end(self):
        pass

    def close(self):
        self.hook.close()
        super().close()
