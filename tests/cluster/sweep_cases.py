"""Events that go without their operator: what they held is found and put back, what was made for them removed."""

import time

from harness import HOLDS, Operator, Shop, must_become, traces_on, wait_for
from headroom_cases import FLOOR, TightShop, preempted
from keda_cases import Keda
from prepull_cases import PullingShop

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


def test_a_scaled_object_whose_event_died_comes_back_by_steps_and_keda_is_not_fought(api, ns):
    """KEDA copies our record to its autoscaler: that is not ours to write, also when nobody answers for the record any more."""
    shop = Shop(api, ns, autoscaler=False)
    operator = Operator(api, ns, namespaces=[ns], install=ns, lease=ns, extra=QUICK).start()
    try:
        with Keda(shop) as keda:
            keda.scaled_object(minReplicaCount=3, maxReplicaCount=10)
            shop.sale(begins=3, lasts=600, targets=[shop.target(replicas=5)])
            copied = lambda: HOLDS in shop.autoscaler("keda-hpa-checkout")["metadata"].get("annotations", {})  # noqa: E731
            wait_for("the floor stands", lambda: keda.bounds()[0] == 5 and copied())
            operator.kill()
            api.patch("saleevents", ns, "flash", {"metadata": {"finalizers": None}})
            api.delete("saleevents", ns, "flash")
            wait_for("the event is gone", lambda: api.find("saleevents", ns, "flash") is None)
            operator.start()
            wait_for("put back", lambda: keda.bounds() == (3, 10) and not traces_on(keda.found()), 240)
            wait_for("KEDA follows", lambda: not copied())
            keda.assert_only_scaled_objects_written()
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


def test_the_scheduler_gives_real_pods_the_place_though_the_operator_is_dead_and_the_rest_is_swept(api, ns):
    shop = TightShop(api, ns)
    operator = Operator(api, ns, namespaces=[ns], install=ns, lease=ns, extra=QUICK).start()
    try:
        shop.sale_with_room(lead="1h", prepare="1m", begins=600, lasts=60)
        shop.await_placed()
        deployment = shop.room()
        names = {one["metadata"]["name"] for one in shop.pods_of(deployment)}
        operator.kill()
        # Ten places, ten taken: the six find one only where a placeholder goes.
        api.patch("horizontalpodautoscalers", ns, "checkout", {"spec": {"minReplicas": FLOOR}})
        wait_for("the real pods are ready", lambda: shop.ready("checkout") == FLOOR)
        wait_for("six made way", lambda: len(preempted(api, names)) >= 6)
        wait_for("one is left: the others find no room, and push nobody away", lambda: shop.placed() == 1)
        assert shop.ready("checkout") == FLOOR
        api.delete("saleevents", ns, "flash")
        wait_for("the event is gone", lambda: api.find("saleevents", ns, "flash") is None)
        assert shop.room() is not None
        operator.start()
        must_become("the sweep finds what it left", lambda: shop.room() is None and not shop.pods_of(deployment), 30)
        time.sleep(1)
        assert shop.bounds() == (FLOOR, 10), "nothing else was touched"
    finally:
        operator.stop()
        shop.close()


def test_what_pulls_images_goes_with_its_event_though_no_operator_runs(api, ns):
    shop = PullingShop(api, ns)
    operator = Operator(api, ns, namespaces=[ns], install=ns, lease=ns, extra=QUICK).start()
    try:
        shop.sale_with_pulls(lead="1h", prepare="1m", begins=600, lasts=60)
        wait_for("it pulls", lambda: shop.row().get("state") == "Pulled")
        operator.kill()
        api.delete("saleevents", ns, "flash")
        wait_for("the event is gone", lambda: api.find("saleevents", ns, "flash") is None)
        must_become("nothing pulls", lambda: shop.puller() is None and not shop.pullers(), 40)
    finally:
        operator.stop()
        shop.close()
