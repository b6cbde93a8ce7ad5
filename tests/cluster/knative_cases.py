"""Knative, with its real CRDs: its kinds are no targets, and what is held instead takes effect and goes. Its controllers are played."""

from harness import Played, Shop, must_become, traces_on, wait_for

GROUP, REVISION = "serving.knative.dev", "checkout-00001"
MIN, MAX = "autoscaling.knative.dev/min-scale", "autoscaling.knative.dev/max-scale"


class Knative(Played):
    """Of one namespace: its autoscaler goes by the annotations of the Revision (pkg/reconciler/revision/reconcile_resources.go, v0.51.0),
    which its Configuration has made and leaves alone from then on."""

    def __init__(self, shop):
        super().__init__(shop, GROUP, "revisions")
        pods = {"containers": [{"image": "shop/checkout:v1"}]}
        made = self.api.create("configurations", self.ns, {
            "apiVersion": f"{GROUP}/v1", "kind": "Configuration", "metadata": {"name": "checkout"}, "spec": {"template": {"spec": pods}}}, "controller")
        owner = {"apiVersion": f"{GROUP}/v1", "kind": "Configuration", "name": "checkout", "uid": made["metadata"]["uid"],
                 "controller": True, "blockOwnerDeletion": True}
        self.api.create("revisions", self.ns, {
            "apiVersion": f"{GROUP}/v1", "kind": "Revision",
            "metadata": {"name": REVISION, "annotations": {MIN: "3"}, "ownerReferences": [owner]}, "spec": pods}, "controller")

    def found(self):
        return self.api.get("revisions", self.ns, REVISION)

    def bounds(self):
        said = self.found()["metadata"].get("annotations", {})
        return said.get(MIN), said.get(MAX)

    def look(self):
        wanted = max(1, int(self.bounds()[0] or 0))
        if self.api.get("deployments", self.ns, "checkout")["spec"]["replicas"] != wanted:
            self.api.patch("deployments", self.ns, "checkout", {"spec": {"replicas": wanted}})


def hold(name, annotation, value):
    return {"name": name, "object": {"apiVersion": f"{GROUP}/v1", "kind": "Revision", "name": REVISION},
            "field": "/metadata/annotations/" + annotation.replace("/", "~1"), "value": {"literal": value},
            "during": {"from": "Prepare", "until": "Live"}}


def test_the_bounds_of_a_revision_are_held_and_put_back_although_a_configuration_owns_it(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    with Knative(shop) as knative:
        shop.sale(begins=6, lasts=4, targets=[], holds=[hold("floor", MIN, "9"), hold("ceiling", MAX, "20")])
        wait_for("strings, as they must be", lambda: knative.bounds() == ("9", "20"))
        wait_for("9 ready pods", lambda: shop.ready("checkout") == 9)
        shop.reach("Completed", seconds=90)
        must_become("as it was", lambda: knative.bounds() == ("3", None) and not traces_on(knative.found()))


def test_a_revision_as_a_target_is_refused_with_what_to_hold_instead(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    shop.sale(begins=60, targets=[{**shop.target(), "ref": {"apiVersion": f"{GROUP}/v1", "kind": "Revision", "name": REVISION}}])
    said = wait_for("refused", lambda: shop.condition("Accepted").get("status") == "False" and shop.condition("Accepted"))
    assert said["reason"] == "InvalidSpec" and "autoscaling.knative.dev~1min-scale" in said["message"], said
    assert shop.ready("checkout") == 3
