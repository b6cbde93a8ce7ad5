"""Events that go without their operator: what they held is found and put back."""

import time

from harness import HOLDS, Operator, Shop, wait_for

QUICK = ["--lease-duration", "3s", "--renew-deadline", "2s", "--retry-period", "200ms"]


def test_what_an_event_held_that_died_while_the_operator_was_down_comes_back_by_steps(api, ns):
    shop = Shop(api, ns)
    operator = Operator(api, ns, namespaces=[ns], install=ns, lease=ns, extra=QUICK).start()
    try:
        shop.sale(begins=3, lasts=600, targets=[shop.target(replicas=5)])
        shop.reach_floor(5)
        operator.kill()
        api.patch("saleevents", ns, "flash", {"metadata": {"finalizers": None}})
        api.delete("saleevents", ns, "flash")
        wait_for("the event is gone", lambda: api.find("saleevents", ns, "flash") is None)
        assert shop.bounds()[0] == 5 and HOLDS in shop.autoscaler()["metadata"]["annotations"]
        operator.start()
        floors = []

        def restored():
            low = shop.bounds()[0]
            if not floors or floors[-1] != low:
                floors.append(low)
            return low == 3 and HOLDS not in shop.autoscaler()["metadata"].get("annotations", {})

        wait_for("put back", restored, 240)
        assert floors == [5, 4, 3], floors
        wait_for("no trace", lambda: not shop.traces(), 90)
        shop.assert_untouched()
        time.sleep(2)
        shop.assert_untouched()
    finally:
        operator.stop()


def test_what_another_event_still_holds_stays_when_the_first_one_dies(api, ns):
    shop = Shop(api, ns)
    operator = Operator(api, ns, namespaces=[ns], install=ns, lease=ns, extra=QUICK).start()
    try:
        shop.sale("flash", begins=3, lasts=600, targets=[shop.target(replicas=6)])
        shop.sale("spring", begins=3, lasts=600, targets=[shop.target(replicas=6)])
        shop.reach_floor(6)
        record = lambda: shop.autoscaler()["metadata"].get("annotations", {}).get(HOLDS, "")  # noqa: E731
        wait_for("both are on record", lambda: f"{ns}/flash" in record() and f"{ns}/spring" in record())
        operator.kill()
        api.patch("saleevents", ns, "flash", {"metadata": {"finalizers": None}})
        api.delete("saleevents", ns, "flash")
        operator.start()
        wait_for("the dead one is let go", lambda: f"{ns}/flash" not in record() and f"{ns}/spring" in record(), 90)
        assert shop.bounds()[0] == 6
    finally:
        operator.stop()
