"""The whole life of a sale, and how its author may change their mind."""

import datetime
import time

from harness import HOLDS, Shop, Watcher, instant, utc, wait_for, writes_of
from api import JSON_PATCH


def test_a_sale_is_raised_kept_and_put_back_exactly(api, ns):
    shop = Shop(api, ns, cpu=True)
    before = shop.autoscaler()["spec"]
    watcher = Watcher(shop)
    watcher.start()
    shop.sale(begins=6, lasts=5, targets=[shop.target(replicas=12)])
    shop.reach("Live")
    assert shop.bounds()[0] == 12, "the full floor stands when the sale begins"
    assert shop.ready("checkout") >= 3
    assert "doorbuster.dev/restore" in shop.event()["metadata"]["finalizers"]
    wait_for("12 ready pods", lambda: shop.ready("checkout") == 12)
    shop.reach("Completed", seconds=120)
    seen = watcher.stop()
    assert shop.autoscaler()["spec"] == before, (shop.autoscaler()["spec"], before)
    shop.assert_untouched()
    assert len([low for low, _ in seen if 3 < low < 12]) >= 2, f"neither up nor down in one jump: {seen}"
    assert not shop.event()["metadata"].get("finalizers"), "nothing is held, so nothing holds the event"
    assert shop.condition("Ready")["status"] == "True"
    assert shop.condition("Restored")["status"] == "True"


def test_a_workload_without_autoscaler_is_scaled_itself(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    shop.sale(begins=5, lasts=4)
    wait_for("9 replicas", lambda: api.get("deployments", ns, "checkout")["spec"]["replicas"] == 9)
    shop.reach("Completed")
    found = api.get("deployments", ns, "checkout")
    assert found["spec"]["replicas"] == 3
    assert HOLDS not in found["metadata"].get("annotations", {})


def test_a_multiplier_multiplies_what_normally_runs(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=4, lasts=4, targets=[shop.target(need={"multiplier": "2.5"})])
    shop.reach_floor(8)
    shop.reach("Completed")
    shop.assert_untouched()


def test_a_rate_follows_its_profile_with_a_zone_to_lose(api, ns):
    """The test cluster's nodes are in three zones: what two of three pods carry is three pods."""
    shop = Shop(api, ns)
    need = {"rps": 600, "rpsPerPod": "100", "surviveZoneLoss": True}
    profile = [{"at": "+6s", "rps": 200}, {"at": "14s", "rps": "0.4k"}]
    shop.sale(begins=5, lasts=20, targets=[shop.target(need=need, profile=profile)])
    shop.reach("Live")
    assert shop.bounds() == (9, 14), "the full floor stands when the sale begins"
    (row,) = shop.event()["status"]["targets"]
    assert (row["zones"], row["floor"]) == (3, 9), row
    start = shop.event()["status"]["window"]["start"]
    shop.reach_floor(3)
    assert instant(utc(-6)) >= start, "nothing falls before its time"
    shop.reach_floor(6)
    assert instant(utc(-14)) < start, "the next peak stands before it comes"
    assert shop.bounds()[1] == 14, "the maximum is that of the whole sale"
    shop.reach("Completed")
    shop.assert_untouched()


def test_holds_keep_a_field_for_the_sale_only(api, ns):
    shop = Shop(api, ns)
    api.create("configmaps", ns, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "edge"}, "data": {"ttl": "60", "other": "1"}})
    hold = {"name": "ttl", "object": {"kind": "ConfigMap", "name": "edge"}, "field": "/data/ttl", "value": {"literal": "600"}}
    shop.sale(begins=3, lasts=4, prepare="1s", cooldown="1s", targets=[], holds=[hold])
    value = lambda: api.get("configmaps", ns, "edge")["data"]["ttl"]  # noqa: E731
    wait_for("the hold", lambda: value() == "600")
    shop.reach("Completed")
    assert value() == "60"


def test_an_absent_field_is_absent_again_with_what_the_server_filled_in(api, ns):
    shop = Shop(api, ns)
    before = shop.autoscaler()["spec"]
    hold = {"name": "no-cut", "object": {"kind": "HorizontalPodAutoscaler", "name": "checkout"},
            "field": "/spec/behavior/scaleDown/selectPolicy", "value": {"literal": "Disabled"}}
    shop.sale(begins=3, lasts=3, prepare="1s", cooldown="1s", targets=[], holds=[hold])
    wait_for("the hold", lambda: shop.autoscaler()["spec"].get("behavior", {}).get("scaleDown", {}).get("selectPolicy") == "Disabled")
    shop.reach("Completed")
    assert shop.autoscaler()["spec"] == before


