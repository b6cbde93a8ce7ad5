"""Releases by other routers than an HTTPRoute: their real CRDs, the real API server and Deployment controller, a gateway that is played."""

from harness import Played, Shop, must_become, traces_on, wait_for
from api import JSON_PATCH

GATEWAY = "gateway.networking.k8s.io"


class Release:
    """A shop behind a Service, and a sale of it that ships v2."""

    def __init__(self, shop):
        self.shop, self.api, self.ns = shop, shop.api, shop.ns
        for group, plural in (("apps", "deployments"), ("autoscaling", "horizontalpodautoscalers")):
            rule = {"apiGroups": [group], "resources": [plural], "verbs": ["create"]}
            self.api.patch("roles", self.ns, "sale", [{"op": "add", "path": "/rules/-", "value": rule}], content_type=JSON_PATCH)
        self.api.create("services", self.ns, {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "checkout"}, "spec": {
            "selector": {"app": "checkout"}, "ports": [{"port": 80, "targetPort": 8080}]}})

    def ship(self, traffic, strategy, **more):
        rollout = {"name": "v2", "target": {"name": "checkout"}, "patch": {"spec": {"containers": [{"name": "app", "image": "shop/checkout:v2"}]}},
                   "strategy": strategy, "traffic": traffic, "bake": "3s", "drain": "2s", **more}
        self.shop.sale(begins=-1, lasts=600, targets=[], rollouts=[rollout])

    def row(self):
        return next(iter(self.shop.event().get("status", {}).get("rollouts", [])), {})

    def becomes(self, state, seconds=90):
        try:
            return wait_for(f"{self.ns}: the rollout is {state}", lambda: self.row() if self.row().get("state") == state else None, seconds)
        except Exception as error:
            raise AssertionError(f"{error}; {self.row()}") from error

    def has_weight(self, percent):
        try:
            return wait_for(f"{self.ns}: {percent} % to the candidate", lambda: self.row().get("weight") == percent, 60)
        except Exception as error:
            raise AssertionError(f"{error}; {self.row()}") from error

    def want_stable(self):
        self.api.patch("saleevents", self.ns, "flash", [{"op": "add", "path": "/spec/rollouts/0/desired", "value": "Stable"}], content_type=JSON_PATCH)

    def image(self):
        return self.api.get("deployments", self.ns, "checkout")["spec"]["template"]["spec"]["containers"][0]["image"]

    def alone(self):
        """Nothing of ours is left beside the user's objects."""
        for plural in ("deployments", "services", "horizontalpodautoscalers"):
            wait_for(f"{plural} of the user alone", lambda plural=plural: [one["metadata"]["name"] for one in self.api.list(plural, self.ns)] == ["checkout"], 30)


class Gateway(Played):
    """Takes up each route of a kind in the namespace as it is."""

    def __init__(self, shop, kind, match):
        self.plural = kind.lower() + "s"
        super().__init__(shop, GATEWAY, self.plural)
        self.release = Release(shop)
        self.api.create(self.plural, self.ns, {"apiVersion": f"{GATEWAY}/v1", "kind": kind, "metadata": {"name": "shop"}, "spec": {
            "parentRefs": [{"name": "front"}], "rules": [{"matches": [match], "backendRefs": [{"name": "checkout", "port": 80}]}]}})

    def route(self):
        return self.api.get(self.plural, self.ns, "shop")

    def rules(self):
        return self.route()["spec"]["rules"]

    def split(self):
        return [(one["name"] == "checkout", one["weight"]) for one in self.rules()[0]["backendRefs"]]

    def look(self):
        for one in self.api.list(self.plural, self.ns):
            generation = one["metadata"]["generation"]
            parents = one.get("status", {}).get("parents", [])
            if parents and parents[0]["conditions"][0]["observedGeneration"] == generation:
                continue
            conditions = [{"type": kind, "status": "True", "reason": kind, "message": "", "observedGeneration": generation,
                           "lastTransitionTime": "2026-11-27T09:00:00Z"} for kind in ("Accepted", "ResolvedRefs")]
            self.api.patch(self.plural, self.ns, one["metadata"]["name"], {"status": {"parents": [
                {"parentRef": {"name": "front"}, "controllerName": "example.com/played", "conditions": conditions}]}}, "gateway", subresource="status")


class GrpcGateway(Gateway):
    def __init__(self, shop):
        super().__init__(shop, "GRPCRoute", {"method": {"service": "shop.Checkout"}})


