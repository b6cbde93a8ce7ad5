"""Will it hold? The verdict before the day, from nodes, quotas, node pools and rights as the real cluster has them."""

import contextlib

from api import JSON_PATCH
from harness import SYSTEM, Operator, Shop, utc, wait_for

POOLS = "/apis/karpenter.sh/v1/nodepools"


class Room:
    """A shop whose pods, of one cpu each, run only on nodes of its own: two with four cpus."""

    def __init__(self, api, ns):
        self.api, self.ns, self.nodes = api, ns, []
        for _ in range(2):
            self.add_node()
        self.shop = Shop(api, ns)
        container = {"name": "app", "image": "shop/checkout:v1", "resources": {"requests": {"cpu": "1"}}}
        template = {"spec": {"nodeSelector": {"shop": ns}, "tolerations": [{"key": "shop", "value": ns}], "containers": [container]}}
        api.patch("deployments", ns, "checkout", {"spec": {"template": template}})
        wait_for("the pods are on these nodes", self.rolled, 60)

    def rolled(self):
        found = self.api.get("deployments", self.ns, "checkout")
        status = found.get("status", {})
        return status.get("observedGeneration") == found["metadata"]["generation"] and all(
            status.get(one) == 3 for one in ("replicas", "updatedReplicas", "readyReplicas"))

    def add_node(self):
        name = f"{self.ns}-{len(self.nodes) + 1}"
        room = {"cpu": "4", "memory": "16Gi", "pods": "20"}
        self.api.create("nodes", None, {
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {"shop": self.ns, "kubernetes.io/hostname": name}},
            "spec": {"taints": [{"key": "shop", "value": self.ns, "effect": "NoSchedule"}]}, "status": {"allocatable": room, "capacity": room}})
        self.nodes.append(name)

    def sale(self, replicas, **more):
        self.shop.sale(begins=7200, lasts=600, prepare="30m", targets=[self.shop.target(replicas=replicas)], **more)

    def told(self):
        return self.shop.event().get("status", {}).get("feasibility", {})

    def verdict(self, verdict, seconds=40):
        wait_for(f"{self.ns}: {verdict}", lambda: self.told().get("verdict") == verdict, seconds)
        return self.told()

    def close(self):
        for name in self.nodes:
            self.api.delete("nodes", None, name)


@contextlib.contextmanager
def room_of(api, ns, account=f"{SYSTEM}/doorbuster"):
    """Such a shop with an operator of its own."""
    room = Room(api, ns)
    operator = Operator(api, ns, namespaces=[ns], install=ns, lease=ns, account=account).start()
    try:
        yield room
    finally:
        operator.stop()
        room.close()


def codes(told):
    return {one["code"] for one in told.get("findings", [])}


def test_nodes_that_cannot_take_the_floor_are_a_no_go_before_the_day(api, ns):
    with room_of(api, ns) as room:
        before = room.shop.autoscaler()["spec"]
        room.sale(12)
        told = room.verdict("NoGo")
        assert "NoRoom" in codes(told), told
        (row,) = told["targets"]
        assert (row["needed"], row["achievable"]) == (12, 8), row
        assert "cpu on 2" in row["boundBy"], row  # other tests have nodes of their own
        assert "latestSafeStart" not in told, told
        assert room.shop.event()["status"]["verdict"] == "NoGo"
        assert room.shop.condition("Feasible")["status"] == "False"
        wait_for("an Event", lambda: "NotFeasible" in room.shop.reasons())
        # Less is judged at once; and nothing was written to what is to be held.
        api.patch("saleevents", ns, "flash", [{"op": "replace", "path": "/spec/capacity/targets/0/need/replicas", "value": 8}], content_type=JSON_PATCH)
        told = room.verdict("Warn")
        assert codes(told) == {"SurgeDoesNotFit"}, told
        assert told["latestSafeStart"] < room.shop.event()["status"]["window"]["start"]
        assert room.shop.condition("Feasible")["status"] == "True"
        assert room.shop.autoscaler()["spec"] == before


def test_a_quota_that_forbids_the_floor_is_a_no_go(api, ns):
    with room_of(api, ns) as room:
        api.create("resourcequotas", ns, {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "compute"},
                                          "spec": {"hard": {"requests.cpu": "5", "pods": "20"}}})
        used = lambda: api.get("resourcequotas", ns, "compute").get("status", {}).get("used", {})  # noqa: E731
        wait_for("the quota's controller has looked", lambda: used().get("requests.cpu") == "3")
        room.sale(7)
        told = room.verdict("NoGo")
        (finding,) = [one for one in told["findings"] if one["level"] == "NoGo"]
        assert finding["code"] == "QuotaExceeded" and finding["subject"] == "checkout", finding
        assert "requests.cpu is 3 of 5 used. Raise it to 7" in finding["message"], finding
        assert told["targets"][0]["achievable"] == 5, told