def test_an_envoy_gateway_rate_limit_is_raised_and_put_back(api, ns):
    shop = Shop(api, ns)
    api.patch("roles", ns, "sale", [{"op": "add", "path": "/rules/-", "value": {
        "apiGroups": ["gateway.envoyproxy.io"], "resources": ["backendtrafficpolicies"], "verbs": ["get", "patch"]}}], content_type=JSON_PATCH)
    api.create("backendtrafficpolicies", ns, {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "BackendTrafficPolicy", "metadata": {"name": "limit"},
        "spec": {"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "r"}],
                 "rateLimit": {"type": "Local", "local": {"rules": [{"limit": {"requests": 100, "unit": "Second"}}]}}}})
    before = api.get("backendtrafficpolicies", ns, "limit")["spec"]
    hold = {"name": "limit", "object": {"apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "BackendTrafficPolicy", "name": "limit"},
            "field": "/spec/rateLimit/local/rules/0/limit/requests", "value": {"multiply": "4"}}
    shop.sale(begins=3, lasts=3, prepare="1s", cooldown="1s", targets=[], holds=[hold])
    wait_for("the limit", lambda: api.get("backendtrafficpolicies", ns, "limit")["spec"]["rateLimit"]["local"]["rules"][0]["limit"]["requests"] == 400)
    shop.reach("Completed")
    assert api.get("backendtrafficpolicies", ns, "limit")["spec"] == before


def test_the_end_may_move_while_live(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=4, lasts=5)
    shop.reach("Live")
    api.patch("saleevents", ns, "flash", {"spec": {"window": {"end": instant(utc(10))}}})
    time.sleep(6)
    assert shop.phase() == "Live" and shop.bounds()[0] == 9, "the old end has passed and nothing was lowered"
    shop.reach("Completed")
    shop.assert_untouched()


def test_a_target_may_be_taken_out_while_live(api, ns):
    """It goes down at the default pace, a tenth a minute, for its own ramp went with it."""
    shop = Shop(api, ns)
    shop.sale(begins=4, lasts=60, deletionPolicy="Immediate")
    shop.reach_floor(9)
    api.patch("saleevents", ns, "flash", {"spec": {"capacity": {"targets": []}}})
    wait_for("said so", lambda: [row for row in shop.event()["status"]["targets"] if row.get("state") == "Lowering"])
    time.sleep(3)
    assert shop.bounds()[0] >= 8, "not in one jump"
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
    shop.assert_untouched()


def test_two_sales_on_one_target_are_two_holders(api, ns):
    shop = Shop(api, ns)
    shop.sale("first", begins=4, lasts=5, targets=[shop.target(replicas=9)])
    shop.sale("second", begins=5, lasts=12, targets=[shop.target(replicas=7)])
    shop.reach("Live", "first")
    shop.reach_floor(9)
    shop.reach("Completed", "first")
    assert shop.bounds()[0] == 7, "the second sale still stands"
    shop.reach("Completed", "second")
    shop.assert_untouched()


def test_suspend_changes_nothing_further_and_deletion_still_restores(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=4, lasts=3)
    shop.reach_floor(9)
    api.patch("saleevents", ns, "flash", {"spec": {"suspend": True}})
    time.sleep(7)
    assert shop.bounds()[0] == 9, "the end has passed, but the user said suspend"
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
    shop.assert_untouched()


def test_dry_run_writes_nothing_but_status(api, ns):
    shop = Shop(api, ns)
    version = shop.autoscaler()["metadata"]["generation"] if "generation" in shop.autoscaler()["metadata"] else None
    shop.sale(begins=3, lasts=3, mode="DryRun")
    shop.reach("Live")
    assert shop.bounds() == (3, 10)
    assert shop.autoscaler()["metadata"].get("generation") == version
    assert not shop.event()["metadata"].get("finalizers")
    shop.reach("Completed")


def _deletion(api, ns, policy):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=60, deletionPolicy=policy)
    shop.reach_floor(9)
    api.delete("saleevents", ns, "flash")
    wait_for("the event is gone", lambda: api.find("saleevents", ns, "flash") is None, 40)
    return shop