class HttpGateway(Gateway):
    def __init__(self, shop):
        super().__init__(shop, "HTTPRoute", {"path": {"type": "PathPrefix", "value": "/"}})


def test_a_release_by_a_grpc_route_is_promoted(api, ns):
    with GrpcGateway(Shop(api, ns)) as gateway:
        before = gateway.route()["spec"]
        gateway.release.ship({"grpcRoute": {"name": "shop", "backend": "checkout"}}, {"canary": {"steps": [{"weight": 40, "pause": "5s"}]}})
        gateway.release.has_weight(40)
        assert gateway.split() == [(True, 60), (False, 40)], gateway.split()
        gateway.release.becomes("Promoted")
        assert gateway.release.image() == "shop/checkout:v2"
        must_become("the route is as it was", lambda: gateway.route()["spec"] == before and not traces_on(gateway.route()))
        gateway.release.alone()


def test_a_release_by_a_grpc_route_goes_back(api, ns):
    with GrpcGateway(Shop(api, ns)) as gateway:
        before = gateway.route()["spec"]
        gateway.release.ship({"grpcRoute": {"name": "shop", "backend": "checkout"}}, {"canary": {"steps": [{"weight": 40, "pause": "10m"}]}})
        gateway.release.has_weight(40)
        gateway.release.want_stable()
        gateway.release.becomes("RolledBack")
        assert gateway.release.image() == "shop/checkout:v1"
        must_become("the route is as it was", lambda: gateway.route()["spec"] == before and not traces_on(gateway.route()))
        gateway.release.alone()


def test_a_release_by_an_http_route_is_mirrored_then_matched_and_promoted(api, ns):
    with HttpGateway(Shop(api, ns)) as gateway:
        before = gateway.route()["spec"]
        beta = [{"header": {"name": "X-Beta", "value": "1"}}, {"cookie": {"name": "beta", "value": "v.1"}}]
        gateway.release.ship({"httpRoute": {"name": "shop", "backend": "checkout"}}, {"canary": {"steps": [
            {"weight": 0, "mirror": 10, "pause": "5s"}, {"weight": 0, "match": beta, "pause": "5s"}, {"weight": 40, "match": beta, "pause": "5s"}]}})
        mirror = wait_for("copies", lambda: gateway.rules()[0].get("filters"), 60)[0]["requestMirror"]
        assert mirror["percent"] == 10 and mirror["backendRef"]["name"] != "checkout", mirror
        must_become("the row says so", lambda: "10 % mirrored" in gateway.release.row().get("message", ""))
        rest, matched = wait_for("a rule by header", lambda: gateway.rules() if len(gateway.rules()) == 2 else None, 30)
        assert [one["headers"][0]["type"] for one in matched["matches"]] == ["Exact", "RegularExpression"], matched
        assert [one["name"] == "checkout" for one in matched["backendRefs"]] == [False], matched
        assert [one["name"] for one in rest["backendRefs"]] == ["checkout"] and not rest.get("filters"), rest
        gateway.release.has_weight(40)
        assert len(gateway.rules()) == 2, gateway.rules()
        gateway.release.becomes("Promoted")
        must_become("the route is as it was", lambda: gateway.route()["spec"] == before and not traces_on(gateway.route()))
        gateway.release.alone()


def test_requests_by_header_are_taken_back_and_what_a_route_cannot_say_is_refused(api, ns):
    with HttpGateway(Shop(api, ns)) as gateway:
        before = gateway.route()["spec"]
        traffic = {"httpRoute": {"name": "shop", "backend": "checkout"}}
        gateway.release.ship(traffic, {"canary": {"steps": [{"weight": 0, "match": [{"header": {"name": "X-Beta", "value": "1"}}], "pause": "10m"}]}})
        wait_for("a rule by header", lambda: len(gateway.rules()) == 2, 60)
        gateway.release.becomes("Running")
        gateway.release.want_stable()
        gateway.release.becomes("RolledBack")
        must_become("the route is as it was", lambda: gateway.route()["spec"] == before and not traces_on(gateway.route()))
        gateway.release.alone()
        # The API takes a rewritten prefix with one match alone.
        rewrite = [{"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2"}}}]
        gateway.api.patch("httproutes", ns, "shop", [{"op": "add", "path": "/spec/rules/0/filters", "value": rewrite}], content_type=JSON_PATCH)
        both = [{"header": {"name": "X-Beta", "value": value}} for value in "12"]
        rollout = {**gateway.release.shop.event()["spec"]["rollouts"][0], "desired": "Candidate",
                   "patch": {"spec": {"containers": [{"name": "app", "image": "shop/checkout:v3"}]}}, "strategy": {"canary": {"steps": [{"weight": 0, "match": both}]}}}
        gateway.api.patch("saleevents", ns, "flash", {"spec": {"rollouts": [rollout]}})
        assert "step 1" in gateway.release.becomes("Refused")["message"], gateway.release.row()
        gateway.release.alone()


