"""Images on the nodes before the pods exist, with the real DaemonSet controller, admission and quota. No kubelet pulls here: the nodes are
KWOK's, whose pods run at once; what a failed pull looks like is in tests/planner and tests/reconciler."""

import time

from api import JSON_PATCH
from harness import must_become, utc, wait_for, writes_of
from headroom_cases import TightShop


class PullingShop(TightShop):
    def grant(self):
        super().grant()
        self.role("pulls", [{"apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": ["create"]}], "sale")

    def sale_with_pulls(self, lead, prepare="4s", begins=10.0, lasts=4, **more):
        manifest = self.manifest("flash", utc(begins), lasts, prepare=prepare, **more)
        manifest["spec"]["capacity"]["imagePrepull"] = {"lead": lead}
        self.api.create("saleevents", self.ns, manifest)

    def puller(self):
        found = self.api.list("daemonsets", self.ns)
        assert len(found) <= 1, found
        return found[0] if found else None

    def row(self):
        rows = self.event().get("status", {}).get("imagePrepull", [])
        return rows[0] if rows else {}

    def pullers(self):
        return [one for one in self.api.list("pods", self.ns) if "doorbuster.dev/image-prepull" in one["metadata"].get("labels", {})]


def test_images_are_pulled_where_the_pods_may_stand_before_the_ramp_and_until_the_start(api, ns):
    shop = PullingShop(api, ns)
    try:
        shop.sale_with_pulls(lead="9s", prepare="5s", begins=18, targets=[shop.target(replicas=6)])  # more would take all room
        wait_for("all nodes have them", lambda: shop.row().get("state") == "Pulled", 30)
        assert shop.bounds()[0] == 3, "before the first step"
        assert shop.row()["nodes"] == 2 and shop.row()["pulled"] == 2 and shop.row()["images"] == 1, shop.row()
        pods = shop.pullers()
        assert {one["spec"]["nodeName"] for one in pods} == set(shop.nodes), pods
        spec = pods[0]["spec"]
        assert [one["image"] for one in spec["initContainers"]][1] == "shop/checkout:v1", spec
        assert spec["priority"] == -10 and spec["preemptionPolicy"] == "Never" and spec["automountServiceAccountToken"] is False, spec
        shop.reach("Live")
        must_become("nothing pulls", lambda: shop.puller() is None and not shop.pullers(), 15)
        assert shop.row()["state"] == "Released" and shop.row()["pulled"] == 2, shop.row()
        shop.reach("Completed")
        shop.assert_untouched()
    finally:
        shop.close()


def at_rest(ns):
    """Nothing is written for two seconds."""
    before = len(writes_of(ns))
    time.sleep(2)
    return len(writes_of(ns)) == before


def test_images_are_pulled_on_new_nodes_under_restricted_security_and_follow_the_template(api, ns):
    shop = PullingShop(api, ns)
    try:
        api.patch("namespaces", None, ns, {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
        shop.sale_with_pulls(lead="1h", prepare="1m", begins=600, lasts=60)
        wait_for("both nodes have them", lambda: shop.row().get("state") == "Pulled", 30)
        fresh = shop.add_node("c")
        wait_for("the new node too", lambda: shop.row().get("nodes") == 3 and shop.row().get("pulled") == 3, 30)
        assert fresh in {one["spec"]["nodeName"] for one in shop.pullers()}
        api.patch("deployments", ns, "checkout",
                  [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "shop/checkout:v2"}], content_type=JSON_PATCH)
        wait_for("the new image", lambda: {one["spec"]["initContainers"][1]["image"] for one in shop.pullers()} == {"shop/checkout:v2"}, 30)
        wait_for("all told", lambda: shop.row().get("state") == "Pulled", 30)
        wait_for("it comes to rest", lambda: at_rest(ns), 30)
        before = len(writes_of(ns)), shop.puller()["metadata"]["generation"]
        time.sleep(3)
        assert (len(writes_of(ns)), shop.puller()["metadata"]["generation"]) == before, "nothing is written when nothing is due"
        api.delete("saleevents", ns, "flash")
        must_become("nothing pulls", lambda: shop.puller() is None, 20)
    finally:
        shop.close()


def test_images_pulls_that_a_quota_or_a_role_refuses_are_named(api, ns):
    shop = PullingShop(api, ns)
    try:
        api.create("resourcequotas", ns, {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": {"hard": {"pods": "4"}}})
        wait_for("the quota counts", lambda: api.get("resourcequotas", ns, "few").get("status", {}).get("used", {}).get("pods") == "3", 20)
        shop.sale_with_pulls(lead="1h", prepare="1m", begins=600, lasts=60)
        wait_for("said", lambda: "exceeded quota: few" in shop.row().get("message", ""), 40)
        assert shop.row()["nodes"] == 2 and shop.row()["pulled"] <= 1, shop.row()
        api.delete("rolebindings", ns, "pulls")
        wait_for("forbidden", lambda: shop.row().get("state") == "Forbidden", 120)
        assert "may not create" in shop.row()["message"], shop.row()
        must_become("nothing pulls", lambda: shop.puller() is None, 20)
    finally:
        shop.close()
