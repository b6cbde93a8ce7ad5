"""What other tools get wrong with releases, by the names that tests/simulation/hazards_test.cpp has, on the real API server, Deployment
controller and autoscaler. The Service itself is switched or a gateway is played, so that no Envoy is needed; traffic_cases.py has one."""

import time

from action_cases import answered, ask, condition
from harness import Shop, traces_on, wait_for
from router_cases import BY_PODS, Beside, GrpcGateway, Switch

GRPC = {"grpcRoute": {"name": "shop", "backend": "checkout"}}
SERVICE = {"service": {"name": "checkout"}}


def ready(shop, label, is_ready, count=None):
    """Pods with a label are said to be ready, or not."""
    for pod in shop.api.list("pods", shop.ns, label)[:count]:
        conditions = [{**one, "status": str(is_ready)} if one["type"] in ("Ready", "ContainersReady") else one for one in pod["status"]["conditions"]]
        shop.api.patch("pods", shop.ns, pod["metadata"]["name"], {"status": {"conditions": conditions}}, subresource="status")


def crash(shop):
    """The new pods are not ready any more, as crashed ones are."""
    ready(shop, "doorbuster.dev/rollout=v2", False)


def switched(api, ns, **more):
    """v2 serves by the selector of the Service, with the old copy beside it."""
    shop = Shop(api, ns)
    switch = Switch(shop)
    switch.release.ship(SERVICE, {"blueGreen": {"hold": "10m"}}, **more)
    switch.release.has_weight(100)
    switch.serves("v2")
    return shop, switch


def is_back(switch):
    row = switch.release.becomes("RolledBack")
    switch.is_as_before()
    switch.serves("v1")
    switch.release.alone()
    return row


def test_the_new_copy_crashes_after_its_switch_and_is_rolled_back(api, ns):
    """Argo Rollouts #2824, #4750: new pods that crash keep the abort from moving the Service."""
    shop, switch = switched(api, ns)
    crash(shop)
    ask(shop, "RollBack")
    is_back(switch)
    answered(shop, "rollback", "Complete")


def test_pods_crash_after_the_switch_of_a_service(api, ns):
    """Argo Rollouts, rollout/service.go: the active Service stays with pods that crashed after its switch."""
    shop, switch = switched(api, ns)
    crash(shop)
    assert "no pod of the candidate is ready" in is_back(switch)["message"]


def test_a_paused_release_is_rolled_back(api, ns):
    """Argo Rollouts, rollout/context.go: an abort of what is paused restores no capacity and switches nothing."""
    with GrpcGateway(Shop(api, ns)) as gateway:
        shop, before = gateway.release.shop, gateway.route()["spec"]
        gateway.release.ship(GRPC, {"canary": {"steps": [{"weight": 40, "pause": "10m"}]}})
        gateway.release.has_weight(40)
        ask(shop, "Pause")
        gateway.release.becomes("Paused")
        ask(shop, "RollBack")
        gateway.release.becomes("RolledBack")
        answered(shop, "rollback", "Complete")
        wait_for("the route is as it was", lambda: gateway.route()["spec"] == before and not traces_on(gateway.route()))
        gateway.release.alone()


def test_pods_crash_after_the_switch(api, ns):
    """Argo Rollouts #2824 by a route: all of the traffic is the candidate's, and its pods crash."""
    with GrpcGateway(Shop(api, ns)) as gateway:
        before = gateway.route()["spec"]
        gateway.release.ship(GRPC, {"canary": {"steps": [{"weight": 100, "pause": "10m"}]}})
        gateway.release.has_weight(100)
        crash(gateway.release.shop)
        row = gateway.release.becomes("RolledBack")
        assert "no pod of the candidate is ready" in row["message"], row
        wait_for("the route is as it was", lambda: gateway.route()["spec"] == before and not traces_on(gateway.route()))
        gateway.release.alone()