def test_deleting_with_policy_ramp_restores_on_the_way_out(api, ns):
    _deletion(api, ns, "Ramp").assert_untouched()


def test_deleting_with_policy_immediate_restores_at_once(api, ns):
    _deletion(api, ns, "Immediate").assert_untouched()


def test_deleting_with_policy_orphan_leaves_values_and_no_record(api, ns):
    shop = _deletion(api, ns, "Orphan")
    assert shop.bounds()[0] == 9
    assert HOLDS not in shop.autoscaler()["metadata"].get("annotations", {})


def test_an_event_created_after_its_end_completes_without_a_write(api, ns):
    shop = Shop(api, ns)
    version = shop.autoscaler()["spec"]
    shop.sale(begins=-60, lasts=5)
    shop.reach("Completed")
    assert shop.autoscaler()["spec"] == version
    shop.assert_untouched()


def test_an_event_created_late_writes_the_full_floor_first(api, ns):
    shop = Shop(api, ns)
    watcher = Watcher(shop)
    watcher.start()
    shop.sale(begins=-1, lasts=8, targets=[shop.target(ramp={"up": {"over": "2s", "steps": 4}, "down": {"over": "1s", "steps": 1, "maxPercentPerMinute": 100}})])
    shop.reach_floor(9)
    assert [low for low, _ in watcher.stop()] == [3, 9]
    shop.reach("Completed")


def test_bad_events_are_refused_with_path_and_reason_and_touch_nothing(api, ns):
    shop = Shop(api, ns)
    shop.deployment("owned", 1)
    cases = {
        "zone": {"window": {"start": "2030-01-01T10:00:00", "end": "2030-01-01T11:00:00", "timeZone": "Europe/Nowhere"}},
        "gap": {"window": {"start": "2030-03-31T02:30:00", "end": "2030-03-31T05:00:00", "timeZone": "Europe/Berlin"}},
        "kind": {"capacity": {"targets": [{"name": "x", "ref": {"apiVersion": "example.org/v1", "kind": "Widget", "name": "x"}, "need": {"replicas": 2}}]}},
        "noscale": {"capacity": {"targets": [{"name": "x", "ref": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "x"}, "need": {"replicas": 2}}]}},
    }
    for name, spec in cases.items():
        body = {"window": {"start": instant(utc(3600)), "end": instant(utc(7200))}, "serviceAccountName": "sale"}
        body.update(spec)
        api.create("saleevents", ns, {"apiVersion": "doorbuster.dev/v1alpha1", "kind": "SaleEvent", "metadata": {"name": name}, "spec": body})
    for name in cases:
        condition = wait_for(f"{name} refused", lambda name=name: (lambda c: c if c.get("status") == "False" else None)(shop.condition("Accepted", name)))
        assert "spec." in condition["message"], condition
        assert not shop.event(name)["metadata"].get("finalizers")


def test_a_missing_target_is_reported_and_blocks_nothing(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=3, targets=[shop.target(), shop.target("ghost")])
    shop.reach_floor(9)
    rows = {row["name"]: row for row in shop.event()["status"]["targets"]}
    assert rows["ghost"]["state"] == "Missing", rows
    shop.reach("Completed")
    shop.assert_untouched()


def test_a_forbidden_target_is_reported_and_blocks_nothing(api, ns):
    shop = Shop(api, ns)
    api.delete("rolebindings", ns, "sale")
    shop.sale(begins=3, lasts=3)
    wait_for("reported", lambda: any(row.get("state") == "Forbidden" for row in shop.event().get("status", {}).get("targets", [])))
    assert shop.bounds() == (3, 10)
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)


def test_status_needs_the_right_conditions_from_the_first_moment(api, ns):
    shop = Shop(api, ns)
    created = shop.sale(begins=3600, lasts=60)
    assert created
    found = wait_for("accepted", lambda: shop.condition("Accepted").get("status") == "True")
    assert found
    event = shop.event()
    assert event["status"]["observedGeneration"] == event["metadata"]["generation"]
    assert shop.condition("Ready")["status"] == "True", "a sale three weeks away must not make a sync wait"
    assert not event["metadata"].get("finalizers")
    version = event["metadata"]["resourceVersion"]
    time.sleep(5)
    assert shop.event()["metadata"]["resourceVersion"] == version, "nothing is due, so nothing is written"
    api.delete("saleevents", ns, "flash")


