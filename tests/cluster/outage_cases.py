"""The API server is away, forgets its history, or a namespace goes. These want the cluster to themselves."""

import os
import subprocess
import time

from harness import ROOT, Operator, Shop, wait_for


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
