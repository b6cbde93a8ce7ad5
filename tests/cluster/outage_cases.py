"""The API server is away, forgets its history, or a namespace goes. These want the cluster to themselves."""

import os
import subprocess
import time

from harness import ROOT, Operator, Shop, must_become, traces_on, wait_for


def cluster(*arguments):
    """hack/cluster knows the way out of the namespaces that this test runs in."""
    subprocess.run([os.path.join(ROOT, "hack/cluster"), *arguments], check=True, capture_output=True, timeout=120)


NAME = os.environ.get("DOORBUSTER_CLUSTER", "default")


def _alone(function):
    """Minutes each, for a lease must run out first: with --all only."""
    function.alone = function.only_all = True
    return function


@_alone
def test_api_server_stopped_across_the_start(api, ns):
    shop = Shop(api, ns)
    seconds = 60
    shop.sale(begins=8, lasts=seconds + 60, prepare="2s", targets=[shop.target()])
    time.sleep(3)
    cluster("stop", NAME, "kube-apiserver")
    time.sleep(seconds)
    cluster("start", NAME, "kube-apiserver")
    wait_for("served", lambda: _answers(api), 30)
    shop.reach_floor(9, 120)
    shop.reach("Completed", seconds=180)
    shop.assert_untouched()


def _answers(api):
    try:
        api.request("GET", "/readyz")
        return True
    except Exception:  # pylint: disable=broad-except
        return False


@_alone
def test_compaction_forces_a_new_list(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=12, lasts=60, prepare="3s")
    wait_for("accepted", lambda: shop.condition("Accepted").get("status") == "True")
    cluster("pause", NAME, "kube-apiserver")
    time.sleep(1)
    cluster("resume", NAME, "kube-apiserver")
    cluster("compact", NAME)
    cluster("restart", NAME, "kube-apiserver")
    wait_for("served", lambda: _answers(api), 30)
    shop.reach_floor(9, 120)
    shop.reach("Completed", seconds=180)
    shop.assert_untouched()


def test_namespace_deleted_in_mid_sale_is_not_held_up(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=60)
    shop.reach_floor(9)
    api.delete("namespaces", None, ns)
    wait_for("gone", lambda: api.find("namespaces", None, ns) is None, 40)


def test_namespace_deleted_with_the_operator_narrowed_to_it(api, ns):
    shop = Shop(api, ns)
    operator = Operator(api, ns, namespaces=[ns], install=ns, lease=ns).start()
    try:
        shop.sale(begins=5, lasts=60)
        shop.reach_floor(9)
        api.delete("namespaces", None, ns)
        wait_for("gone", lambda: api.find("namespaces", None, ns) is None, 40)
        assert operator.running(), operator.tail()
    finally:
        operator.stop()


def test_what_is_held_outside_a_deleted_namespace_is_put_back_at_once(api, ns):
    shop, beside, pool = Shop(api, ns), f"{ns}-beside", f"/apis/karpenter.sh/v1/nodepools/{ns}"
    requirement = {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}
    template = {"spec": {"requirements": [requirement], "nodeClassRef": {"group": "x.example", "kind": "Class", "name": "c"}}}
    api.request("POST", "/apis/karpenter.sh/v1/nodepools", {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": ns},
                                                            "spec": {"limits": {"cpu": "10"}, "template": template}})
    api.create("namespaces", None, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": beside}})
    api.create("configmaps", beside, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "edge"}, "data": {"ttl": "60"}})
    rbac, account = "rbac.authorization.k8s.io", [{"kind": "ServiceAccount", "name": "sale", "namespace": ns}]
    rules = [{"apiGroups": ["karpenter.sh"], "resources": ["nodepools"], "verbs": ["get", "patch"]},
             {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "patch"]}]
    api.create("clusterroles", None, {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": {"name": ns}, "rules": rules})
    api.create("clusterrolebindings", None, {"apiVersion": f"{rbac}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": ns}, "subjects": account,
                                             "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": ns}})
    holds = [{"name": "ttl", "object": {"kind": "ConfigMap", "name": "edge", "namespace": beside}, "field": "/data/ttl", "value": {"literal": "600"}},
             {"name": "cpu", "object": {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "name": ns}, "field": "/spec/limits/cpu",
              "value": {"literal": "100"}}]
    try:
        shop.sale(begins=3, lasts=600, holds=holds, deletionPolicy="Ramp")
        held = lambda: (api.get("configmaps", beside, "edge"), api.request("GET", pool))  # noqa: E731
        value = lambda both: (both[0]["data"]["ttl"], both[1]["spec"]["limits"]["cpu"])  # noqa: E731
        wait_for("both are held", lambda: value(held()) == ("600", "100"))
        shop.reach_floor(9)
        api.delete("namespaces", None, ns)
        # The namespace's controller deletes kind after kind; until it comes to SaleEvents the sale is on.
        deleting = lambda: (api.find("saleevents", ns, "flash") or {"metadata": {"deletionTimestamp": "gone"}})["metadata"]  # noqa: E731
        wait_for("the event is deleted, too", lambda: "deletionTimestamp" in deleting(), 60)
        must_become("both are put back at once", lambda: value(held()) == ("60", "10"), 10)
        must_become("no trace", lambda: not any(traces_on(one) for one in held()), 10)
        wait_for("gone", lambda: api.find("namespaces", None, ns) is None, 40)
    finally:
        api.request("DELETE", pool)
        api.delete("namespaces", None, beside)
        api.delete("clusterrolebindings", None, ns)
        api.delete("clusterroles", None, ns)