class Switch:
    """A shop whose Service alone sends the traffic."""

    def __init__(self, shop):
        shop.allow("", "services")
        self.release, self.api, self.ns = Release(shop), shop.api, shop.ns
        self.before = self.service()["spec"]

    def service(self):
        return self.api.get("services", self.ns, "checkout")

    def serving(self):
        """Versions of the pods that its endpoints are."""
        pods = {one["metadata"]["name"]: one["spec"]["containers"][0]["image"].rpartition(":")[2] for one in self.api.list("pods", self.ns)}
        slices = self.api.list("endpointslices", self.ns, "kubernetes.io/service-name=checkout")
        return {pods.get(one["targetRef"]["name"]) for piece in slices for one in piece.get("endpoints") or [] if one["conditions"].get("ready")}

    def serves(self, version):
        wait_for(f"{self.ns}: {version} serves", lambda: self.serving() == {version}, 60)

    def is_as_before(self):
        must_become("the Service is as it was", lambda: self.service()["spec"] == self.before and not traces_on(self.service()))


def test_a_release_by_a_service_is_switched_and_promoted(api, ns):
    switch = Switch(Shop(api, ns))
    switch.release.ship({"service": {"name": "checkout"}}, {"blueGreen": {"preview": "3s", "hold": "5s"}})
    switch.release.has_weight(100)
    selector = switch.service()["spec"]["selector"]
    assert selector == {"app": "checkout-candidate", "doorbuster.dev/rollout": "v2"}, selector
    switch.serves("v2")
    switch.release.becomes("Promoted")
    assert switch.release.image() == "shop/checkout:v2"
    switch.is_as_before()
    switch.serves("v2")
    switch.release.alone()


def test_a_release_by_a_service_goes_back_in_one_write(api, ns):
    switch = Switch(Shop(api, ns))
    switch.release.ship({"service": {"name": "checkout"}}, {"blueGreen": {"hold": "10m"}})
    switch.release.has_weight(100)
    switch.serves("v2")
    switch.release.want_stable()
    switch.release.becomes("RolledBack")
    switch.is_as_before()
    switch.serves("v1")
    switch.release.alone()


def test_whoever_changes_a_switched_selector_wins(api, ns):
    switch = Switch(Shop(api, ns))
    switch.release.ship({"service": {"name": "checkout"}}, {"blueGreen": {"hold": "10m"}})
    switch.release.has_weight(100)
    api.patch("services", ns, "checkout", {"spec": {"selector": {"app": "checkout", "doorbuster.dev/rollout": None}}})
    row = switch.release.becomes("Contested")
    assert "selector" in row["message"], row
    switch.release.want_stable()
    switch.release.becomes("RolledBack")
    switch.serves("v1")
    switch.is_as_before()
    switch.release.alone()


class Proxied:
    """A shop behind a router without a status, whose proxy nobody plays: what is written is all that is seen."""

    def __init__(self, shop, plural, manifest):
        group = manifest["apiVersion"].partition("/")[0]
        shop.allow(group, plural)
        self.release, self.api, self.ns, self.plural = Release(shop), shop.api, shop.ns, plural
        self.api.create(plural, self.ns, {"metadata": {"name": "shop"}, **manifest})
        self.before = self.found()["spec"]

    def found(self):
        return self.api.get(self.plural, self.ns, "shop")

    def is_as_before(self):
        must_become("it is as it was", lambda: self.found()["spec"] == self.before and not traces_on(self.found()))
        self.release.alone()


def traefik(shop):
    return Proxied(shop, "traefikservices", {"apiVersion": "traefik.io/v1alpha1", "kind": "TraefikService", "spec": {
        "weighted": {"services": [{"name": "checkout", "port": 80}]}}})


def istio(shop):
    return Proxied(shop, "virtualservices", {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "spec": {
        "hosts": ["shop.example"], "http": [{"route": [{"destination": {"host": "checkout", "subset": "v1"}}]}]}})