def test_pods_crash_after_they_have_passed(api, ns):
    """What has passed is not looked at any more by others, and serves until the sale is over."""
    with GrpcGateway(Shop(api, ns)) as gateway:
        shop, before = gateway.release.shop, gateway.route()["spec"]
        gateway.release.ship(GRPC, {"canary": {"steps": [{"weight": 40, "pause": "1s"}]}}, bake="1s", promotion="AfterWindow")
        wait_for("it has passed", lambda: "it has passed" in gateway.release.row().get("message", ""), 60)
        crash(shop)
        assert "no pod of the candidate is ready" in gateway.release.becomes("RolledBack")["message"]
        assert gateway.release.image() == "shop/checkout:v1"
        route_is(gateway, before)
        gateway.release.alone()


def test_nothing_has_begun_and_it_is_rolled_back(api, ns):
    """Argo Rollouts #1292, #2982: an abort of what has not begun scaled the target to nothing."""
    shop = Shop(api, ns)
    switch = Switch(shop)
    switch.release.ship(SERVICE, {"blueGreen": {}}, start="manual")
    switch.release.becomes("Waiting")
    before = api.get("deployments", ns, "checkout")["spec"]
    answered(shop, ask(shop, "RollBack"), "Complete")
    is_back(switch)
    assert api.get("deployments", ns, "checkout")["spec"] == before
    started = answered(shop, ask(shop, "Start"), "Refused")
    assert condition(started, "Accepted") == "False RolledBack", started["status"]


def test_what_is_promoted_is_rolled_back(api, ns):
    """Argo Rollouts #2982: an abort of what is over; here it is told so, and nothing moves."""
    shop = Shop(api, ns)
    switch = Switch(shop)
    switch.release.ship(SERVICE, {"blueGreen": {"hold": "1s"}})
    switch.release.becomes("Promoted")
    switch.is_as_before()
    before = api.get("deployments", ns, "checkout")["spec"]
    refused = answered(shop, ask(shop, "RollBack"), "Refused")
    assert condition(refused, "Accepted") == "False Promoted", refused["status"]
    switch.serves("v2")
    assert api.get("deployments", ns, "checkout")["spec"] == before


def test_what_was_rolled_back_is_retried(api, ns):
    """Argo Rollouts #3774: a retry forgets the delay before the candidate goes; here it waits until it is gone."""
    shop, switch = switched(api, ns)
    ask(shop, "RollBack")
    switch.release.becomes("RolledBack")
    answered(shop, ask(shop, "Retry"), "Complete")
    switch.release.has_weight(100)
    switch.serves("v2")
    ask(shop, "RollBack", "again")
    is_back(switch)


def test_pods_never_become_ready(api, ns):
    """Argo Rollouts #3988, #3765, #4128: pods that never stay ready outwit the deadline."""
    shop = Shop(api, ns)
    switch = Switch(shop)
    nowhere = {"spec": {"nodeSelector": {"doorbuster.test/there": "never"}}}
    switch.release.ship(SERVICE, {"blueGreen": {}}, patch=nowhere, deadline="8s")
    row = is_back(switch)
    assert "waits for the candidate's pods" in row["message"], row


def test_git_changes_the_template(api, ns):
    """Argo Rollouts #2463: another template comes in the middle; it is the user's, and traffic goes to it."""
    shop, switch = switched(api, ns)
    shop.api.patch("deployments", ns, "checkout", {"spec": {"template": {"spec": {"containers": [
        {"name": "app", "image": "shop/checkout:hotfix"}]}}}}, "argocd", "application/strategic-merge-patch+json")
    row = switch.release.becomes("RolledBack")
    assert "superseded" in row["message"], row
    switch.is_as_before()
    switch.serves("hotfix")
    switch.release.alone()


def held_at(gateway, weight, **more):
    """v2 has this share by a route, and keeps it."""
    gateway.release.ship(GRPC, {"canary": {"steps": [{"weight": weight, "pause": "10m"}]}}, **more)
    gateway.release.has_weight(weight)


def route_is(gateway, before):
    wait_for("the route is as it was", lambda: gateway.route()["spec"] == before and not traces_on(gateway.route()))


def candidate(shop):
    return next(one for one in shop.api.list("deployments", shop.ns) if one["metadata"]["name"] != "checkout")


