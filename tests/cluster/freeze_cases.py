"""What runs is frozen while a sale asks for it: on the real API server, with the shipped admission policy."""

import contextlib
import itertools

from action_cases import answered, ask, condition
from harness import ApiError, Shop, kubectl_sale, wait_for


DEPLOYER = [{"apiGroups": ["apps"], "resources": ["deployments", "deployments/scale"], "verbs": ["get", "patch", "update"]},
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "patch", "create"]},
            {"apiGroups": ["doorbuster.dev"], "resources": ["saleactions"], "verbs": ["create"]}]


def another(numbers=itertools.count(100)):  # noqa: B008 (one sequence for all)
    """A version that was not there before."""
    return f"v{next(numbers)}"


def release(who, shop, version):
    """Somebody ships a version; what the API server says when it refuses."""
    image = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": f"shop/checkout:{version}",
                                                            "resources": {"requests": {"cpu": "10m"}}}]}}}}
    try:
        who.patch("deployments", shop.ns, "checkout", image)
        return None
    except ApiError as error:
        assert error.status == 403, (error.status, error)
        return str(error)


def configure(who, shop, name, value):
    try:
        who.patch("configmaps", shop.ns, name, {"data": {"limit": value}})
        return None
    except ApiError as error:
        assert error.status == 403, (error.status, error)
        return str(error)


def frozen(shop):
    return shop.event()["metadata"].get("labels", {}).get("doorbuster.dev/frozen")


def state(shop):
    return shop.event().get("status", {}).get("freeze", {}).get("state")


def test_what_runs_changes_only_for_who_may_break_the_glass(api, ns):
    shop = Shop(api, ns)
    dev = shop.somebody("dev", DEPLOYER)
    boss = shop.somebody("boss", DEPLOYER + [{"apiGroups": ["doorbuster.dev"], "resources": ["saleevents"], "verbs": ["breakglass"]}])
    for name in ("app-config", "other"):
        dev.create("configmaps", ns, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"limit": "1"}})
    assert release(dev, shop, "v2") is None
    shop.sale(begins=5, lasts=600, freeze={"from": "start", "until": "end", "configMaps": ["app-config"]})
    wait_for("it is frozen", lambda: state(shop) == "Frozen" and frozen(shop) == "true")
    # The policy's parameters reach the API server's own cache a moment later; what passes until then is no change the next time.
    refused = wait_for("a release is refused", lambda: release(dev, shop, another()), 90)
    assert "frozen by SaleEvent flash" in refused and "BreakGlass" in refused, refused
    wait_for("the named ConfigMap is refused", lambda: configure(dev, shop, "app-config", another()), 15)
    assert configure(dev, shop, "other", "2") is None, "only what is named"
    dev.patch("deployments", ns, "checkout", {"metadata": {"labels": {"team": "x"}}})  # no template
    shop.reach_floor(9)  # the sale raises all the same
    wait_for("scaling goes on", lambda: shop.ready("checkout") == 9)
    assert release(boss, shop, "v4") is None and configure(boss, shop, "app-config", "3") is None
    assert condition({"status": shop.event()["status"]}, "Ready").startswith("True"), shop.event()["status"]
    ask(shop, "EndNow")
    answered(shop, "endnow", "Complete")
    wait_for("it is over", lambda: state(shop) == "Over" and frozen(shop) is None)
    wait_for("a release passes", lambda: release(dev, shop, "v5") is None, 15)
    wait_for("both are told", lambda: {"FreezeBegan", "FreezeEnded"} <= shop.reasons())


def test_a_freeze_is_lifted_by_an_action_of_who_may(api, ns):
    shop = Shop(api, ns)
    dev = shop.somebody("dev", DEPLOYER)
    shop.sale(begins=3000, lasts=600, freeze={"from": "-1h"})
    wait_for("it is frozen", lambda: state(shop) == "Frozen")
    wait_for("a release is refused", lambda: release(dev, shop, another()), 90)
    with contextlib.suppress(ApiError):
        ask(shop, "BreakGlass", name="no", api=dev, requestedBy=f"system:serviceaccount:{ns}:dev")
        raise AssertionError("a developer broke the glass")
    code, out, said = kubectl_sale("break-glass", "flash", "-n", ns, "-y", "--reason", "the hotfix")
    assert code == 0, (code, out, said)
    wait_for("it is lifted", lambda: state(shop) == "Lifted" and frozen(shop) is None)
    wait_for("a release passes", lambda: release(dev, shop, "v3") is None, 15)
    assert "the hotfix" in shop.event()["status"]["freeze"]["message"], shop.event()["status"]["freeze"]
    code, out, said = kubectl_sale("break-glass", "flash", "-n", ns, "-y", "--reason", "again")
    assert code == 0 and "already" in said, (code, said)
