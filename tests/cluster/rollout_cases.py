"""Argo's Rollout as a target, with its real CRD. Its controller is played: what it makes, and what of it a sale and an autoscaler see."""

from harness import Played, Shop, must_become, traces_on, wait_for, writes_of

GROUP = "argoproj.io"
REF = {"apiVersion": f"{GROUP}/v1alpha1", "kind": "Rollout", "name": "checkout"}


class Rollouts:
    """A Rollout `checkout` of a shop in place of its Deployment, and what tests ask of it; whoever carries it out."""

    def __init__(self, shop):
        self.shop, self.api, self.ns = shop, shop.api, shop.ns

    def make(self, replicas=3, **strategy):
        self.api.delete("deployments", self.ns, "checkout")
        wait_for("no pods of the Deployment", lambda: not self.api.list("pods", self.ns, "app=checkout"))
        template = self.shop.deployment_manifest("checkout", replicas)["spec"]
        self.api.create("rollouts", self.ns, {"apiVersion": REF["apiVersion"], "kind": "Rollout", "metadata": {"name": "checkout"},
                                              "spec": {**template, "strategy": strategy or {"canary": {}}}})
        wait_for(f"{replicas} ready pods of the Rollout", lambda: self.ready() == replicas, 40)

    def autoscaler(self, low=3, high=10):
        manifest = self.shop.hpa_manifest("checkout", low, high)
        manifest["spec"]["scaleTargetRef"] = REF
        self.api.create("horizontalpodautoscalers", self.ns, manifest)
        wait_for("it reads the Rollout's scale", lambda: self.shop.autoscaler().get("status", {}).get("currentReplicas") == low)

    def found(self):
        return self.api.get("rollouts", self.ns, "checkout")

    def ready(self):
        return self.found().get("status", {}).get("readyReplicas", 0)

    def target(self, **more):
        return self.shop.target(ref=REF, **more)

    def row(self):
        (row,) = self.shop.event()["status"]["targets"]
        return row

    def written(self):
        return {one["objectRef"]["resource"] for one in writes_of(self.ns) if one["objectRef"]["resource"] not in ("saleevents", "events")}


class PlayedRollouts(Played, Rollouts):
    """Of one namespace: one ReplicaSet of each Rollout's size and template, and the status that its scale subresource is read from
    (rollout/sync.go, utils/replicaset)."""

    def __init__(self, shop):
        Played.__init__(self, shop, GROUP, "rollouts")

    def look(self):
        for one in self.api.list("rollouts", self.ns):
            name, spec = one["metadata"]["name"], one["spec"]
            there = self.api.find("replicasets", self.ns, name)
            if there is None:
                self.api.create("replicasets", self.ns, {
                    "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name, "ownerReferences": [{
                        "apiVersion": REF["apiVersion"], "kind": "Rollout", "name": name, "uid": one["metadata"]["uid"], "controller": True}]},
                    "spec": {field: spec[field] for field in ("replicas", "selector", "template")}}, "rollouts-controller")
                continue
            if there["spec"]["replicas"] != spec["replicas"]:
                self.api.patch("replicasets", self.ns, name, {"spec": {"replicas": spec["replicas"]}}, "rollouts-controller")
            runs = there.get("status", {})
            now = {"replicas": runs.get("replicas", 0), "HPAReplicas": runs.get("replicas", 0), "readyReplicas": runs.get("readyReplicas", 0),
                   "availableReplicas": runs.get("availableReplicas", 0), "selector": "app=" + name}
            if any(one.get("status", {}).get(key) != value for key, value in now.items()):
                self.api.patch("rollouts", self.ns, name, {"status": now}, "rollouts-controller", subresource="status")


def raise_by_its_autoscaler(rollouts):
    shop = rollouts.shop
    rollouts.make()
    rollouts.autoscaler()
    before = rollouts.found()["spec"]
    shop.sale(begins=6, lasts=6, targets=[rollouts.target()])
    wait_for("the floor stands", lambda: shop.bounds() == (9, 14))
    assert rollouts.row()["inCharge"] == f"Rollout {shop.ns}/checkout < HorizontalPodAutoscaler checkout"
    wait_for("9 ready pods", lambda: rollouts.ready() == 9)
    wait_for("which count", lambda: shop.condition("Prepared").get("reason") == "Prepared")
    assert rollouts.found()["spec"]["replicas"] == 9, "by its autoscaler, through its scale"
    shop.reach("Completed", seconds=120)
    must_become("the autoscaler is back", lambda: shop.bounds() == (3, 10) and not traces_on(shop.autoscaler()))
    wait_for("and with it the Rollout", lambda: rollouts.found()["spec"] == before, 90)
    assert not traces_on(rollouts.found()), rollouts.found()["metadata"]
    assert rollouts.written() == {"horizontalpodautoscalers"}, rollouts.written()


def raise_by_its_own_replicas(rollouts):
    shop = rollouts.shop
    rollouts.make()
    before = rollouts.found()["spec"]
    shop.sale(begins=5, lasts=5, targets=[rollouts.target()])
    wait_for("9 ready pods", lambda: rollouts.ready() == 9)
    assert rollouts.row()["inCharge"] == f"Rollout {shop.ns}/checkout"
    shop.reach("Completed", seconds=90)
    must_become("put back", lambda: rollouts.found()["spec"] == before and not traces_on(rollouts.found()))
    wait_for("3 ready pods", lambda: rollouts.ready() == 3)
    assert rollouts.written() == {"rollouts"}, rollouts.written()


def test_a_rollout_with_an_autoscaler_is_raised_and_put_back_through_its_scale(api, ns):
    with PlayedRollouts(Shop(api, ns, autoscaler=False, cpu=True)) as rollouts:
        raise_by_its_autoscaler(rollouts)


def test_a_rollout_without_an_autoscaler_is_raised_and_put_back_itself(api, ns):
    with PlayedRollouts(Shop(api, ns, autoscaler=False)) as rollouts:
        raise_by_its_own_replicas(rollouts)
