"""KEDA's ScaledObject in charge of a target, with KEDA's real CRD. KEDA itself is played: what its operator does with autoscalers."""

from harness import Played, Shop, must_become, traces_on, wait_for, writes_of

PAUSED = "autoscaling.keda.sh/paused"


class ScaledObjects:
    """The ScaledObjects of a shop, and what tests ask of them; whoever carries them out."""

    def __init__(self, shop):
        self.shop, self.api, self.ns = shop, shop.api, shop.ns

    def scaled_object(self, name="checkout", **spec):
        self.api.create("scaledobjects", self.ns, {
            "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": name},
            "spec": {"scaleTargetRef": {"name": name}, "triggers": [{"type": "cron", "metadata": {
                "timezone": "UTC", "start": "0 0 * * *", "end": "59 23 * * *", "desiredReplicas": "1"}}], **spec}})

    def found(self, name="checkout"):
        return self.api.get("scaledobjects", self.ns, name)

    def bounds(self, name="checkout"):
        spec = self.found(name)["spec"]
        return spec.get("minReplicaCount"), spec.get("maxReplicaCount")

    def assert_only_scaled_objects_written(self):
        """By the audit log and by managedFields: what KEDA makes its autoscaler from is nobody's else to write."""
        written = {one["objectRef"]["resource"] for one in writes_of(self.ns)}
        assert "scaledobjects" in written, written
        assert "horizontalpodautoscalers" not in written, "the autoscaler is KEDA's"
        # What KEDA copied of ours goes when KEDA next looks.
        must_become("no trace of ours on the autoscalers",
                    lambda: not any(traces_on(one) for one in self.api.list("horizontalpodautoscalers", self.ns)))


