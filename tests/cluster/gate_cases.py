"""Gates of a release: who may let it pass, by the real admission policy; a Service is switched, so that no router is needed."""

import time

from action_cases import answered, ask, condition
from api import ApiError
from harness import Shop, wait_for
from router_cases import Switch


def gated(shop, gate, **blue_green):
    """A sale that ships v2 through the gate `board`."""
    switch = Switch(shop)
    rollout = {"name": "v2", "target": {"name": "checkout"}, "patch": {"spec": {"containers": [{"name": "app", "image": "shop/checkout:v2"}]}},
               "strategy": {"blueGreen": {"preview": "1s", "hold": "1s", **blue_green}}, "traffic": {"service": {"name": "checkout"}},
               "bake": "3s", "drain": "2s", "deadline": "20s"}
    shop.sale(begins=-1, lasts=600, targets=[], rollouts=[rollout], gates=[{"name": "board", "approval": gate}])
    return switch


def member(shop, name, *verbs):
    """Somebody who may create SaleActions, and these verbs on the sale."""
    return shop.somebody(name, [
        {"apiGroups": ["doorbuster.dev"], "resources": ["saleactions"], "verbs": ["create"]},
        {"apiGroups": ["doorbuster.dev"], "resources": ["saleevents"], "resourceNames": ["flash"], "verbs": list(verbs)}])


def approve(shop, who, name, **more):
    me = f"system:serviceaccount:{shop.ns}:{name}"
    return ask(shop, "Approve", f"by-{name}-{len(shop.api.list('saleactions', shop.ns))}", api=who, gate="board",
               **{"requestedBy": me, "groups": [f"system:serviceaccounts:{shop.ns}"], **more})


def test_a_switch_waits_for_two_people_of_a_group(api, ns):
    shop = Shop(api, ns)
    switch = gated(shop, {"count": 2, "groups": [f"system:serviceaccounts:{ns}"]}, previewApproval="board")
    ada, eve, grace = member(shop, "ada", "approve"), member(shop, "eve", "promote"), member(shop, "grace", "approve")
    row = switch.release.becomes("AwaitingApproval")
    assert row["message"] == "board: 0 of 2 approvals" and row["weight"] == 0, row
    for who, name, more in ((eve, "eve", {}), (ada, "ada", {"requestedBy": "grace"}), (ada, "ada", {"groups": ["system:masters"]})):
        try:
            approve(shop, who, name, **more)
            raise AssertionError(f"passed: {name} {more}")
        except ApiError as error:
            assert error.status == 403, (error.status, error)
    refused = answered(shop, approve(shop, ada, "ada", groups=[]), "Refused")
    assert condition(refused, "Accepted") == "False NotAllowed", refused["status"]
    answered(shop, approve(shop, ada, "ada"), "Complete")
    again = answered(shop, approve(shop, ada, "ada"), "Complete")
    assert condition(again, "Accepted") == "True NothingToDo", again["status"]
    wait_for("one of two", lambda: switch.release.row()["message"].startswith("board: 1 of 2 approvals"))
    promoted = answered(shop, ask(shop, "Promote"), "Refused")
    assert condition(promoted, "Accepted") == "False AwaitingApproval", promoted["status"]
    answered(shop, approve(shop, grace, "grace"), "Complete")
    switch.release.becomes("Promoted")
    switch.is_as_before()
    switch.release.alone()
    by = {one["by"].rpartition(":")[2] for one in shop.event()["status"]["decisions"] if one["kind"] == "Approve"}
    assert by == {"ada", "grace"}, by


def test_a_release_that_is_rejected_at_a_gate_goes_back(api, ns):
    shop = Shop(api, ns)
    switch = gated(shop, {}, approval="board")
    switch.release.has_weight(100)
    switch.release.becomes("AwaitingApproval")
    answered(shop, ask(shop, "Reject", gate="board", reason="the cart is slow"), "Complete")
    row = switch.release.becomes("RolledBack")
    assert "rejected: the cart is slow" in row["message"], row
    switch.is_as_before()
    switch.serves("v1")
    switch.release.alone()


def test_a_release_that_waits_for_people_is_rolled_back_beyond_its_deadline(api, ns):
    shop = Shop(api, ns)
    switch = gated(shop, {"twoPeople": True}, approval="board")
    switch.release.becomes("AwaitingApproval")
    time.sleep(22)
    assert switch.release.row()["state"] == "AwaitingApproval", switch.release.row()
    answered(shop, ask(shop, "RollBack"), "Complete", 60)
    switch.is_as_before()
    switch.serves("v1")
    switch.release.alone()