def test_a_node_pool_may_add_what_is_missing_up_to_its_limit(api, ns):
    """Karpenter's own CRD; what its controller would write to status is written here."""
    with room_of(api, ns) as room:
        requirement = {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}
        taint = {"key": "shop", "value": ns, "effect": "NoSchedule"}
        template = {"metadata": {"labels": {"shop": ns}},
                    "spec": {"taints": [taint], "requirements": [requirement], "nodeClassRef": {"group": "x.example", "kind": "Class", "name": "c"}}}
        api.request("POST", POOLS, {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": ns},
                                    "spec": {"limits": {"cpu": "12"}, "template": template}})
        try:
            api.request("PATCH", f"{POOLS}/{ns}/status", {"status": {"resources": {"cpu": "8"}}}, content_type="application/merge-patch+json")
            room.sale(12)
            told = room.verdict("Warn")
            assert "NodesToAdd" in codes(told), told
            (row,) = told["targets"]
            assert (row["achievable"], row["withNewNodes"]) == (8, 12), row
            api.patch("saleevents", ns, "flash", [{"op": "replace", "path": "/spec/capacity/targets/0/need/replicas", "value": 14}],
                      content_type=JSON_PATCH)
            told = room.verdict("NoGo")
            (finding,) = [one for one in told["findings"] if one["level"] == "NoGo"]
            assert finding["code"] == "NodePoolLimit" and f"NodePool {ns} (cpu 8 of 12)" in finding["message"], finding
            assert told["targets"][0]["withNewNodes"] == 12, told
        finally:
            api.request("DELETE", f"{POOLS}/{ns}")


def test_without_the_right_to_read_pods_the_verdict_is_a_warning(api, ns):
    rbac = "rbac.authorization.k8s.io"
    role = api.get("clusterroles", None, "doorbuster")
    rules = [{**one, "resources": [kind for kind in one["resources"] if kind not in ("pods", "nodes")]} if "pods" in one.get("resources", []) else one
             for one in role["rules"]]
    subject = [{"kind": "ServiceAccount", "name": ns, "namespace": SYSTEM}]
    api.create("serviceaccounts", SYSTEM, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ns}})
    api.create("clusterroles", None, {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": {"name": ns}, "rules": rules})
    for kind, where, name, of in (("clusterrolebindings", None, ns, "ClusterRole"), ("rolebindings", SYSTEM, "doorbuster", "Role")):
        api.create(kind, where, {"apiVersion": f"{rbac}/v1", "kind": f"{of}Binding", "metadata": {"name": ns}, "subjects": subject,
                                 "roleRef": {"apiGroup": rbac, "kind": of, "name": name}})
    try:
        with room_of(api, ns, account=f"{SYSTEM}/{ns}") as room:
            room.sale(100)
            told = room.verdict("Warn")
            assert "RoomUnknown" in codes(told), told
            assert "may not list nodes" in told["findings"][0]["message"], told
            assert room.shop.condition("Feasible")["status"] == "True", "a warning, not a refusal"
    finally:
        for kind, where in (("clusterrolebindings", None), ("rolebindings", SYSTEM), ("clusterroles", None), ("serviceaccounts", SYSTEM)):
            api.delete(kind, where, ns)


@contextlib.contextmanager
def shop_of(api, ns):
    """A shop as the other tests have it, with an operator of its own."""
    shop = Shop(api, ns)
    operator = Operator(api, ns, namespaces=[ns], install=ns, lease=ns).start()
    try:
        yield shop
    finally:
        operator.stop()


def finding_of(shop, code):
    told = lambda: shop.event().get("status", {}).get("feasibility", {})  # noqa: E731
    wait_for(f"{shop.ns}: {code}", lambda: code in codes(told()), 40)
    return next(one for one in told()["findings"] if one["code"] == code)


def test_a_right_that_is_lacking_is_a_no_go_before_the_day(api, ns):
    with shop_of(api, ns) as shop:
        api.patch("roles", ns, "sale", [{"op": "remove", "path": "/rules/0"}], content_type=JSON_PATCH)
        shop.sale(begins=7200, lasts=600, prepare="30m")
        finding = finding_of(shop, "Forbidden")
        assert finding["level"] == "NoGo" and finding["subject"] == "checkout", finding
        assert f"service account {ns}/sale may not patch" in finding["message"], finding


def test_a_write_that_the_server_refuses_is_a_no_go_before_the_day(api, ns):
    with shop_of(api, ns) as shop:
        before = shop.autoscaler()
        hold = {"name": "policy", "object": {"kind": "HorizontalPodAutoscaler", "name": "checkout"},
                "field": "/spec/behavior/scaleDown/selectPolicy", "value": {"literal": "Sometimes"}}
        shop.sale(begins=7200, lasts=600, prepare="30m", targets=[], holds=[hold])
        finding = finding_of(shop, "WriteRefused")
        assert finding["level"] == "NoGo" and "Sometimes" in finding["message"], finding
        after = shop.autoscaler()
        assert after["spec"] == before["spec"] and not after["metadata"].get("annotations"), "nothing is written"


def test_a_verdict_is_kept_up(api, ns):
    with room_of(api, ns) as room:
        room.shop.sale(begins=2400, lasts=600, prepare="30m", targets=[room.shop.target(replicas=6)])  # in the last hour: every minute
        room.verdict("Go")
        cordon = lambda value: [api.patch("nodes", None, one, {"spec": {"unschedulable": value}}) for one in room.nodes]  # noqa: E731
        cordon(True)
        told = room.verdict("NoGo", seconds=90)
        assert "a cordon on 2" in told["targets"][0]["boundBy"], told
        wait_for("an Event", lambda: "NotFeasible" in room.shop.reasons())
        cordon(None)
        room.verdict("Go", seconds=90)
        wait_for("an Event", lambda: "FeasibilityImproved" in room.shop.reasons())