def test_a_release_by_a_traefik_service_is_promoted(api, ns):
    proxied = traefik(Shop(api, ns))
    proxied.release.ship({"traefikService": {"name": "shop", "backend": "checkout"}}, {"canary": {"steps": [{"weight": 40, "pause": "5s"}]}})
    proxied.release.has_weight(40)
    services = proxied.found()["spec"]["weighted"]["services"]
    assert [(one["name"] == "checkout", one["port"], one["weight"]) for one in services] == [(True, 80, 60), (False, 80, 40)], services
    proxied.release.becomes("Promoted")
    assert proxied.release.image() == "shop/checkout:v2"
    proxied.is_as_before()


def test_a_release_by_a_traefik_service_goes_back(api, ns):
    proxied = traefik(Shop(api, ns))
    proxied.release.ship({"traefikService": {"name": "shop", "backend": "checkout"}}, {"canary": {"steps": [{"weight": 40, "pause": "10m"}]}})
    proxied.release.has_weight(40)
    proxied.release.want_stable()
    proxied.release.becomes("RolledBack")
    proxied.is_as_before()


def test_a_release_by_a_virtual_service_is_promoted(api, ns):
    proxied = istio(Shop(api, ns))
    proxied.release.ship({"virtualService": {"name": "shop", "backend": "checkout"}}, {"canary": {"steps": [{"weight": 40, "pause": "5s"}]}})
    proxied.release.has_weight(40)
    stable, candidate = proxied.found()["spec"]["http"][0]["route"]
    assert stable == {"destination": {"host": "checkout", "subset": "v1"}, "weight": 60}, stable
    assert candidate["weight"] == 40 and list(candidate["destination"]) == ["host"], candidate
    proxied.release.becomes("Promoted")
    assert proxied.release.image() == "shop/checkout:v2"
    proxied.is_as_before()


def test_a_release_by_a_virtual_service_goes_back(api, ns):
    proxied = istio(Shop(api, ns))
    proxied.release.ship({"virtualService": {"name": "shop", "backend": "checkout"}}, {"canary": {"steps": [{"weight": 40, "pause": "10m"}]}})
    proxied.release.has_weight(40)
    proxied.release.want_stable()
    proxied.release.becomes("RolledBack")
    proxied.is_as_before()


def test_a_release_by_a_virtual_service_is_mirrored_then_matched_and_goes_back(api, ns):
    proxied = istio(Shop(api, ns))
    beta = [{"header": {"name": "X-Beta", "value": "1"}}, {"cookie": {"name": "beta", "value": "v.1"}}]
    proxied.release.ship({"virtualService": {"name": "shop", "backend": "checkout"}}, {"canary": {"steps": [
        {"weight": 0, "mirror": 10, "pause": "5s"}, {"weight": 40, "match": beta, "pause": "10m"}]}})

    def rules():
        return proxied.found()["spec"]["http"]
    mirror = wait_for("copies", lambda: rules()[0].get("mirror"), 60)
    assert mirror["host"] != "checkout" and rules()[0]["mirrorPercentage"] == {"value": 10}, rules()
    matched, rest = wait_for("a rule by header", lambda: rules() if len(rules()) == 2 else None, 60)
    assert [sorted(one["headers"].items()) for one in matched["match"]] == [[("x-beta", {"exact": "1"})], [("cookie", {"regex": r"(^|.*; ?)beta=v\.1(;.*|$)"})]], matched
    assert [one["destination"]["host"] == "checkout" for one in matched["route"]] == [False] and "mirror" not in rest, rules()
    proxied.release.has_weight(40)
    proxied.release.want_stable()
    proxied.release.becomes("RolledBack")
    proxied.is_as_before()


BY_PODS = {"readyPods": {"service": "checkout"}}