def test_a_paused_release_grows_with_its_target(api, ns):
    """Argo Rollouts #4261: a paused rollout takes no part in scaling."""
    with GrpcGateway(Shop(api, ns)) as gateway:
        shop = gateway.release.shop
        held_at(gateway, 40)
        # The route is in force, so the step has begun: paused before that, what load takes of its share would not come back.
        gateway.release.becomes("Running")
        assert candidate(shop)["spec"]["replicas"] == 2, candidate(shop)["spec"]
        ask(shop, "Pause")
        gateway.release.becomes("Paused")
        shop.sale("second", begins=1, lasts=600, targets=[shop.target(replicas=10)])
        shop.reach_floor(10)
        wait_for("the candidate grows along", lambda: candidate(shop)["status"].get("readyReplicas", 0) >= 4, 30)
        gateway.release.has_weight(40)
        assert gateway.release.row()["state"] == "Paused", gateway.release.row()


def test_the_target_has_too_few_pods_for_its_traffic(api, ns):
    """Argo Rollouts #3020, #3372, #4390, #3888: all traffic at once to a target that lost its pods meanwhile."""
    with GrpcGateway(Shop(api, ns)) as gateway:
        shop, before = gateway.release.shop, gateway.route()["spec"]
        held_at(gateway, 100)
        ready(shop, "app=checkout", False, 2)
        wait_for("one pod of the target is left", lambda: shop.ready("checkout") == 1)
        ask(shop, "RollBack")
        weight = wait_for("it takes what it can", lambda: gateway.release.row().get("weight") if 0 < gateway.release.row().get("weight", 0) < 100 else None)
        assert 60 <= weight <= 70, f"one of three pods takes a third: {weight} %"
        assert "until 3 of its pods are ready" in gateway.release.row()["message"], gateway.release.row()
        ready(shop, "app=checkout", True)
        gateway.release.becomes("RolledBack")
        route_is(gateway, before)
        gateway.release.alone()


def test_the_candidate_drains(api, ns):
    """Argo Rollouts #587, #3586, #2050, Flagger #256, #773: the candidate goes before what is under way is answered."""
    with GrpcGateway(Shop(api, ns)) as gateway:
        shop, before = gateway.release.shop, gateway.route()["spec"]
        held_at(gateway, 40, drain="6s")
        ask(shop, "RollBack")
        route_is(gateway, before)
        began = time.monotonic()
        assert candidate(shop)["status"]["readyReplicas"] == 2, "its pods answer what they have"
        gateway.release.alone()
        assert time.monotonic() - began > 3, "and stay for a while"


def test_somebody_changes_the_weights(api, ns):
    """Argo Rollouts #771: people's weights are overwritten, or stop the way back; here they stay, without the candidate."""
    with GrpcGateway(Shop(api, ns)) as gateway:
        shop = gateway.release.shop
        held_at(gateway, 40)
        rules = gateway.route()["spec"]["rules"]
        rules[0]["matches"] = [{"method": {"service": "shop.Till"}}]
        api.patch("grpcroutes", ns, "shop", {"spec": {"rules": rules}}, "somebody")
        gateway.release.becomes("Contested")
        ask(shop, "RollBack")
        gateway.release.becomes("RolledBack")
        answered(shop, "rollback", "Complete")
        rule = gateway.route()["spec"]["rules"][0]
        assert rule["matches"][0]["method"]["service"] == "shop.Till" and [one["name"] for one in rule["backendRefs"]] == ["checkout"], rule
        gateway.release.alone()


def test_load_rises_on_the_way_back(api, ns):
    """Argo Rollouts #4973: load rises while it goes back, and the candidate is scaled again."""
    with GrpcGateway(Shop(api, ns)) as gateway:
        shop, before = gateway.release.shop, gateway.route()["spec"]
        held_at(gateway, 40, drain="8s")
        ask(shop, "RollBack")
        route_is(gateway, before)
        was = candidate(shop)["spec"]["replicas"]
        shop.sale("second", begins=-1, lasts=600, targets=[shop.target(replicas=10)])
        shop.reach_floor(10)
        assert all(one["spec"]["replicas"] == was for one in api.list("deployments", ns) if one["metadata"]["name"] != "checkout")
        gateway.release.becomes("RolledBack")
        gateway.release.alone()
        assert shop.bounds()[0] == 10, "what another sale asks for stays"