def test_idle_writes_nothing_by_the_audit_log(api, ns):
    """Who wrote what while nothing was due: only the lease."""
    shop = Shop(api, ns)
    shop.sale(begins=3600, lasts=60)
    wait_for("accepted", lambda: shop.condition("Accepted").get("status") == "True")
    time.sleep(12)  # whatever other tests do meanwhile is not in this namespace
    written = writes_of(ns)
    version = shop.event()["metadata"]["resourceVersion"]
    time.sleep(8)
    again = writes_of(ns)
    assert shop.event()["metadata"]["resourceVersion"] == version
    assert len(again) == len(written), again[len(written):]
    assert written, "the audit log does show the operator's writes"
    api.delete("saleevents", ns, "flash")


def test_at_a_windows_edge_the_object_is_the_first_request(api, ns):
    """Finalizer and second copy are there before the edge, the object is not touched before it, and nothing comes between."""
    shop = Shop(api, ns)
    start = utc(16)
    shop.sale(begins=16, lasts=60, prepare="3s", deletionPolicy="Immediate")
    edge = instant(start - datetime.timedelta(seconds=3)).rstrip("Z")  # so that fractions of a second sort behind it
    row = lambda: next((one for one in shop.event().get("status", {}).get("holds", []) if one["field"] == "/spec/minReplicas"), {})  # noqa: E731
    wait_for("made ready", lambda: row().get("state") == "Due", 12)
    made = shop.event()
    assert made["metadata"].get("finalizers") and row().get("copy"), made
    assert shop.bounds()[0] == 3
    shop.reach_floor(9)
    written = [one for one in writes_of(ns) if one["objectRef"]["resource"] != "events"]
    after = [one for one in written if one["requestReceivedTimestamp"] >= edge]
    assert [one["objectRef"]["resource"] for one in written if one not in after] and after, written
    assert {one["objectRef"]["resource"] for one in written if one not in after} == {"saleevents"}, "nothing of the shop before its time"
    first = after[0]["objectRef"]
    assert first["resource"] == "horizontalpodautoscalers", [(one["verb"], one["requestURI"]) for one in after]
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
    shop.assert_untouched()


def test_in_mid_sale_nothing_is_written_by_the_audit_log(api, ns):
    """Live, everything held, the autoscaler's status changing all the time: no write of ours but the lease's."""
    shop = Shop(api, ns)
    api.create("configmaps", ns, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "edge"}, "data": {"ttl": "60"}})
    hold = {"name": "ttl", "object": {"kind": "ConfigMap", "name": "edge"}, "field": "/data/ttl", "value": {"literal": "600"}}
    shop.sale(begins=4, lasts=600, holds=[hold], deletionPolicy="Immediate")
    shop.reach("Live")
    wait_for("everything is held", lambda: shop.ready("checkout") == 9 and not due(shop.event()["status"]))
    time.sleep(3)  # the status of what has just been reached
    before, ours = shop.autoscaler(), writes_of(ns)
    for turn in range(7):
        # What the autoscaler's controller does on its own every 15 seconds, oftener.
        condition = {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale", "message": f"turn {turn}", "lastTransitionTime": instant(utc())}
        others = [one for one in shop.autoscaler()["status"].get("conditions", []) if one["type"] != "AbleToScale"]
        api.patch("horizontalpodautoscalers", ns, "checkout", {"status": {"conditions": [condition, *others]}}, "kube-controller-manager", subresource="status")
        time.sleep(3)
    after = shop.autoscaler()
    assert after["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"], "its status did change"
    new = writes_of(ns)[len(ours) :]
    assert not new, [(one["verb"], one["requestURI"], one.get("requestObject")) for one in new]
    assert ours, "the audit log does show the operator's writes"
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
    shop.assert_untouched()


def due(status):
    """Targets and holds that are not yet where they should be."""
    return [row for row in status.get("targets", []) + status.get("holds", []) if row.get("state") != "Held"]
