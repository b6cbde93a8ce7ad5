"""What keeps a target's pods during a sale: its disruption budget tightened, its vertical autoscaler kept from evicting."""

from api import JSON_PATCH
from harness import Shop, must_become, traces_on, wait_for


def shop_with(api, ns, budget):
    shop = Shop(api, ns)
    rules = [{"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": ["get", "patch"]},
             {"apiGroups": ["autoscaling.k8s.io"], "resources": ["verticalpodautoscalers"], "verbs": ["get", "patch"]}]
    api.patch("roles", ns, "sale", [{"op": "add", "path": "/rules/-", "value": one} for one in rules], content_type=JSON_PATCH)
    api.create("poddisruptionbudgets", ns, {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "checkout"},
                                            "spec": {"selector": {"matchLabels": {"app": "checkout"}}, **budget}})
    return shop


def budget_of(shop):
    return shop.api.get("poddisruptionbudgets", shop.ns, "checkout")


def test_a_disruption_budget_is_tightened_and_put_back(api, ns):
    shop = shop_with(api, ns, {"minAvailable": 1})
    shop.sale(begins=5, lasts=8, targets=[shop.target(replicas=10, disruptionBudget={"minAvailablePercent": 80})])
    wait_for("tightened", lambda: budget_of(shop)["spec"].get("minAvailable") == "80%")
    wait_for("and Kubernetes goes by it", lambda: budget_of(shop).get("status", {}).get("desiredHealthy") == 8)
    shop.reach("Completed", seconds=60)
    assert budget_of(shop)["spec"]["minAvailable"] == 1, budget_of(shop)["spec"]
    assert not traces_on(budget_of(shop)), budget_of(shop)["metadata"]
    shop.assert_untouched()


def test_a_vertical_autoscaler_does_not_evict_during_the_sale(api, ns):
    shop = shop_with(api, ns, {"maxUnavailable": "50%"})
    vertical = lambda: api.get("verticalpodautoscalers", ns, "checkout")  # noqa: E731
    api.create("verticalpodautoscalers", ns, {
        "apiVersion": "autoscaling.k8s.io/v1", "kind": "VerticalPodAutoscaler", "metadata": {"name": "checkout"},
        "spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}}})
    shop.sale("plain", begins=600, lasts=60)
    wait_for("warned of before the day", lambda: "verticalEvictions" in shop.event("plain").get("status", {}).get("message", ""))
    api.delete("saleevents", ns, "plain")
    shop.sale(begins=5, lasts=6, targets=[shop.target(verticalEvictions="Prevented")])
    wait_for("kept from evicting", lambda: vertical()["spec"].get("updatePolicy", {}).get("updateMode") == "Initial")
    shop.reach("Completed", seconds=60)
    must_become("absent again", lambda: "updatePolicy" not in vertical()["spec"])
    assert not traces_on(vertical()), vertical()["metadata"]
    assert not traces_on(budget_of(shop)), "nothing was asked of it"