def test_the_provider_is_silent(api, ns):
    """A provider that says nothing is no bad release: the step waits, and goes on when it speaks."""
    with GrpcGateway(Shop(api, ns)) as gateway:
        shop = gateway.release.shop
        check = {"name": "smoke", "condition": {"object": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "smoke"}, "type": "Available"}, "interval": "1s"}
        rollout = {"name": "v2", "target": {"name": "checkout"}, "patch": {"spec": {"containers": [{"name": "app", "image": "shop/checkout:v2"}]}},
                   "strategy": {"canary": {"steps": [{"weight": 40, "analysis": "default"}]}}, "traffic": GRPC, "bake": "1s", "drain": "1s",
                   "analysis": {"default": {"checks": ["smoke"]}}}
        shop.sale(begins=-1, lasts=600, targets=[], rollouts=[rollout], checks=[check])
        gateway.release.has_weight(40)
        time.sleep(6)
        assert gateway.release.row()["weight"] == 40 and gateway.release.row()["state"] != "RollingBack", gateway.release.row()
        shop.deployment("smoke", 1)
        gateway.release.becomes("Promoted")


def test_another_deployments_template_is_released(api, ns):
    """templateFrom: it is only read, and another template there in the middle supersedes the release."""
    with GrpcGateway(Shop(api, ns)) as gateway:
        shop = gateway.release.shop
        following = shop.deployment_manifest("next", 0)
        following["spec"]["template"]["spec"]["containers"][0]["image"] = "shop/checkout:v2"
        api.create("deployments", ns, following)
        begin = {"name": "v2", "target": {"name": "checkout"}, "templateFrom": {"name": "next"}, "traffic": GRPC, "bake": "1s", "drain": "1s",
                 "strategy": {"canary": {"steps": [{"weight": 40, "pause": "10m"}]}}}
        shop.sale(begins=-1, lasts=600, targets=[], rollouts=[begin])
        gateway.release.has_weight(40)
        one = next(one for one in api.list("deployments", ns) if one["metadata"]["name"] not in ("checkout", "next"))
        assert one["spec"]["template"]["spec"]["containers"][0]["image"] == "shop/checkout:v2", one["spec"]
        api.patch("deployments", ns, "next", {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "shop/checkout:v3"}]}}}},
                  "argocd", "application/strategic-merge-patch+json")
        row = gateway.release.becomes("RolledBack")
        assert "superseded" in row["message"] and "next" in row["message"], row
        ask(shop, "Retry")
        gateway.release.has_weight(40)
        ask(shop, "Promote")
        gateway.release.becomes("Promoted")
        assert gateway.release.image() == "shop/checkout:v3"
        assert api.get("deployments", ns, "next")["spec"]["replicas"] == 0


def beside(api, ns):
    """v2 has half of the pods behind the Service, and nobody has a route."""
    out = Beside(Shop(api, ns))
    out.release.ship(BY_PODS, {"canary": {"steps": [{"weight": 50, "pause": "10m"}]}})
    out.release.has_weight(50)
    return out


def test_a_paused_release_by_ready_pods_is_rolled_back(api, ns):
    """The same without a router: there is no route that could be switched."""
    both = beside(api, ns)
    ask(both.release.shop, "Pause")
    both.release.becomes("Paused")
    ask(both.release.shop, "RollBack")
    both.is_asked_for_nothing()
    both.is_back()
    answered(both.release.shop, "rollback", "Complete")


def test_pods_beside_the_target_crash_after_they_were_ready(api, ns):
    """Those that are not ready get no traffic, so that nothing but this tells of them."""
    both = beside(api, ns)
    crash(both.release.shop)
    assert "no pod of the candidate is ready" in both.is_back()["message"]
