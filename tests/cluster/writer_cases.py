"""Other writers of what a sale holds: people, GitOps tools, old YAML, rollouts."""

import copy
import json
import shlex
import subprocess
import time

from api import APPLY, JSON_PATCH
from harness import HOLDS, LABEL, Shop, must_become, wait_for
from helm_release import HelmRelease


def kubectl(*arguments, data=None):
    return subprocess.run(["kubectl", *arguments], input=data, text=True, capture_output=True, check=True).stdout


def test_rollout_undo_of_a_held_deployment_loses_no_baseline(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    image = lambda tag: {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": f"shop/checkout:{tag}", "resources": {"requests": {"cpu": "10m"}}}]}}}}  # noqa: E731
    shop.sale(begins=4, lasts=8)
    wait_for("half way", lambda: api.get("deployments", ns, "checkout")["spec"]["replicas"] > 3)
    api.patch("deployments", ns, "checkout", image("v2"))
    wait_for("9", lambda: api.get("deployments", ns, "checkout")["spec"]["replicas"] == 9)
    # The ReplicaSet of v1 remembers the annotations of its day; undo brings them back.
    kubectl("-n", ns, "rollout", "undo", "deployment/checkout")
    must_become("the record is whole again", lambda: '"requested":9' in api.get("deployments", ns, "checkout")["metadata"]["annotations"].get(HOLDS, ""))
    assert api.get("deployments", ns, "checkout")["spec"]["replicas"] == 9
    shop.reach("Completed")
    must_become("restored", lambda: api.get("deployments", ns, "checkout")["spec"]["replicas"] == 3)
    # And again after the sale: an annotation of the sale's time comes back on an object that nobody holds.
    kubectl("-n", ns, "rollout", "undo", "deployment/checkout")
    must_become("no trace", lambda: HOLDS not in api.get("deployments", ns, "checkout")["metadata"].get("annotations", {}))
    assert api.get("deployments", ns, "checkout")["spec"]["replicas"] == 3


def test_saved_yaml_of_a_held_object_applied_later_is_put_back(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=4)
    shop.reach_floor(9)
    saved = shop.autoscaler()
    for key in ("resourceVersion", "uid", "creationTimestamp", "managedFields", "generation"):
        saved["metadata"].pop(key, None)
    saved.pop("status", None)
    shop.reach("Completed")
    shop.assert_untouched()
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", data=json.dumps(saved))
    must_become("put back", lambda: shop.bounds() == (3, 10) and HOLDS not in shop.autoscaler()["metadata"].get("annotations", {}))


def test_a_held_autoscaler_survives_kubectl_apply_of_its_own_manifest(api, ns):
    shop = Shop(api, ns)
    manifest = shop.hpa_manifest("checkout", 3, 10)
    kubectl("apply", "-f", "-", data=json.dumps(manifest))
    shop.sale(begins=3, lasts=8)
    shop.reach_floor(9)
    kubectl("apply", "-f", "-", data=json.dumps(manifest))
    wait_for("held again", lambda: shop.bounds()[0] == 9)
    shop.reach("Completed")
    shop.assert_untouched()


def test_forced_server_side_apply_in_mid_sale_makes_gits_new_value_the_baseline(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=9)
    shop.reach_floor(9)
    changed = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "checkout"},
               "spec": {"minReplicas": 4, "maxReplicas": 16, "scaleTargetRef": shop.autoscaler()["spec"]["scaleTargetRef"]}}
    api.patch("horizontalpodautoscalers", ns, "checkout", json.dumps(changed).encode(), "argocd-controller", APPLY, force=True)
    shop.reach_floor(9)
    shop.reach("Completed")
    assert shop.bounds() == (4, 16), shop.bounds()


def test_a_tool_that_reverts_again_and_again_is_named(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=60)
    shop.reach_floor(9)
    for _ in range(2):
        api.patch("horizontalpodautoscalers", ns, "checkout", {"spec": {"minReplicas": 3}}, "argocd-controller")
        time.sleep(1.2)
    rows = wait_for("contested", lambda: [row for row in shop.event()["status"]["holds"] if row.get("state") == "Contested"])
    assert "argocd-controller" in rows[0]["message"]
    wait_for("held again after the back-off", lambda: shop.bounds()[0] == 9, 20)
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
    shop.assert_untouched()


def test_an_engineer_who_cuts_twice_wins(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=20)
    shop.reach_floor(9)
    cut = {"spec": {"minReplicas": 2, "maxReplicas": 5}}
    api.patch("horizontalpodautoscalers", ns, "checkout", cut)
    wait_for("written again once", lambda: shop.bounds()[0] == 9)
    time.sleep(1.2)
    api.patch("horizontalpodautoscalers", ns, "checkout", cut)
    wait_for("said so", lambda: "FieldYielded" in shop.reasons())
    time.sleep(2)
    assert shop.bounds() == (2, 5)
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
    assert shop.bounds() == (2, 5), "nor is it taken back at the end"


def test_a_person_above_us_keeps_what_they_set(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=6)
    shop.reach_floor(9)
    api.patch("horizontalpodautoscalers", ns, "checkout", {"spec": {"minReplicas": 10}})
    time.sleep(2)
    assert shop.bounds()[0] == 10
    shop.reach("Completed")
    assert shop.bounds()[0] == 10