class Beside:
    """A shop without a router: both versions' pods are behind its Service."""

    def __init__(self, shop, replicas=4):
        self.release, self.api, self.ns = Release(shop), shop.api, shop.ns
        self.api.patch("deployments", self.ns, "checkout", {"spec": {"replicas": replicas}})
        wait_for("the target has its pods", lambda: self.target()["status"].get("readyReplicas") == replicas, 60)

    def target(self):
        return self.api.get("deployments", self.ns, "checkout")

    def candidate(self):
        return next((one for one in self.api.list("deployments", self.ns) if one["metadata"]["name"] != "checkout"), None)

    def versions(self):
        """Of the pods that are endpoints of the Service, how many have which."""
        pods = {one["metadata"]["name"]: one["spec"]["containers"][0]["image"].rpartition(":")[2] for one in self.api.list("pods", self.ns)}
        slices = self.api.list("endpointslices", self.ns, "kubernetes.io/service-name=checkout")
        found = [pods.get(one["targetRef"]["name"]) for piece in slices for one in piece.get("endpoints") or [] if one["conditions"].get("ready")]
        return {version: found.count(version) for version in set(found)}

    def serve(self, **versions):
        wait_for(f"{self.ns}: {versions} serve", lambda: self.versions() == versions, 60)

    def is_asked_for_nothing(self):
        wait_for("the candidate is asked for nothing", lambda: (self.candidate() or {"spec": {"replicas": 0}})["spec"]["replicas"] == 0, 10)

    def is_back(self):
        row = self.release.becomes("RolledBack")
        # Its minimum, raised to all that served, comes down a tenth a minute.
        wait_for(f"{self.ns}: v1 alone serves", lambda: set(self.versions()) == {"v1"} and self.versions()["v1"] >= 4, 60)
        assert self.target()["spec"]["replicas"] >= 4 and self.release.image() == "shop/checkout:v1"
        self.release.alone()
        return row


def test_a_release_by_ready_pods_is_promoted(api, ns):
    beside = Beside(Shop(api, ns))
    beside.release.ship(BY_PODS, {"canary": {"steps": [{"weight": 20, "pause": "2s"}, {"weight": 50, "pause": "20s"}]}})
    beside.release.has_weight(50)
    beside.serve(v1=4, v2=4)
    labels = beside.candidate()["spec"]["template"]["metadata"]["labels"]
    assert labels == {**beside.target()["spec"]["template"]["metadata"]["labels"], "doorbuster.dev/rollout": "v2"}, labels
    uid = beside.target()["metadata"]["uid"]
    beside.release.becomes("Promoted")
    assert beside.release.image() == "shop/checkout:v2"
    beside.serve(v2=4)
    beside.release.alone()
    assert beside.target()["metadata"]["uid"] == uid and not traces_on(beside.target())


def test_a_suspended_release_by_ready_pods_goes_back_at_once(api, ns):
    beside = Beside(Shop(api, ns))
    beside.release.ship(BY_PODS, {"canary": {"steps": [{"weight": 50, "pause": "10m"}]}})
    beside.release.has_weight(50)
    api.patch("saleevents", ns, "flash", {"spec": {"suspend": True}})
    beside.release.becomes("Suspended")
    beside.release.want_stable()
    beside.is_asked_for_nothing()
    beside.is_back()


class IngressNginx(Played):
    """An Ingress of a class of ingress-nginx; its controller gives each of the namespace an address, and no more."""

    def __init__(self, shop, controller="k8s.io/ingress-nginx"):
        super().__init__(shop, "networking.k8s.io", "ingresses")
        rule = {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["create"]}
        self.api.patch("roles", self.ns, "sale", [{"op": "add", "path": "/rules/-", "value": rule}], content_type=JSON_PATCH)
        self.release, self.name = Release(shop), f"nginx-{shop.ns}"
        self.api.create("ingressclasses", None, {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": self.name},
                                                 "spec": {"controller": controller}})
        self.add("shop", {"cert-manager.io/cluster-issuer": "ours"})

    def __enter__(self):
        super().__enter__()
        self.before = wait_for("an address", lambda: self.found("shop") if self.address("shop") else None, 20)
        return self

    def __exit__(self, *error):
        super().__exit__(*error)
        self.api.delete("ingressclasses", None, self.name)

    def add(self, name, annotations):
        paths = [{"path": path, "pathType": "Prefix", "backend": {"service": {"name": service, "port": {"number": 80}}}}
                 for path, service in (("/cart", "checkout"), ("/img", "images"))]
        self.api.create("ingresses", self.ns, {
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "annotations": annotations}, "spec": {
                "ingressClassName": self.name, "tls": [{"hosts": ["shop.example"], "secretName": "shop"}],
                "rules": [{"host": "shop.example", "http": {"paths": paths}}]}})

    def found(self, name):
        return self.api.get("ingresses", self.ns, name)

    def address(self, name):
        return self.found(name)["status"]["loadBalancer"].get("ingress")

    def look(self):
        for one in self.api.list("ingresses", self.ns):
            if not one["status"]["loadBalancer"].get("ingress"):
                self.api.patch("ingresses", self.ns, one["metadata"]["name"], {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}},
                               "nginx-ingress-controller", subresource="status")

    def canary(self):
        return next(one for one in self.api.list("ingresses", self.ns) if one["metadata"]["name"] != "shop")

    def weight(self):
        return self.canary()["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"]

    def ship(self, strategy):
        self.release.ship({"ingress": {"name": "shop", "backend": "checkout"}}, strategy)

    def is_as_before(self):
        """The user's own was not even touched."""
        wait_for("the Ingress of the user alone", lambda: [one["metadata"]["name"] for one in self.api.list("ingresses", self.ns)] == ["shop"], 30)
        assert self.found("shop") == self.before, self.found("shop")
        self.release.alone()


