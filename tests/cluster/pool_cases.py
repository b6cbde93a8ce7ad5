"""Karpenter's NodePools, which lie in no namespace, held through a sale with Karpenter's real CRD."""

import contextlib

from harness import Shop, must_become, traces_on, wait_for, writes_that_name

POOLS, RBAC = "/apis/karpenter.sh/v1/nodepools", "rbac.authorization.k8s.io"
NOBODY_GOES = [{"nodes": "0"}]


@contextlib.contextmanager
def pool_of(shop, **spec):
    """One NodePool that the shop's account may write; a function that reads it."""
    api, ns = shop.api, shop.ns
    requirement = {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}
    template = {"spec": {"requirements": [requirement], "nodeClassRef": {"group": "x.example", "kind": "Class", "name": "c"}}}
    api.request("POST", POOLS, {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": ns}, "spec": {"template": template, **spec}})
    rule = {"apiGroups": ["karpenter.sh"], "resources": ["nodepools"], "verbs": ["get", "patch"], "resourceNames": [ns]}
    api.create("clusterroles", None, {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": ns}, "rules": [rule]})
    api.create("clusterrolebindings", None, {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": ns},
                                             "subjects": [{"kind": "ServiceAccount", "name": "sale", "namespace": ns}],
                                             "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": ns}})
    try:
        yield lambda: api.request("GET", f"{POOLS}/{ns}")
    finally:
        api.request("DELETE", f"{POOLS}/{ns}")
        api.delete("clusterrolebindings", None, ns)
        api.delete("clusterroles", None, ns)


def hold(ns, name, field, value, **more):
    return {"name": name, "object": {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "name": ns}, "field": field, "value": value,
            "during": {"from": "Prepare", "until": "Cooldown"}, **more}


def test_a_static_pool_has_its_nodes_before_the_sale_and_gives_them_back(api, ns):
    shop = Shop(api, ns)
    with pool_of(shop, replicas=3, limits={"nodes": "5"}) as pool:
        before = pool()["spec"]
        shop.sale(begins=8, prepare="6s", lasts=4, targets=[shop.target()], holds=[
            hold(ns, "nodes", "/spec/replicas", {"add": 5}),
            hold(ns, "limit", "/spec/limits/nodes", {"literal": "10"}),
            hold(ns, "keep", "/spec/disruption/budgets", {"literal": NOBODY_GOES})])
        raised = lambda: (pool()["spec"]["replicas"], pool()["spec"]["limits"], pool()["spec"]["disruption"]["budgets"])  # noqa: E731
        wait_for("8 nodes, the room for them, and none that goes", lambda: raised() == (8, {"nodes": "10"}, NOBODY_GOES))
        shop.reach("Preparing")  # what is due at an edge is written before status says so
        shop.reach("Live")
        assert raised() == (8, {"nodes": "10"}, NOBODY_GOES)
        shop.reach("Completed", seconds=90)
        must_become("as it was", lambda: pool()["spec"] == before and not traces_on(pool()))


def test_the_limits_and_budgets_of_a_pool_are_held_and_put_back(api, ns):
    shop = Shop(api, ns)
    with pool_of(shop, limits={"cpu": "100"}, disruption={"budgets": [{"nodes": "20%", "reasons": ["Empty"]}], "consolidateAfter": "30s"}) as pool:
        before = pool()["spec"]
        shop.sale(begins=6, lasts=4, targets=[shop.target()], holds=[
            hold(ns, "cpu", "/spec/limits/cpu", {"multiply": "2.5"}),
            hold(ns, "memory", "/spec/limits/memory", {"literal": "4000Gi"}),
            hold(ns, "keep", "/spec/disruption/budgets", {"literal": NOBODY_GOES}),
            hold(ns, "later", "/spec/disruption/consolidateAfter", {"literal": "Never"})])
        wait_for("held", lambda: pool()["spec"]["limits"] == {"cpu": "250", "memory": "4000Gi"})
        assert pool()["spec"]["disruption"] == {**before["disruption"], "budgets": NOBODY_GOES, "consolidateAfter": "Never"}, pool()["spec"]
        shop.reach("Completed", seconds=90)
        must_become("as it was", lambda: pool()["spec"] == before and not traces_on(pool()))


def test_a_hold_that_the_crd_refuses_is_told_once_and_stands_when_it_is_taken(api, ns):
    """Karpenter's own rule: of a static pool only the number of nodes may be limited."""
    shop = Shop(api, ns)
    with pool_of(shop, replicas=2) as pool:
        before = pool()["spec"]
        shop.sale(begins=3, lasts=600, prepare="2s", deletionPolicy="Immediate", targets=[shop.target()],
                  holds=[hold(ns, "more-cpu", "/spec/limits/cpu", {"literal": "100"})])

        def row():
            rows = shop.event().get("status", {}).get("holds", [])
            return next((one for one in rows if one["object"]["kind"] == "NodePool" and one.get("state") == "Refused"), None)

        refused = wait_for("the row says so", row)
        assert "only 'limits.nodes' is supported on static NodePools" in refused["message"], refused
        wait_for("and what is stuck", lambda: shop.condition("Stalled").get("reason") == "HoldRefused")
        wait_for("an Event", lambda: "HoldRefused" in shop.reasons())
        assert "FieldReasserted" not in shop.reasons() and "FieldContested" not in shop.reasons(), shop.reasons()
        wait_for("the floor stands all the same", lambda: shop.bounds() == (9, 14))
        wait_for("it is tried again", lambda: len([one for one in writes_that_name(ns) if one["responseStatus"]["code"] == 422]) >= 3)
        told = [one for one in api.list("events", ns) if one.get("reason") == "HoldRefused"]
        assert sum(one.get("series", {}).get("count", 1) for one in told) <= 2, "by its row and by what is stuck, not at each try"
        assert pool()["spec"] == before and not traces_on(pool()), pool()
        api.request("PATCH", f"{POOLS}/{ns}", {"spec": {"limits": {"nodes": "5"}}}, "application/merge-patch+json")
        manifest = [hold(ns, "more-cpu", "/spec/limits/nodes", {"literal": "9"})]
        api.patch("saleevents", ns, "flash", {"spec": {"holds": manifest}})
        wait_for("what the rule allows is held", lambda: pool()["spec"]["limits"] == {"nodes": "9"})
        wait_for("and nothing is stuck", lambda: not shop.condition("Stalled"))
        assert row() is None, row()
        api.delete("saleevents", ns, "flash")
        wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
        must_become("put back", lambda: pool()["spec"]["limits"] == {"nodes": "5"} and not traces_on(pool()))
