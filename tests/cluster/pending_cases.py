"""What pods wait for on the way up, in plain words, and that it holds up nothing for good."""

from harness import Shop, wait_for

# Steps every twenty seconds: pods are late after ten, and about an edge of the window nothing is looked at that can wait.
RAMP = {"up": {"over": "40s", "steps": 2, "stepTimeout": "15s"}, "down": {"over": "2s", "steps": 2, "maxPercentPerMinute": 100}}


def pending(shop, reason):
    for one in shop.event().get("status", {}).get("targets", [{}])[0].get("pending", []):
        if one["reason"] == reason:
            return one
    return None


def test_a_quota_that_refuses_pods_is_named_and_the_floor_stands_by_the_start(api, ns):
    shop = Shop(api, ns, cpu=True)
    api.create("resourcequotas", ns, {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "pods"}, "spec": {"hard": {"pods": "4"}}})
    shop.sale(begins=60, lasts=80, prepare="58s", targets=[shop.target(ramp=RAMP)])
    found = wait_for("the quota is named", lambda: pending(shop, "QuotaExceeded"), 50)
    assert found["count"] >= 1 and "exceeded quota: pods" in found["message"], found
    assert "are refused by a quota" in shop.event()["status"]["message"], shop.event()["status"]["message"]
    wait_for("it is told", lambda: "QuotaExceeded" in shop.reasons())
    shop.reach("Live", seconds=70)
    assert shop.bounds()[0] == 9, "what is refused delays a step and withholds nothing"
    api.patch("resourcequotas", ns, "pods", {"spec": {"hard": {"pods": "100"}}})
    for one in api.list("replicasets", ns):  # by itself its controller tries again ever more rarely
        api.patch("replicasets", ns, one["metadata"]["name"], {"metadata": {"annotations": {"try": "again"}}})
    wait_for("held", lambda: shop.event()["status"]["targets"][0]["state"] == "Held", 60)
    assert "pending" not in shop.event()["status"]["targets"][0]
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None, 60)
    shop.assert_untouched()


def test_a_stateful_set_that_a_quota_refuses_says_so_by_its_events(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    api.create("statefulsets", ns, {
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "search"},
        "spec": {"replicas": 1, "serviceName": "search", "podManagementPolicy": "Parallel", "selector": {"matchLabels": {"app": "search"}},
                 "template": {"metadata": {"labels": {"app": "search"}},
                              "spec": {"containers": [{"name": "app", "image": "shop/search:v1", "resources": {"requests": {"cpu": "10m"}}}]}}}})
    wait_for("ready", lambda: api.get("statefulsets", ns, "search").get("status", {}).get("readyReplicas") == 1)
    api.create("resourcequotas", ns, {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "pods"}, "spec": {"hard": {"pods": "5"}}})
    shop.sale(begins=60, lasts=10, prepare="58s", targets=[shop.target("search", 4, ref={"kind": "StatefulSet", "name": "search"}, ramp=RAMP)])
    found = wait_for("the quota is named", lambda: pending(shop, "QuotaExceeded"), 50)
    assert "exceeded quota: pods" in found["message"], found


def test_pods_that_find_no_room_are_named(api, ns):
    shop = Shop(api, ns)
    giant = shop.deployment_manifest("giant", 1)
    giant["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "900"
    api.create("deployments", ns, giant)
    shop.sale(begins=60, lasts=10, prepare="58s", targets=[shop.target("giant", 3, ramp=RAMP)])
    found = wait_for("no room", lambda: pending(shop, "Unschedulable"), 50)
    assert "Insufficient cpu" in found["message"], found
    assert "find no room on any node" in shop.event()["status"]["targets"][0]["message"]


def bad_image(api, ns, pod):
    """What a kubelet says of a pod whose image it cannot pull; kwok leaves a running pod's status alone."""
    name = pod["metadata"]["name"]
    status = {"conditions": [{"type": "Ready", "status": "False"}, {"type": "PodScheduled", "status": "True"}],
              "containerStatuses": [{"name": "app", "image": "shop/checkout:v1", "imageID": "", "ready": False, "restartCount": 0, "started": False,
                                     "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}}]}
    api.request("PATCH", f"/api/v1/namespaces/{ns}/pods/{name}/status", {"status": status}, "application/strategic-merge-patch+json")


def test_a_bad_image_is_named_and_one_pod_in_twenty_holds_nothing_up(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    ramp = {**RAMP, "up": {"over": "60s", "steps": 6, "stepTimeout": "10s"}}
    shop.sale(begins=80, lasts=20, prepare="78s", targets=[shop.target(replicas=42, ramp=ramp)])
    pods = lambda: api.request("GET", f"/api/v1/namespaces/{ns}/pods")["items"]  # noqa: E731
    wait_for("22 ready", lambda: shop.ready("checkout") >= 22, 60)
    running = [one for one in pods() if one.get("status", {}).get("phase") == "Running"]
    for pod in running[:4]:
        bad_image(api, ns, pod)
    found = wait_for("the image is named", lambda: pending(shop, "ImageNotPulled"), 50)
    assert found["count"] == 4 and "shop/checkout:v1" in found["message"], found
    api.delete("pods", ns, running[0]["metadata"]["name"])
    api.delete("pods", ns, running[1]["metadata"]["name"])
    shop.reach("Live", seconds=90)
    assert api.get("deployments", ns, "checkout")["spec"]["replicas"] == 42, "the floor stands when the sale begins"
    wait_for("held", lambda: shop.event()["status"]["targets"][0]["state"] == "Held", 30)
