"""Targets of other kinds than Deployments: StatefulSets, and custom kinds that keep their replicas elsewhere and move between versions."""

import contextlib
import os

import api as client
from harness import HOLDS, LABEL, SYSTEM, Operator, Shop, wait_for

QUICK = ["--lease-duration", "3s", "--renew-deadline", "2s", "--retry-period", "200ms"]
ALLOWED = """extendsStandard: true
kinds:
  - group: "{group}"
    kind: Press
    fields: ["/spec/pool/workers"]
"""


@contextlib.contextmanager
def operator_of(shop):
    """An operator for this namespace alone, whose allow-list also names the presses of `Presses`."""
    operator = Operator(shop.api, shop.ns, namespaces=[shop.ns], install=shop.ns, lease=shop.ns)
    allowed = os.path.join(operator.folder, "allow-list.yaml")
    with open(allowed, "w", encoding="utf-8") as out:
        out.write(ALLOWED.format(group=f"{shop.ns}.example"))
    operator.command += [*QUICK, "--allow-list", allowed]
    operator.start()
    try:
        yield operator
    finally:
        operator.stop()


def test_a_stateful_set_is_raised_and_put_back(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    api.create("statefulsets", ns, {
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "search"},
        "spec": {"replicas": 2, "serviceName": "search", "podManagementPolicy": "Parallel", "selector": {"matchLabels": {"app": "search"}},
                 "template": {"metadata": {"labels": {"app": "search"}},
                              "spec": {"terminationGracePeriodSeconds": 0,
                                       "containers": [{"name": "app", "image": "shop/search:v1", "resources": {"requests": {"cpu": "10m"}}}]}}}})
    found = lambda: api.get("statefulsets", ns, "search")  # noqa: E731
    wait_for("2 ready", lambda: found().get("status", {}).get("readyReplicas") == 2, 40)
    with operator_of(shop):
        shop.sale(begins=5, lasts=5, targets=[shop.target("search", 6, ref={"kind": "StatefulSet", "name": "search"})])
        wait_for("6 replicas", lambda: found()["spec"]["replicas"] == 6)
        shop.reach("Completed", seconds=60)
        assert_untouched(found(), ["replicas"], 2)