class Keda(Played, ScaledObjects):
    """Of one namespace: makes an autoscaler from each ScaledObject, its labels and annotations among it, writes it anew when it
    differs, deletes it while the ScaledObject is paused (controllers/keda/hpa.go, scaledobject_controller.go)."""

    def __init__(self, shop):
        Played.__init__(self, shop, "keda.sh", "scaledobjects")

    def look(self):
        for one in self.api.list("scaledobjects", self.ns):
            name, made = one["metadata"]["name"], "keda-hpa-" + one["metadata"]["name"]
            if one["metadata"].get("annotations", {}).get(PAUSED) == "true":
                self.api.delete("horizontalpodautoscalers", self.ns, made)
                continue
            wanted = self.shop.hpa_manifest(made, max(1, one["spec"].get("minReplicaCount", 0)), one["spec"].get("maxReplicaCount", 100))
            wanted["metadata"]["ownerReferences"] = [{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": name,
                                                      "uid": one["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}]
            wanted["spec"]["scaleTargetRef"]["name"] = name
            for place in ("labels", "annotations"):  # ours too, while the ScaledObject has them
                wanted["metadata"][place] = one["metadata"].get(place, {})
            behavior = one["spec"].get("advanced", {}).get("horizontalPodAutoscalerConfig", {}).get("behavior", {})
            wanted["spec"]["behavior"]["scaleDown"].update(behavior.get("scaleDown", {}))
            there = self.api.find("horizontalpodautoscalers", self.ns, made)
            if there is None:
                self.api.create("horizontalpodautoscalers", self.ns, wanted, "keda")
            elif self.differs(there, wanted):
                self.api.replace("horizontalpodautoscalers", self.ns, made, wanted, "keda")

    @staticmethod
    def differs(there, wanted):
        """What the ScaledObject has no longer is no difference (DeepDerivative), unless it has no annotation at all."""
        told = [(place, key) for place in ("labels", "annotations") for key in wanted["metadata"][place]]
        return any(there["spec"][one] != wanted["spec"][one] for one in ("minReplicas", "maxReplicas")) or \
            there["spec"]["behavior"]["scaleDown"]["selectPolicy"] != wanted["spec"]["behavior"]["scaleDown"].get("selectPolicy", "Max") or \
            any(there["metadata"].get(place, {}).get(key) != wanted["metadata"][place][key] for place, key in told) or \
            (not wanted["metadata"]["annotations"] and there["metadata"].get("annotations"))


def row_of(shop):
    (row,) = shop.event()["status"]["targets"]
    return row


def test_a_scaled_object_is_raised_and_put_back_and_its_autoscaler_never_touched(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    with Keda(shop) as keda:
        keda.scaled_object(minReplicaCount=3, maxReplicaCount=10)
        before = keda.found()["spec"]
        wait_for("KEDA's autoscaler", lambda: api.find("horizontalpodautoscalers", ns, "keda-hpa-checkout"))
        shop.sale(begins=6, lasts=6, targets=[shop.target(replicas=9, scaleDown="Disabled")])
        wait_for("the floor stands", lambda: keda.bounds() == (9, 14))
        assert row_of(shop)["inCharge"] == f"Deployment {ns}/checkout < HorizontalPodAutoscaler keda-hpa-checkout < ScaledObject checkout"
        hpa = lambda: shop.autoscaler("keda-hpa-checkout")["spec"]  # noqa: E731
        wait_for("KEDA follows", lambda: (hpa()["minReplicas"], hpa()["behavior"]["scaleDown"]["selectPolicy"]) == (9, "Disabled"))
        wait_for("9 ready pods", lambda: shop.ready("checkout") == 9)
        shop.reach("Completed", seconds=90)
        assert keda.found()["spec"] == before, (keda.found()["spec"], before)
        assert not traces_on(keda.found()), keda.found()["metadata"]
        keda.assert_only_scaled_objects_written()


def test_a_scaled_object_without_bounds_has_none_again(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    with Keda(shop) as keda:
        keda.scaled_object()
        shop.sale(begins=5, lasts=5, targets=[shop.target(replicas=6)])
        wait_for("the floor stands, and a hundred at most as before", lambda: keda.bounds() == (6, 100))
        wait_for("6 ready pods", lambda: shop.ready("checkout") == 6)
        shop.reach("Completed", seconds=90)
        must_become("absent again", lambda: keda.bounds() == (None, None))
        assert not traces_on(keda.found()), keda.found()["metadata"]
        keda.assert_only_scaled_objects_written()


def test_a_scaled_object_paused_by_a_person_is_left_until_they_let_it_go(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    with Keda(shop) as keda:
        keda.scaled_object(minReplicaCount=3, maxReplicaCount=10)
        api.patch("scaledobjects", ns, "checkout", {"metadata": {"annotations": {PAUSED: "true"}}})
        wait_for("KEDA lets its autoscaler go", lambda: not api.list("horizontalpodautoscalers", ns))
        shop.sale(begins=4, lasts=600, deletionPolicy="Immediate")
        shop.reach("Live")
        row = wait_for("the pause is seen", lambda: row_of(shop).get("state") == "Paused" and row_of(shop))
        assert "kubectl annotate scaledobject" in row["message"], row
        assert shop.condition("Ready")["status"] == "True", shop.condition("Ready")
        assert shop.condition("Prepared")["reason"] == "PreparedWithExceptions", shop.condition("Prepared")
        assert keda.bounds() == (3, 10)
        assert api.get("deployments", ns, "checkout")["spec"]["replicas"] == 3, "nor the workload itself"
        api.patch("scaledobjects", ns, "checkout", {"metadata": {"annotations": {PAUSED: None}}})
        wait_for("the full floor at once", lambda: keda.bounds() == (9, 14))
        wait_for("9 ready pods", lambda: shop.ready("checkout") == 9)
        api.delete("saleevents", ns, "flash")
        wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
        must_become("put back", lambda: keda.bounds() == (3, 10) and not traces_on(keda.found()))


def test_a_scaled_object_that_comes_back_in_mid_sale_is_raised_again(api, ns):
    """Deleted, and with it by garbage collection its autoscaler: the workload is ours until a new one takes over."""
    shop = Shop(api, ns, autoscaler=False)
    with Keda(shop) as keda:
        keda.scaled_object(minReplicaCount=3, maxReplicaCount=10)
        shop.sale(begins=4, lasts=600, deletionPolicy="Immediate")
        wait_for("the floor stands", lambda: keda.bounds() == (9, 14))
        api.delete("scaledobjects", ns, "checkout")
        held = lambda: api.get("deployments", ns, "checkout")  # noqa: E731
        wait_for("the workload is held", lambda: traces_on(held()))
        assert held()["spec"]["replicas"] == 9
        keda.scaled_object(minReplicaCount=2, maxReplicaCount=20)
        wait_for("the new one is held", lambda: keda.bounds() == (9, 20))
        wait_for("and the workload is not", lambda: not traces_on(held()))
        api.delete("saleevents", ns, "flash")
        wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
        must_become("its own values", lambda: keda.bounds() == (2, 20))