def test_a_release_by_ingress_nginx_is_promoted(api, ns):
    with IngressNginx(Shop(api, ns)) as nginx:
        nginx.ship({"canary": {"steps": [{"weight": 40, "pause": "5s"}, {"weight": 80, "pause": "5s"}]}})
        nginx.release.has_weight(40)
        canary = nginx.canary()
        annotations = {name.rpartition("/")[2]: value for name, value in canary["metadata"]["annotations"].items() if name.startswith("nginx.")}
        assert annotations == {"canary": "true", "canary-weight": "40", "affinity-canary-behavior": "legacy"}, annotations
        assert "cert-manager.io/cluster-issuer" not in canary["metadata"]["annotations"], canary
        assert not canary["metadata"].get("ownerReferences"), canary
        spec = {**nginx.before["spec"], "rules": canary["spec"]["rules"]}
        assert canary["spec"] == spec, canary["spec"]
        (path,) = canary["spec"]["rules"][0]["http"]["paths"]
        assert path["path"] == "/cart" and path["backend"]["service"]["name"] == canary["metadata"]["name"], path
        nginx.release.has_weight(80)
        assert nginx.weight() == "80"
        nginx.release.becomes("Promoted")
        assert nginx.release.image() == "shop/checkout:v2"
        nginx.is_as_before()


def test_a_release_by_ingress_nginx_goes_back(api, ns):
    with IngressNginx(Shop(api, ns)) as nginx:
        nginx.ship({"blueGreen": {"preview": "3s", "hold": "10m"}})
        nginx.release.has_weight(100)
        assert nginx.weight() == "100"
        nginx.release.want_stable()
        nginx.release.has_weight(0)
        nginx.release.becomes("RolledBack")
        assert nginx.release.image() == "shop/checkout:v1"
        nginx.is_as_before()


def test_whoever_changes_the_weight_of_a_canary_ingress_wins_until_it_goes_back(api, ns):
    with IngressNginx(Shop(api, ns)) as nginx:
        nginx.ship({"canary": {"steps": [{"weight": 40, "pause": "10m"}]}})
        nginx.release.has_weight(40)
        api.patch("ingresses", ns, nginx.canary()["metadata"]["name"], {"metadata": {"annotations": {
            "nginx.ingress.kubernetes.io/canary-weight": "5"}}})
        row = nginx.release.becomes("Contested")
        assert "canary weight" in row["message"] and row["weight"] == 5, row
        # Paths of the user's that are changed are followed.
        before = nginx.found("shop")
        path = [{"op": "replace", "path": "/spec/rules/0/http/paths/0/path", "value": "/checkout"}]
        api.patch("ingresses", ns, "shop", path, content_type=JSON_PATCH)
        wait_for("the path is followed", lambda: nginx.canary()["spec"]["rules"][0]["http"]["paths"][0]["path"] == "/checkout", 30)
        assert nginx.weight() == "5"
        api.patch("ingresses", ns, "shop", [{**path[0], "value": "/cart"}], content_type=JSON_PATCH)
        assert nginx.found("shop")["spec"] == before["spec"]
        nginx.before = nginx.found("shop")
        nginx.release.want_stable()
        nginx.release.becomes("RolledBack")
        nginx.is_as_before()


def test_an_ingress_of_another_controller_or_with_a_canary_is_refused(api, ns):
    with IngressNginx(Shop(api, ns), "nginx.org/ingress-controller") as nginx:
        nginx.ship({"canary": {"steps": [{"weight": 40}]}})
        row = nginx.release.becomes("Refused")
        assert "nginx.org/ingress-controller" in row["message"], row
        # The controller of a class never changes.
        api.delete("ingressclasses", None, nginx.name)
        api.create("ingressclasses", None, {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": nginx.name},
                                            "spec": {"controller": "k8s.io/ingress-nginx"}})
        nginx.add("theirs", {"nginx.ingress.kubernetes.io/canary": "true"})
        wait_for("the other canary is named", lambda: f"Ingress {ns}/theirs is a canary of shop.example/cart" in nginx.release.row()["message"], 90)
        nginx.release.alone()
