"""What people do with a sale by SaleActions: on the real API server, with the shipped admission policy."""

from harness import ApiError, Shop, kubectl_sale, traces_on, wait_for


def ask(shop, verb, name=None, api=None, **spec):
    """Creates a SaleAction; its name."""
    name = name or verb.lower()
    (api or shop.api).create("saleactions", shop.ns, {
        "apiVersion": "doorbuster.dev/v1alpha1", "kind": "SaleAction", "metadata": {"name": name},
        "spec": {"event": "flash", "action": verb, **spec}})
    return name


def condition(action, kind):
    for one in action.get("status", {}).get("conditions", []):
        if one["type"] == kind:
            return f"{one['status']} {one['reason']}"
    return None


def answered(shop, name, state, seconds=30):
    """The action, once it is in this state."""
    def there():
        found = shop.api.get("saleactions", shop.ns, name)
        return found if found.get("status", {}).get("state") == state else None
    return wait_for(f"{name} is {state}", there, seconds)


def test_a_sale_is_extended_and_then_ended_by_the_commands(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=5, lasts=12, prepare="4s")
    shop.reach("Live")
    code, out, said = kubectl_sale("extend", "flash", "--by", "10m", "-n", ns, "-y", "--reason", "the queue is long")
    assert code == 0 and out.startswith("saleaction.doorbuster.dev/flash-extend-"), (code, out, said)
    name = out.strip().split("/")[1]
    action = answered(shop, name, "Complete")
    assert condition(action, "Verified") == "True Verified", action["status"]
    assert action["spec"]["requestedBy"] and action["spec"]["reason"] == "the queue is long", action["spec"]
    owner = wait_for("it goes with its event", lambda: api.get("saleactions", ns, name)["metadata"].get("ownerReferences"))
    assert owner[0]["uid"] == shop.event()["metadata"]["uid"], owner
    written = shop.event()["spec"]["window"]["end"]
    wait_for("the end as written is past", lambda: shop.event()["status"]["window"]["end"] > written and shop.phase() == "Live")
    shop.reach_floor(9)
    code, out, said = kubectl_sale("end-now", "flash", "-n", ns)
    assert code == 2 and "-y" in said, (code, said)  # nobody can be asked
    code, out, said = kubectl_sale("end-now", "flash", "-n", ns, "-y", "--wait", "complete")
    assert code == 0, (code, out, said)
    shop.reach("Completed", seconds=60)
    shop.assert_untouched()
    code, out, said = kubectl_sale("restore", "flash", "-n", ns, "-y")
    assert code == 0 and "everything is back" in said, (code, said)
    code, out, said = kubectl_sale("extend", "flash", "--by", "10m", "-n", ns, "-y")
    assert code == 10 and "window" in said, (code, said)
    decisions = [(one["kind"], one.get("by")) for one in shop.event()["status"]["decisions"]]
    assert [kind for kind, _ in decisions] == ["Began", "Extend", "EndNow", "Completed"], decisions
    wait_for("it is told", lambda: "ActionAccepted" in shop.reasons())


def test_an_abort_puts_everything_back_though_the_event_is_suspended(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=5, lasts=600)
    shop.reach("Live")
    shop.reach_floor(9)
    api.patch("saleevents", ns, "flash", {"spec": {"suspend": True}})
    shop.reach("Suspended")
    refused = answered(shop, ask(shop, "Restore"), "Refused")
    assert condition(refused, "Accepted") == "False SaleIsOn", refused["status"]
    assert shop.bounds()[0] == 9, "a live sale keeps its capacity"
    ask(shop, "Abort", reason="the warehouse burns")
    action = answered(shop, "abort", "Complete", 60)
    assert action["status"]["firstWriteAt"] and condition(action, "Verified") == "False NotStated", action["status"]
    shop.assert_untouched()
    api.patch("saleevents", ns, "flash", {"spec": {"suspend": False}})
    wait_for("it says so", lambda: shop.condition("Ready").get("reason") == "CompletedWithAbort")
    assert "the warehouse burns" in shop.condition("Ready")["message"], shop.condition("Ready")


def test_an_action_that_cannot_be_done_is_told_so(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3000, lasts=600)
    shop.reach("Scheduled")
    for verb, reason, more in (("EndNow", "NotBegun", {}), ("RollBack", "NoRollouts", {}), ("Degrade", "NoDegradeLevels", {}),
                               ("Approve", "NoGates", {"gate": "g", "requestedBy": "kubernetes-admin"})):
        try:
            name = ask(shop, verb, **more)
        except ApiError as error:
            assert verb == "Approve" and "requestedBy must be" in str(error), error  # the administrator has another name here
            continue
        action = answered(shop, name, "Refused")
        assert condition(action, "Accepted") == f"False {reason}", action["status"]
        assert condition(action, "Stalled") == f"True {reason}", action["status"]
    try:
        api.patch("saleactions", ns, "endnow", {"spec": {"action": "Abort"}})
        raise AssertionError("a SaleAction was changed")
    except ApiError as error:
        assert "must not be changed" in str(error), error
    assert traces_on(shop.autoscaler()) == [], "nothing was written"


def test_an_action_without_its_event_is_refused(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    name = ask(shop, "Abort")
    action = answered(shop, name, "Refused", 30)
    assert condition(action, "Accepted") == "False NoSuchEvent", action["status"]


def test_the_policy_asks_for_the_verb_on_that_very_event(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=3000, lasts=600)
    ada = shop.somebody("ada", [
        {"apiGroups": ["doorbuster.dev"], "resources": ["saleactions"], "verbs": ["create"]},
        {"apiGroups": ["doorbuster.dev"], "resources": ["saleevents"], "resourceNames": ["flash"], "verbs": ["abort"]}])
    me = f"system:serviceaccount:{ns}:ada"
    for what, verb, spec in (("may not extend", "Extend", {"by": "5m"}), ("must be " + me, "Abort", {"requestedBy": "somebody"}),
                             ("groups", "Abort", {"groups": ["system:masters"]})):
        try:
            ask(shop, verb, api=ada, **spec)
            raise AssertionError(f"passed: {verb} {spec}")
        except ApiError as error:
            assert error.status == 403 and what in str(error), (error.status, error)
    ask(shop, "Abort", api=ada, requestedBy=me, groups=["system:serviceaccounts"])
    action = answered(shop, "abort", "Complete", 60)
    assert condition(action, "Verified") == "True Verified", action["status"]
    assert [one["by"] for one in shop.event()["status"]["decisions"] if one["kind"] == "Abort"] == [me]
