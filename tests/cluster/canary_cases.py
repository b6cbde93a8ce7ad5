"""A Flagger Canary in charge of a target, with Flagger's real CRD. Flagger itself is played: what it makes, and what it writes when."""

import json

from harness import Played, Shop, must_become, traces_on, utc, wait_for, writes_of
from plan_cases import floors, plan

OVERRIDES = "primaryScalerReplicas"


class Canaries:
    """A Canary `checkout` of a shop, and what tests ask of it; whoever carries it out."""

    def __init__(self, shop):
        self.shop, self.api, self.ns = shop, shop.api, shop.ns

    def canary(self, **spec):
        self.api.create("canaries", self.ns, {
            "apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": {"name": "checkout"},
            "spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}, "service": {"port": 80},
                     "analysis": {"interval": "30s", "threshold": 5, "stepWeight": 10}, **spec}})
        wait_for("3 pods of the primary", lambda: self.primary() and self.shop.ready("checkout-primary") == 3, 60)
        wait_for("none of the workload that it was made from", lambda: self.workload()["spec"]["replicas"] == 0, 60)

    def found(self):
        return self.api.get("canaries", self.ns, "checkout")

    def overrides(self):
        said = self.found()["spec"]["autoscalerRef"].get(OVERRIDES)
        return said and (said.get("minReplicas"), said.get("maxReplicas"))

    def primary(self):
        return self.api.find("deployments", self.ns, "checkout-primary")

    def workload(self):
        return self.api.get("deployments", self.ns, "checkout")


