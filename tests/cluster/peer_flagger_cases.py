"""Sales of workloads that the real Flagger releases, as peer.py starts it: without a mesh, between the Services of one Deployment."""

from canary_cases import AUTOSCALER, Canaries, row_of, written
from harness import Shop, must_become, traces_on, wait_for

ANALYSIS = {"analysis": {"interval": "10s", "threshold": 5, "iterations": 1}, "skipAnalysis": False}


class RealFlagger(Canaries):
    def __init__(self, shop):
        super().__init__(shop)
        shop.allow("flagger.app", "canaries")

    def phase(self):
        return self.found().get("status", {}).get("phase")

    def release(self, image):
        """Until it serves: Flagger makes the new pods, looks at them, and gives the primary their template."""
        patch = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image}]
        self.api.patch("deployments", self.ns, "checkout", patch, content_type="application/json-patch+json")
        wait_for("the release is under way", lambda: self.phase() in ("Progressing", "Promoting", "Finalising"), 60)
        fewest = []
        wait_for("the release is through", lambda: fewest.append(self.shop.ready("checkout-primary")) or self.phase() == "Succeeded", 150)
        assert self.primary()["spec"]["template"]["spec"]["containers"][0]["image"] == image
        return min(fewest)


def test_the_primary_is_raised_through_a_promotion_and_all_is_put_back(api, ns):
    shop = Shop(api, ns)
    flagger = RealFlagger(shop)
    flagger.canary(autoscalerRef=AUTOSCALER, **ANALYSIS)
    before = flagger.found()["spec"]
    shop.sale(begins=6, lasts=600, deletionPolicy="Immediate")
    wait_for("the floor stands where Flagger has put an autoscaler", lambda: shop.bounds("checkout-primary") == (9, 14))
    wait_for("and where a promotion would take it from", lambda: flagger.overrides() == (9, 14))
    assert row_of(shop)["inCharge"] == f"Deployment {ns}/checkout-primary < HorizontalPodAutoscaler checkout-primary < Canary checkout"
    wait_for("9 ready pods", lambda: shop.ready("checkout-primary") == 9, 60)
    wait_for("which are what counts", lambda: shop.condition("Prepared").get("reason") == "Prepared")
    flagger.release("shop/checkout:v2")
    assert shop.bounds("checkout-primary") == (9, 14), "a release in mid-sale takes nothing away"
    assert shop.bounds("checkout") == (3, 10), "the author's own autoscaler is left alone"
    wait_for("9 ready pods", lambda: shop.ready("checkout-primary") == 9, 60)
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
    must_become("both are back", lambda: shop.bounds("checkout-primary") == (3, 10) and flagger.found()["spec"] == before)
    for one in (flagger.found(), shop.autoscaler("checkout-primary"), flagger.primary(), flagger.workload(), shop.autoscaler("checkout")):
        assert not traces_on(one), one["metadata"]
    assert written(ns) == {("canaries", "checkout"), ("horizontalpodautoscalers", "checkout-primary")}, written(ns)
    flagger.release("shop/checkout:v3")
    assert shop.bounds("checkout-primary") == (3, 10), "nor does one after it bring anything back"


def test_a_whole_sale_of_a_canary_without_an_autoscaler(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    flagger = RealFlagger(shop)
    flagger.canary(**ANALYSIS)
    before = flagger.found()["spec"]
    shop.sale(begins=5, lasts=8)
    wait_for("9 ready pods", lambda: shop.ready("checkout-primary") == 9, 60)
    assert flagger.workload()["spec"]["replicas"] == 0, "which is no sleep on purpose, and not woken"
    assert row_of(shop)["inCharge"] == f"Deployment {ns}/checkout-primary < Canary checkout"
    shop.reach("Completed", seconds=90)
    must_become("put back", lambda: flagger.primary()["spec"]["replicas"] == 3 and not traces_on(flagger.primary()))
    assert flagger.found()["spec"] == before
    assert written(ns) == {("deployments", "checkout-primary")}, written(ns)
