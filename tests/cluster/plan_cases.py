"""`kubectl-sale plan` against a real cluster: what it foretells is what then happens, and it writes nothing.

Its autoscaler looks every 15 s, as by default (the rig's does every second): so the window is longer than elsewhere."""

import json
import os
import subprocess

from harness import HOLDS, ROOT, Shop, Watcher, instant, utc, wait_for
from api import JSON_PATCH

SALE = os.environ.get("DOORBUSTER_KUBECTL_SALE", os.path.join(ROOT, "build/dev/kubectl-sale"))


def plan(*arguments, stdin=None):
    """Exit code and the forecast."""
    done = subprocess.run([SALE, "plan", "-o", "json", *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False)
    try:
        return done.returncode, json.loads(done.stdout)
    except json.JSONDecodeError:
        return done.returncode, {"stderr": done.stderr}


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
    done = subprocess.run([SALE, "plan", "-f", "-"], input=json.dumps(manifest), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 10, done
    assert "spec.window.end" in done.stderr, done.stderr
    code, answer = plan("no-such-sale", "-n", ns)
    assert code == 1 and "not found" in answer["stderr"], (code, answer)