class Flagger(Played, Canaries):
    """Of one namespace. Between releases it makes what is missing and changes nothing that is there (pkg/controller/scheduler.go:
    ReconcilePrimaryScaler with init); only a promotion writes the primary's autoscaler anew (pkg/canary/hpa_reconciler.go)."""

    def __init__(self, shop):
        Played.__init__(self, shop, "flagger.app", "canaries")

    def phase(self, phase):
        self.api.request("PATCH", f"/apis/flagger.app/v1beta1/namespaces/{self.ns}/canaries/checkout/status",
                         {"status": {"phase": phase, "canaryWeight": 0, "failedChecks": 0, "iterations": 0}}, "application/merge-patch+json")

    def owned(self, manifest, canary):
        manifest["metadata"]["ownerReferences"] = [{"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "checkout",
                                                    "uid": canary["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}]
        return manifest

    def autoscaler_wanted(self, canary):
        low, high = self.shop.bounds("checkout")
        said = canary["spec"]["autoscalerRef"].get(OVERRIDES, {})
        return self.owned(self.shop.hpa_manifest("checkout-primary", said.get("minReplicas", low), said.get("maxReplicas", high)), canary)

    def look(self):
        for canary in self.api.list("canaries", self.ns):
            if self.primary() is None:
                made = self.shop.deployment_manifest("checkout-primary", self.workload()["spec"]["replicas"] or 1)
                self.api.create("deployments", self.ns, self.owned(made, canary), "flagger")
            named = "autoscalerRef" in canary["spec"]
            if named and self.api.find("horizontalpodautoscalers", self.ns, "checkout-primary") is None:
                self.api.create("horizontalpodautoscalers", self.ns, self.autoscaler_wanted(canary), "flagger")
            if not canary.get("status", {}).get("phase") and self.shop.ready("checkout-primary") == 3:
                self.api.patch("deployments", self.ns, "checkout", {"spec": {"replicas": 0}})
                self.phase("Initialized")

    def promote(self):
        self.phase("Promoting")
        wanted = self.autoscaler_wanted(self.found())["spec"]
        self.api.patch("horizontalpodautoscalers", self.ns, "checkout-primary", {"spec": {
            "minReplicas": wanted["minReplicas"], "maxReplicas": wanted["maxReplicas"], "behavior": wanted["behavior"]}})
        self.phase("Succeeded")
        return wanted["minReplicas"], wanted["maxReplicas"]


AUTOSCALER = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "checkout"}


def row_of(shop):
    (row,) = shop.event()["status"]["targets"]
    return row


def written(ns):
    return {(one["objectRef"]["resource"], one["objectRef"]["name"]) for one in writes_of(ns) if one["objectRef"]["resource"] not in ("saleevents", "events")}


def test_the_primary_is_raised_through_a_promotion_and_all_is_put_back(api, ns):
    shop = Shop(api, ns)
    with Flagger(shop) as flagger:
        flagger.canary(autoscalerRef=AUTOSCALER)
        before = flagger.found()["spec"]
        shop.sale(begins=6, lasts=20)  # long enough for a promotion on a busy machine
        wait_for("the floor stands where Flagger has put an autoscaler", lambda: shop.bounds("checkout-primary") == (9, 14))
        wait_for("and where a promotion would take it from", lambda: flagger.overrides() == (9, 14))
        assert row_of(shop)["inCharge"] == f"Deployment {ns}/checkout-primary < HorizontalPodAutoscaler checkout-primary < Canary checkout"
        wait_for("9 ready pods", lambda: shop.ready("checkout-primary") == 9)
        wait_for("which are what counts", lambda: shop.condition("Prepared").get("reason") == "Prepared")
        assert flagger.promote() == (9, 14), "a release in mid-sale takes nothing away"
        assert shop.bounds("checkout") == (3, 10), "the author's own autoscaler is left alone"
        assert flagger.workload()["spec"]["replicas"] == 0
        shop.reach("Completed", seconds=90)
        must_become("both are back", lambda: shop.bounds("checkout-primary") == (3, 10) and flagger.found()["spec"] == before)
        for one in (flagger.found(), shop.autoscaler("checkout-primary"), flagger.primary(), flagger.workload(), shop.autoscaler("checkout")):
            assert not traces_on(one), one["metadata"]
        assert written(ns) == {("canaries", "checkout"), ("horizontalpodautoscalers", "checkout-primary")}, written(ns)


def test_what_the_author_said_of_the_primary_is_raised_and_comes_back(api, ns):
    shop = Shop(api, ns)
    with Flagger(shop) as flagger:
        flagger.canary(autoscalerRef={**AUTOSCALER, OVERRIDES: {"minReplicas": 3, "maxReplicas": 12}})
        assert shop.bounds("checkout-primary") == (3, 12)
        shop.sale(begins=4, lasts=600, deletionPolicy="Immediate")
        wait_for("the floor stands", lambda: shop.bounds("checkout-primary") == (9, 14) and flagger.overrides() == (9, 14))
        api.delete("saleevents", ns, "flash")
        wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
        must_become("put back", lambda: shop.bounds("checkout-primary") == (3, 12) and flagger.overrides() == (3, 12))
        must_become("no trace", lambda: not traces_on(flagger.found()) and not traces_on(shop.autoscaler("checkout-primary")))


def test_of_a_canary_without_an_autoscaler_the_primarys_replicas_are_held(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    with Flagger(shop) as flagger:
        flagger.canary()
        shop.sale(begins=5, lasts=5)
        wait_for("9 ready pods", lambda: shop.ready("checkout-primary") == 9)
        assert flagger.workload()["spec"]["replicas"] == 0, "which is no sleep on purpose, and not woken"
        assert row_of(shop)["inCharge"] == f"Deployment {ns}/checkout-primary < Canary checkout"
        shop.reach("Completed", seconds=90)
        must_become("put back", lambda: flagger.primary()["spec"]["replicas"] == 3 and not traces_on(flagger.primary()))
        assert written(ns) == {("deployments", "checkout-primary")}, written(ns)


def test_a_release_that_is_under_way_at_the_window_is_told(api, ns):
    shop = Shop(api, ns)
    with Flagger(shop) as flagger:
        flagger.canary(autoscalerRef=AUTOSCALER)
        flagger.phase("Progressing")
        shop.sale(begins=4, lasts=600, deletionPolicy="Immediate")
        wait_for("told", lambda: "ReleaseUnderWay" in shop.reasons() or "is Progressing" in shop.event()["status"].get("message", ""))
        wait_for("and raised all the same", lambda: shop.bounds("checkout-primary") == (9, 14))
        flagger.phase("Succeeded")
        wait_for("no longer told", lambda: "is Progressing" not in shop.event()["status"].get("message", ""))
        api.delete("saleevents", ns, "flash")
        must_become("put back", lambda: shop.bounds("checkout-primary") == (3, 10) and flagger.overrides() is None)


def test_a_plan_raises_the_primary_and_the_canary_as_the_operator_would(api, ns):
    shop = Shop(api, ns)
    with Flagger(shop) as flagger:
        flagger.canary(autoscalerRef=AUTOSCALER)
        before = (flagger.found()["spec"], shop.autoscaler("checkout-primary")["spec"])
        code, forecast = plan("-f", "-", "--startup", "1s", stdin=json.dumps(shop.manifest("later", start=utc(3600), lasts=600, prepare="10m")))
        assert code == 0, (code, forecast)
        (target,) = forecast["targets"]
        assert target["inCharge"] == f"Deployment {ns}/checkout-primary < HorizontalPodAutoscaler checkout-primary < Canary checkout", target
        assert target["readyAtStart"] == 9 and max(floors(forecast)) == 9, (target["readyAtStart"], floors(forecast))
        written = {entry["object"] for entry in forecast["timeline"]}
        assert written == {f"Canary.flagger.app {ns}/checkout", f"HorizontalPodAutoscaler.autoscaling {ns}/checkout-primary"}, written
        assert (flagger.found()["spec"], shop.autoscaler("checkout-primary")["spec"]) == before, "nothing was written"
        rule = api.get("roles", ns, "sale")["rules"]
        api.patch("roles", ns, "sale", {"rules": [one for one in rule if "canaries" not in one["resources"]]})
        code, forecast = plan("-f", "-", "--startup", "1s", stdin=json.dumps(shop.manifest("later", start=utc(3600), lasts=600, prepare="10m")))
        assert code == 10 and any(one["code"] == "Forbidden" and "Canary" in one["subject"] for one in forecast["findings"]), (code, forecast["findings"])