class Presses:
    """A custom kind of a group of its own, which keeps its replicas at .spec.pool.workers, and one object of it."""

    def __init__(self, shop, versions):
        self.shop, self.api, self.ns = shop, shop.api, shop.ns
        self.group = f"{shop.ns}.example"
        self.crd = f"presses.{self.group}"
        self.api.create("customresourcedefinitions", None, {
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": self.crd},
            "spec": {"group": self.group, "scope": "Namespaced", "names": {"plural": "presses", "singular": "press", "kind": "Press", "listKind": "PressList"},
                     "versions": self.versions(*versions)}})
        rule = {"apiGroups": [self.group], "resources": ["presses"], "verbs": ["get", "list", "watch", "patch"]}
        self.api.patch("roles", self.ns, "sale", [{"op": "add", "path": "/rules/-", "value": rule}], content_type=client.JSON_PATCH)
        self.role = f"doorbuster-{self.ns}"
        meta = {"name": self.role}
        self.api.create("clusterroles", None, {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": meta, "rules": [rule]})
        self.api.create("clusterrolebindings", None, {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": meta,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": self.role},
            "subjects": [{"kind": "ServiceAccount", "name": "doorbuster", "namespace": SYSTEM}]})
        self.version = versions[0]
        wait_for("the kind is served", self.served)
        self.api.request("POST", self.path(), {"apiVersion": f"{self.group}/{self.version}", "kind": "Press", "metadata": {"name": "press"},
                                               "spec": {"pool": {"workers": 2}, "note": "kept"}})

    @staticmethod
    def versions(served, *others):
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {
            "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}
        scale = {"status": {}, "scale": {"specReplicasPath": ".spec.pool.workers", "statusReplicasPath": ".status.running"}}
        return [{"name": name, "served": name == served, "storage": name == served, "schema": schema, "subresources": scale}
                for name in (served, *others)]

    def path(self, name=""):
        return f"/apis/{self.group}/{self.version}/namespaces/{self.ns}/presses" + (f"/{name}" if name else "")

    def served(self):
        try:
            self.api.request("GET", self.path())
            return True
        except client.ApiError:
            return False

    def move_to(self, version, *others):
        self.api.patch("customresourcedefinitions", None, self.crd, {"spec": {"versions": self.versions(version, *others)}})
        self.version = version
        wait_for(f"{version} is served", self.served)

    def found(self):
        return self.api.request("GET", self.path("press"))

    def workers(self):
        return self.found()["spec"]["pool"]["workers"]

    def target(self, version):
        return self.shop.target("press", 6, ref={"apiVersion": f"{self.group}/{version}", "kind": "Press", "name": "press"})

    def close(self):
        self.api.delete("customresourcedefinitions", None, self.crd)
        self.api.delete("clusterrolebindings", None, self.role)
        self.api.delete("clusterroles", None, self.role)


def assert_untouched(found, path, replicas):
    at = found["spec"]
    for step in path:
        at = at[step]
    assert at == replicas, found["spec"]
    meta = found["metadata"]
    assert HOLDS not in meta.get("annotations", {}), meta
    assert LABEL not in meta.get("labels", {}), meta
    assert not [one for one in meta.get("managedFields", []) if one["manager"] == "doorbuster"], meta


def test_a_custom_kind_is_raised_where_its_crd_says(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    with operator_of(shop), contextlib.closing(Presses(shop, ["v1"])) as presses:
        shop.sale(begins=5, lasts=5, targets=[presses.target("v1")])
        wait_for("6 workers", lambda: presses.workers() == 6)
        assert presses.found()["spec"].get("replicas") is None, "nothing is guessed"
        shop.reach("Completed", seconds=60)
        assert_untouched(presses.found(), ["pool", "workers"], 2)
        assert presses.found()["spec"]["note"] == "kept"


def test_a_custom_kind_that_moves_to_another_version_in_mid_sale_is_put_back_there(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    with operator_of(shop), contextlib.closing(Presses(shop, ["v1alpha1", "v1"])) as presses:
        shop.sale(begins=4, lasts=16, targets=[presses.target("v1alpha1")])
        wait_for("6 workers", lambda: presses.workers() == 6)
        presses.move_to("v1", "v1alpha1")
        wait_for("the sale goes on", lambda: shop.phase() == "Live", 20)
        assert presses.workers() == 6
        shop.reach("Completed", seconds=120)
        assert_untouched(presses.found(), ["pool", "workers"], 2)


def labelled(shop, name, tier, replicas=2):
    manifest = shop.deployment_manifest(name, replicas)
    manifest["metadata"]["labels"] = {"tier": tier}
    shop.api.create("deployments", shop.ns, manifest)
    shop.hpa(name, replicas, 10)


def test_a_selector_raises_what_carries_its_labels_and_what_appears(api, ns):
    shop = Shop(api, ns)
    for name, tier in (("search", "2"), ("reviews", "2"), ("cart", "1")):
        labelled(shop, name, tier)
    wait_for("ready", lambda: all(shop.ready(name) == 2 for name in ("search", "reviews", "cart")), 40)
    with operator_of(shop):
        target = shop.target("tier-2", need={"multiplier": "3"})
        del target["ref"]
        shop.sale(begins=6, lasts=70, targets=[{**target, "selector": {"matchLabels": {"tier": "2"}}}])
        shop.reach("Live")
        assert [shop.bounds(name)[0] for name in ("search", "reviews", "cart", "checkout")] == [6, 6, 2, 3]
        assert sorted(one["name"] for one in shop.event()["status"]["targets"]) == ["tier-2/deployment/reviews", "tier-2/deployment/search"]
        labelled(shop, "gifts", "2")
        shop.reach_floor(6, seconds=75, name="gifts")
        shop.reach("Completed", seconds=120)
        for name in ("search", "reviews", "cart", "gifts"):
            shop.assert_untouched(2, 10, name)