def test_a_corrupt_record_is_never_guessed_at_and_the_named_command_repairs_it(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=5)
    shop.reach_floor(9)
    text = shop.autoscaler()["metadata"]["annotations"][HOLDS]
    api.patch("horizontalpodautoscalers", ns, "checkout", {"metadata": {"annotations": {HOLDS: text.replace('"baseline":3', '"baseline":1')}}})
    note = wait_for("reported", lambda: [one["note"] for one in api.list("events", ns) if one["reason"] == "LedgerCorrupt"])[0]
    time.sleep(6)
    assert shop.bounds()[0] == 9, "the end has passed; capacity stays while nobody knows what was there before"
    condition = [one["message"] for one in shop.event()["status"]["conditions"] if one["reason"] == "LedgerCorrupt"]
    commands = {text.split("Repair from the second copy in the event's status with: ")[-1] for text in [note, *condition]}
    assert len(commands) == 1 and condition, f"the Event and the condition name one command: {commands}"
    command = shlex.split(commands.pop())
    assert command[:2] == ["kubectl", "annotate"], command
    kubectl(*command[1:])
    shop.reach("Completed")
    shop.assert_untouched()


def test_an_annotation_that_is_stripped_comes_back_from_the_second_copy(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=6)
    shop.reach_floor(9)
    api.patch("horizontalpodautoscalers", ns, "checkout", {"metadata": {"annotations": {HOLDS: None}, "labels": {LABEL: None}}})
    must_become("written again", lambda: HOLDS in shop.autoscaler()["metadata"].get("annotations", {}))
    shop.reach("Completed")
    shop.assert_untouched()


def test_an_autoscaler_made_anew_in_mid_sale_is_held_again(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=8)
    shop.reach_floor(9)
    api.delete("horizontalpodautoscalers", ns, "checkout")
    time.sleep(0.5)
    shop.hpa("checkout", 4, 11)
    shop.reach_floor(9)
    shop.reach("Completed")
    shop.assert_untouched(4, 11)


def test_an_autoscaler_made_anew_with_our_value_in_it_gets_the_old_baseline(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=8)
    shop.reach_floor(9)
    saved = copy.deepcopy(shop.autoscaler())
    api.delete("horizontalpodautoscalers", ns, "checkout")
    saved["metadata"] = {"name": "checkout", "namespace": ns, "annotations": saved["metadata"]["annotations"], "labels": saved["metadata"]["labels"]}
    saved.pop("status", None)
    api.create("horizontalpodautoscalers", ns, saved)
    shop.reach("Completed")
    must_become("the old baseline", lambda: shop.bounds() == (3, 10))


def test_an_owned_autoscaler_is_refused_by_its_owners_name(api, ns):
    shop = Shop(api, ns)
    owner = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "checkout-scaler", "uid": "0c1b2f3e-0000-4000-8000-000000000000", "controller": True}
    # The garbage collector would remove what names an owner that does not exist: a living one stands in.
    account = api.get("serviceaccounts", ns, "sale")
    owner.update(apiVersion="v1", kind="ServiceAccount", name="sale", uid=account["metadata"]["uid"])
    api.patch("horizontalpodautoscalers", ns, "checkout", {"metadata": {"ownerReferences": [owner]}})
    shop.sale(begins=2, lasts=3)
    rows = wait_for("refused", lambda: [row for row in shop.event().get("status", {}).get("targets", []) if "sale" in row.get("message", "")])
    assert "ServiceAccount" in rows[0]["message"], rows
    assert shop.bounds() == (3, 10)


def test_a_json_patch_of_another_field_does_not_disturb(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3, lasts=6)
    shop.reach_floor(9)
    api.patch("horizontalpodautoscalers", ns, "checkout", [{"op": "add", "path": "/metadata/labels/team", "value": "red"}], content_type=JSON_PATCH)
    shop.reach("Completed")
    shop.assert_untouched()
    assert shop.autoscaler()["metadata"]["labels"]["team"] == "red"


def helm_upgrades_in_mid_sale(shop, *options):
    """An upgrade that leaves the autoscaler as it was in the chart, one that changes it, and one after the sale."""
    shop.reach("Live")
    shop.upgrade("--set", "tag=v2", *options)
    assert shop.image() == "shop/checkout:v2"
    wait_for("the floor stands", lambda: shop.bounds()[0] == 9)
    shop.upgrade("--set", "tag=v2,low=4", *options)
    wait_for("the floor stands", lambda: shop.bounds()[0] == 9)
    wait_for("the chart's new value is the baseline", lambda: '"baseline":4' in shop.autoscaler()["metadata"]["annotations"][HOLDS])
    assert shop.phase() == "Live", shop.phase()
    shop.reach("Completed", seconds=60)
    shop.assert_untouched(4, 10)
    # And as if there had been no sale: the next upgrade neither fights nor brings anything back.
    shop.upgrade("--set", "tag=v3,low=5")
    assert shop.image() == "shop/checkout:v3"
    shop.assert_untouched(5, 10)


def test_helm_3_upgrades_in_mid_sale(api, ns):
    shop = HelmRelease(api, ns, "helm3")
    shop.sale(begins=5, lasts=20)
    shop.reach_floor(9)
    helm_upgrades_in_mid_sale(shop)


def test_helm_4_upgrades_in_mid_sale_when_told_to_force_conflicts(api, ns):
    shop = HelmRelease(api, ns, "helm4")
    shop.sale(begins=5, lasts=25)
    shop.reach_floor(9)
    # It applies on the server's side, where whoever wrote a field last owns it, and does not force by default. See README.
    refusal = shop.upgrade("--set", "tag=v2", fails=True)
    assert 'conflicts with "doorbuster"' in refusal and "minReplicas" in refusal, refusal
    assert shop.bounds()[0] == 9
    helm_upgrades_in_mid_sale(shop, "--force-conflicts")
