"""Sales of Rollouts with the real controller of Argo Rollouts, as peer.py starts it."""

import time

from harness import Shop, must_become, traces_on, wait_for
from rollout_cases import GROUP, Rollouts, raise_by_its_autoscaler, raise_by_its_own_replicas


class RealRollouts(Rollouts):
    def __init__(self, shop):
        super().__init__(shop)
        shop.allow(GROUP, "rollouts")

    def ship(self, image):
        self.api.patch("rollouts", self.ns, "checkout", [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image}],
                       content_type="application/json-patch+json")

    def promote(self):
        """As `kubectl argo rollouts promote` does: past the step itself where the controller did not notice that it may go on."""
        status = self.found()["status"]
        change = {"pauseConditions": None} if status.get("pauseConditions") else {"currentStepIndex": 2}
        self.api.patch("rollouts", self.ns, "checkout", {"status": change}, subresource="status")

    def of_image(self, image):
        return sum(1 for one in self.api.list("pods", self.ns, "app=checkout")
                   if one["spec"]["containers"][0]["image"] == image and not one["metadata"].get("deletionTimestamp"))


def test_a_rollout_with_an_autoscaler_is_raised_and_put_back_through_its_scale(api, ns):
    raise_by_its_autoscaler(RealRollouts(Shop(api, ns, autoscaler=False, cpu=True)))


def test_a_rollout_without_an_autoscaler_is_raised_and_put_back_itself(api, ns):
    raise_by_its_own_replicas(RealRollouts(Shop(api, ns, autoscaler=False)))


def test_a_release_in_mid_sale_keeps_the_floor(api, ns):
    """A canary at a third of the pods, then all of them: the Rollout has as many pods as the sale asks for throughout."""
    shop = Shop(api, ns, autoscaler=False)
    rollouts = RealRollouts(shop)
    rollouts.make(canary={"maxUnavailable": 0, "maxSurge": 3, "steps": [{"setWeight": 33}, {"pause": {}}]})
    rollouts.autoscaler()
    before = rollouts.found()["spec"]
    shop.sale(begins=4, lasts=600, deletionPolicy="Immediate", targets=[rollouts.target()])
    wait_for("9 ready pods", lambda: rollouts.ready() == 9)
    rollouts.ship("shop/checkout:v2")
    wait_for("3 pods of the release", lambda: rollouts.of_image("shop/checkout:v2") == 3 and rollouts.ready() == 9, 60)
    wait_for("it waits", lambda: rollouts.found()["status"].get("pauseConditions"), 60)
    assert shop.bounds() == (9, 14)
    fewest, promoted = [], []

    def through():
        fewest.append(rollouts.ready())
        # Promoted while it has only just begun to wait it goes on waiting: then once more.
        if rollouts.found()["status"].get("currentStepIndex", 0) < 2 and (not promoted or time.monotonic() > promoted[-1] + 5):
            rollouts.promote()
            promoted.append(time.monotonic())
        return rollouts.of_image("shop/checkout:v2") >= 9 and rollouts.of_image("shop/checkout:v1") == 0

    wait_for("all are of the release", through, 60)
    assert min(fewest) >= 9, fewest
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
    must_become("put back", lambda: shop.bounds() == (3, 10) and not traces_on(shop.autoscaler()))
    before["template"]["spec"]["containers"][0]["image"] = "shop/checkout:v2"
    assert {**rollouts.found()["spec"], "replicas": 3} == before, "nothing of the Rollout but what its author changed"
    assert rollouts.written() == {"horizontalpodautoscalers"}, rollouts.written()
