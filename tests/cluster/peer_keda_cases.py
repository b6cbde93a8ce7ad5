"""Sales of workloads that the real KEDA scales: its operator and its metrics adapter, as peer.py starts them."""

import time

from harness import HOLDS, LABEL, Shop, must_become, traces_on, wait_for
from keda_cases import ScaledObjects, row_of

MADE = "keda-hpa-checkout"
PAUSED, PAUSED_AT = "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"
CPU = {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "70"}}
# Not five minutes of what was, before anything goes down.
QUICK = {"advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}}}


def cron(replicas):
    """Asks for so many from an hour ago to two hours from now."""
    hour = time.gmtime().tm_hour
    return {"type": "cron", "metadata": {"timezone": "UTC", "start": f"0 {(hour - 1) % 24} * * *", "end": f"0 {(hour + 3) % 24} * * *",
                                         "desiredReplicas": str(replicas)}}


class RealKeda(ScaledObjects):
    def __init__(self, shop, **spec):
        super().__init__(shop)
        shop.allow("keda.sh", "scaledobjects")
        self.scaled_object(**{"minReplicaCount": 3, "maxReplicaCount": 10, "triggers": [CPU], **QUICK, **spec})
        wait_for("KEDA's autoscaler", self.autoscaler, 60)

    def autoscaler(self):
        return self.api.find("horizontalpodautoscalers", self.ns, MADE)

    def made_of_it(self):
        found = self.autoscaler()
        return found and (found["spec"]["minReplicas"], found["spec"]["maxReplicas"])

    def replicas(self):
        return self.api.get("deployments", self.ns, "checkout")["spec"]["replicas"]

    def annotate(self, **marks):
        self.api.patch("scaledobjects", self.ns, "checkout", {"metadata": {"annotations": marks}})

    def assert_put_back(self, before):
        must_become("every field", lambda: self.found()["spec"] == before)
        must_become("no trace", lambda: not traces_on(self.found()))
        wait_for("KEDA follows", lambda: self.made_of_it() == (before["minReplicaCount"], before["maxReplicaCount"]))
        self.assert_only_scaled_objects_written()


def bounds_seen(keda, until, seconds):
    """The floors that the ScaledObject and KEDA's autoscaler had until then, each in order."""
    seen = ([], [])

    def look():
        for row, bounds in zip(seen, (keda.bounds(), keda.made_of_it())):
            if bounds and (not row or row[-1] != bounds[0]):
                row.append(bounds[0])
        return until()

    wait_for("the end of the sale", look, seconds, 0.05)
    return seen


def test_a_whole_sale(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    keda = RealKeda(shop)
    before = keda.found()["spec"]
    # As many figures as the autoscaler needs of the pods that are there, so that it has something to go by.
    wait_for("load is read", lambda: (keda.autoscaler().get("status", {}).get("currentMetrics")), 90)
    shop.sale(begins=8, lasts=12, targets=[shop.target(replicas=9, scaleDown="Disabled")])
    shop.reach("Live")
    assert keda.bounds() == (9, 14), "the full floor stands when the sale begins"
    wait_for("KEDA follows", lambda: keda.made_of_it() == (9, 14))
    assert row_of(shop)["inCharge"] == f"Deployment {ns}/checkout < HorizontalPodAutoscaler {MADE} < ScaledObject checkout"
    assert keda.autoscaler()["spec"]["behavior"]["scaleDown"]["selectPolicy"] == "Disabled"
    wait_for("9 ready pods", lambda: shop.ready("checkout") == 9)
    # Whoever lowers KEDA's autoscaler has KEDA against them, whoever lowers the ScaledObject has us.
    api.patch("horizontalpodautoscalers", ns, MADE, {"spec": {"minReplicas": 3}})
    wait_for("KEDA puts it back", lambda: keda.made_of_it() == (9, 14))
    api.patch("scaledobjects", ns, "checkout", {"spec": {"minReplicaCount": 3}})
    wait_for("and we the floor", lambda: keda.bounds() == (9, 14))
    assert shop.ready("checkout") == 9
    floors, followed = bounds_seen(keda, lambda: shop.phase() == "Completed", 150)
    for seen in (floors, followed):
        assert seen[0] == 9 and seen[-1] == 3 and len(seen) > 2 and seen == sorted(seen, reverse=True), f"down by steps: {floors}, {followed}"
    keda.assert_put_back(before)
    wait_for("3 pods as before", lambda: keda.replicas() == 3, 60)


def test_what_its_cron_asks_for_stays_when_the_sale_is_over(api, ns):
    """Of an external metric, through KEDA's adapter: five pods are what normally runs, and the fewest that are left."""
    shop = Shop(api, ns, autoscaler=False)
    keda = RealKeda(shop, triggers=[cron(5)])
    before = keda.found()["spec"]
    wait_for("5 pods", lambda: shop.ready("checkout") == 5, 90)
    shop.sale(begins=8, lasts=6, targets=[shop.target(need={"multiplier": "2"})])
    wait_for("twice as many", lambda: keda.bounds() == (10, 15))
    wait_for("10 ready pods", lambda: shop.ready("checkout") == 10)
    fewest = []
    wait_for("over", lambda: fewest.append(keda.replicas()) or shop.phase() == "Completed", 150)
    keda.assert_put_back(before)
    wait_for("what cron asks for", lambda: keda.replicas() == 5, 60)
    assert min(fewest) >= 5, fewest
    row = row_of(shop)
    assert row["usual"] == 5, row


def test_a_pause_at_a_number_is_honoured(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    keda = RealKeda(shop)
    before = keda.found()["spec"]
    keda.annotate(**{PAUSED_AT: "4"})
    wait_for("KEDA sets 4 pods and has no autoscaler", lambda: keda.replicas() == 4 and keda.autoscaler() is None)
    shop.sale(begins=4, lasts=600, deletionPolicy="Immediate")
    shop.reach("Live")
    row = wait_for("the pause is seen", lambda: row_of(shop).get("state") == "Paused" and row_of(shop))
    assert PAUSED_AT in row["message"], row
    assert keda.bounds() == (3, 10) and keda.replicas() == 4
    keda.annotate(**{PAUSED_AT: None})
    wait_for("the full floor at once", lambda: keda.bounds() == (9, 14))
    wait_for("9 ready pods", lambda: shop.ready("checkout") == 9, 60)
    assert keda.made_of_it() == (9, 14)
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
    keda.assert_put_back(before)


def test_a_pause_in_mid_sale_keeps_what_runs_and_lets_the_sale_end(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    keda = RealKeda(shop)
    before = keda.found()["spec"]
    shop.sale(begins=5, lasts=10)
    wait_for("9 ready pods", lambda: shop.ready("checkout") == 9, 60)
    keda.annotate(**{PAUSED: "true"})
    wait_for("KEDA has no autoscaler", lambda: keda.autoscaler() is None)
    shop.reach("Completed", seconds=120)
    must_become("every field", lambda: keda.found()["spec"] == before and not traces_on(keda.found()))
    assert keda.replicas() == 9, "as it was when it was paused"
    keda.annotate(**{PAUSED: None})
    wait_for("KEDA's autoscaler", lambda: keda.made_of_it() == (3, 10))
    wait_for("3 pods as before", lambda: keda.replicas() == 3, 120)
    keda.assert_put_back(before)


def test_what_keda_copies_of_our_record_is_no_hold_of_its_autoscaler(api, ns):
    """KEDA gives its autoscaler every label and annotation of the ScaledObject."""
    shop = Shop(api, ns, autoscaler=False)
    keda = RealKeda(shop)
    before = keda.found()["spec"]
    shop.sale(begins=4, lasts=600, deletionPolicy="Immediate")
    wait_for("the floor stands", lambda: keda.made_of_it() == (9, 14))
    wait_for("the record is copied", lambda: HOLDS in keda.autoscaler()["metadata"].get("annotations", {}))
    assert LABEL in keda.autoscaler()["metadata"]["labels"]
    wait_for("9 ready pods", lambda: shop.ready("checkout") == 9)
    assert "ForeignHold" not in shop.reasons(), shop.reasons()
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
    keda.assert_put_back(before)
