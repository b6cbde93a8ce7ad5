"""`kubectl-sale plan` against a real cluster: what it foretells is what then happens, and it writes nothing.

Its autoscaler looks every 15 s, as by default (the rig's does every second): so the window is longer than elsewhere."""

import json

from harness import HOLDS, Shop, Watcher, instant, kubectl_sale, utc, wait_for
from api import JSON_PATCH


def plan(*arguments, stdin=None):
    """Exit code and the forecast."""
    code, out, said = kubectl_sale("plan", "-o", "json", *arguments, **({} if stdin is None else {"input": stdin}))
    try:
        return code, json.loads(out)
    except json.JSONDecodeError:
        return code, {"stderr": said}


def floors(forecast):
    """The values that minReplicas is to have, in order."""
    return [change["after"] for entry in forecast["timeline"] for change in entry["changes"] if change["field"] == "/spec/minReplicas"]


def test_what_is_foretold_is_what_happens(api, ns):
    shop = Shop(api, ns)
    before = shop.autoscaler()["spec"]
    ramp = {"up": {"over": "10s", "steps": 2, "stepTimeout": "5s"}, "down": {"over": "8s", "steps": 2, "maxPercentPerMinute": 100}}
    shop.sale(begins=40, lasts=5, prepare="32s", targets=[shop.target(ramp=ramp)])
    wait_for("accepted", lambda: shop.condition("Accepted").get("status") == "True")
    code, forecast = plan("flash", "-n", ns, "--exit-code", "--load", "checkout=start:3", "--startup", "checkout=1s")
    assert code == 12, (code, forecast)
    after = shop.autoscaler()  # its controller writes status all the while
    assert after["spec"] == before and HOLDS not in after["metadata"].get("annotations", {}), "nothing was written"
    assert not [one for one in after["metadata"]["managedFields"] if one["manager"] in ("doorbuster", "kubectl-sale")]
    watcher = Watcher(shop)
    watcher.start()
    shop.reach("Completed", seconds=90)
    seen = [low for low, _ in watcher.stop()]
    seen = [low for before, low in zip([None] + seen, seen) if low != before]  # a ceiling alone is another row
    assert seen[1:] == floors(forecast), (seen, floors(forecast), forecast["timeline"])
    shop.assert_untouched()


def test_a_missing_right_is_a_no_go(api, ns):
    shop = Shop(api, ns)
    api.patch("roles", ns, "sale", [{"op": "remove", "path": "/rules/0"}], content_type=JSON_PATCH)
    manifest = shop.manifest("later", start=utc(3600), lasts=600)
    code, forecast = plan("-f", "-", stdin=json.dumps(manifest))
    assert code == 10, (code, forecast)
    assert forecast["verdict"] == "NoGo"
    assert "Forbidden" in {one["code"] for one in forecast["findings"]}, forecast["findings"]
    assert api.find("saleevents", ns, "later") is None, "a plan of a file creates nothing"


def test_what_is_made_beside_the_targets_is_looked_at_as_what_is_made(api, ns):
    shop = Shop(api, ns)
    manifest = shop.manifest("later", start=utc(3600), lasts=600)
    manifest["spec"]["capacity"] |= {"headroom": {"lead": "60s"}, "imagePrepull": {"lead": "60s"}}
    _, forecast = plan("-f", "-", stdin=json.dumps(manifest))
    made = {entry["object"].split(" ")[0] for entry in forecast["timeline"]}
    assert made == {"Deployment.apps", "DaemonSet.apps", "HorizontalPodAutoscaler.autoscaling"}, forecast["timeline"]
    refused = [one for one in forecast["findings"] if "Forbidden" in one["code"] or one["code"] == "DryRunFailed"]
    assert [one["subject"].split(" ")[0] for one in refused] == ["DaemonSet.apps"] and refused[0]["code"] == "PrepullForbidden" and "may not create" in refused[0]["text"], refused
    api.patch("roles", ns, "sale", [{"op": "add", "path": "/rules/-", "value": {
        "apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": ["create"]}}], content_type=JSON_PATCH)
    _, forecast = plan("-f", "-", stdin=json.dumps(manifest))
    assert not [one for one in forecast["findings"] if "Forbidden" in one["code"] or one["code"] == "DryRunFailed"], forecast["findings"]


def test_a_value_that_the_server_refuses_is_a_no_go(api, ns):
    shop = Shop(api, ns)
    hold = {"name": "policy", "object": {"kind": "HorizontalPodAutoscaler", "name": "checkout"},
            "field": "/spec/behavior/scaleDown/selectPolicy", "value": {"literal": "Sometimes"}}
    code, forecast = plan("-f", "-", stdin=json.dumps(shop.manifest("odd", start=utc(3600), lasts=600, targets=[], holds=[hold])))
    assert code == 10, (code, forecast)
    assert "WriteRefused" in {one["code"] for one in forecast["findings"]}, forecast["findings"]


def test_a_spec_that_the_server_refuses_ends_with_10_and_its_words(api, ns):
    shop = Shop(api, ns)
    manifest = shop.manifest("bad", start=utc(3600), lasts=600)
    manifest["spec"]["window"]["end"] = instant(utc(60))
    code, out, said = kubectl_sale("plan", "-f", "-", input=json.dumps(manifest))
    assert code == 10, (code, out, said)
    assert "spec.window.end" in said, said
    code, answer = plan("no-such-sale", "-n", ns)
    assert code == 1 and "not found" in answer["stderr"], (code, answer)


def test_what_the_operator_judges_before_the_day_the_plan_says_too(api, ns):
    """By the same function, of an event that nobody has applied."""
    shop = Shop(api, ns)
    api.create("resourcequotas", ns, {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": {"hard": {"pods": "5"}}})
    wait_for("the quota's controller has looked", lambda: api.get("resourcequotas", ns, "few").get("status", {}).get("used", {}).get("pods") == "3")
    code, forecast = plan("-f", "-", stdin=json.dumps(shop.manifest("later", start=utc(3600), lasts=600)))
    assert code == 10 and forecast["verdict"] == "NoGo", (code, forecast)
    (finding,) = [one for one in forecast["findings"] if one["code"] == "QuotaExceeded"]
    assert finding["subject"] == "checkout" and "allows 5 of 9 pods" in finding["text"], finding
