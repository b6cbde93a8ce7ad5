"""Node room before the pods exist, on the real scheduler: placeholder pods, who takes their place, and that they go."""

import time

from harness import SYSTEM, Shop, must_become, utc, wait_for, writes_of

FLOOR = 9
PLACEHOLDERS = 7  # 110 % of the six that are missing


class TightShop(Shop):
    """On two nodes of its own that hold ten of its pods and no eleventh: three run, seven places are free."""

    def __init__(self, api, ns):
        self.api, self.own, self.nodes = api, ns, []
        for one in "ab":
            self.add_node(one)
        super().__init__(api, ns)

    def add_node(self, letter):
        name = f"{self.own}-{letter}"
        self.nodes.append(name)
        room = {"cpu": "1500m", "memory": "4Gi", "pods": "50"}
        self.api.create("nodes", None, {
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"},
                         "labels": {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": f"zone-{len(self.nodes)}", "shop": self.own}},
            "spec": {"taints": [{"key": "shop", "value": self.own, "effect": "NoSchedule"}]},
            "status": {"allocatable": room, "capacity": room}})
        return name

    def deployment(self, name, replicas):
        manifest = self.deployment_manifest(name, replicas)
        pod = manifest["spec"]["template"]["spec"]
        pod["nodeSelector"] = {"shop": self.own}
        pod["tolerations"] = [{"key": "shop", "operator": "Exists"}]
        pod["topologySpreadConstraints"] = [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
                                             "labelSelector": {"matchLabels": {"app": name}}}]
        pod["containers"][0]["resources"] = {"requests": {"cpu": "300m"}}
        self.api.create("deployments", self.ns, manifest)

    def sale_with_room(self, lead, prepare="4s", begins=10.0, lasts=4, **more):
        manifest = self.manifest("flash", utc(begins), lasts, prepare=prepare, targets=[self.target(replicas=FLOOR)], **more)
        manifest["spec"]["capacity"]["headroom"] = {"lead": lead}
        self.api.create("saleevents", self.ns, manifest)

    def room(self):
        """The Deployment of placeholders, or nothing."""
        found = [one for one in self.api.list("deployments", SYSTEM)
                 if one["metadata"].get("annotations", {}).get("doorbuster.dev/event") == f"{self.ns}/flash"]
        assert len(found) <= 1, found
        return found[0] if found else None

    def placed(self):
        found = self.room()
        return found["status"].get("readyReplicas", 0) if found else None

    def row(self):
        rows = self.event().get("status", {}).get("headroom", [])
        return rows[0] if rows else {}

    def await_placed(self):
        wait_for("all placeholders run", lambda: self.placed() == PLACEHOLDERS)

    def pods_of(self, deployment):
        label = "doorbuster.dev/placeholder=" + deployment["metadata"]["name"]
        return self.api.list("pods", SYSTEM, label)

    def close(self):
        for one in self.nodes:
            self.api.delete("nodes", None, one)


def preempted(api, names):
    """Of which of these pods the scheduler says that it took their place."""
    return {one["regarding"]["name"] for one in api.list("events", SYSTEM) if one.get("reason") == "Preempted" and one["regarding"]["name"] in names}


def test_placeholders_stand_before_the_ramp_and_are_given_up_as_pods_come(api, ns):
    shop = TightShop(api, ns)
    try:
        shop.sale_with_room(lead="5s", prepare="5s", begins=13)
        shop.await_placed()
        assert shop.bounds()[0] == 3, "room is there before the first step"
        deployment = shop.room()
        (one, *_) = shop.pods_of(deployment)
        spec = one["spec"]
        assert spec["priority"] == -10 and spec["preemptionPolicy"] == "Never" and spec["terminationGracePeriodSeconds"] == 0, spec
        assert spec["containers"][0]["resources"]["requests"] == {"cpu": "300m"}, spec
        assert {pod["spec"]["nodeName"] for pod in shop.pods_of(deployment)} == set(shop.nodes)
        wait_for("status says so", lambda: shop.row().get("state") == "Placed" and shop.row().get("placed") == PLACEHOLDERS)
        shop.reach("Live")
        wait_for("the floor is ready", lambda: shop.ready("checkout") == FLOOR)
        must_become("no placeholder", lambda: shop.room() is None and not shop.pods_of(deployment), 10)
        assert shop.row()["state"] == "Released" and shop.row()["released"] == PLACEHOLDERS, shop.row()
        shop.reach("Completed")
        shop.assert_untouched()
    finally:
        shop.close()


def test_placeholders_go_with_their_event_and_are_not_made_in_a_dry_run_nor_suspended(api, ns):
    shop = TightShop(api, ns)
    try:
        shop.sale_with_room(lead="1h", prepare="1m", begins=600, lasts=60, mode="DryRun")
        wait_for("planned", lambda: shop.row().get("state") == "Planned")
        api.patch("saleevents", ns, "flash", {"spec": {"suspend": True, "mode": "Live"}})
        wait_for("suspended", lambda: shop.phase() == "Suspended")
        assert shop.room() is None
        api.patch("saleevents", ns, "flash", {"spec": {"suspend": False}})
        shop.await_placed()
        wait_for("all told", lambda: shop.row().get("state") == "Placed")
        time.sleep(2)
        before = len(writes_of(ns)), shop.room()["metadata"]["generation"]
        time.sleep(3)
        assert (len(writes_of(ns)), shop.room()["metadata"]["generation"]) == before, "nothing is written when nothing is due"
        api.delete("namespaces", None, ns)
        must_become("no placeholder", lambda: shop.room() is None, 20)
        wait_for("the namespace goes", lambda: api.find("namespaces", None, ns) is None, 60)
    finally:
        shop.close()
