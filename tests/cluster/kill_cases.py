"""The operator dies: at every write of a window, and at random."""

import os
import random
import time

from harness import Kept, Operator, Shop, must_become, wait_for
from proxy import ANSWERED, BEFORE, FORWARDED, Proxy


class Immortal(Kept):
    """An operator narrowed to one namespace, behind a proxy, started again whenever it dies."""

    def __init__(self, api, ns):
        self.proxy = Proxy(api, os.environ["DOORBUSTER_CLUSTER_DIR"])
        super().__init__(Operator(api, ns, server=f"https://127.0.0.1:{self.proxy.port}", namespaces=[ns], install=ns, lease=ns,
                                  extra=["--lease-duration", "3s", "--renew-deadline", "2s", "--retry-period", "200ms"]))

    def close(self):
        super().close()
        self.proxy.close()


def window(api, ns, kill=None, seconds=60):
    """One whole window under an operator that `kill` may end; how many writes it made."""
    shop = Shop(api, ns)
    immortal = Immortal(api, ns)
    try:
        if kill:
            immortal.proxy.kill_at = (*kill, immortal.kill)
        shop.sale(begins=5, lasts=4)
        shop.reach("Completed", seconds=seconds)
        shop.assert_untouched()
        must_become("the finalizer is off", lambda: not shop.event()["metadata"].get("finalizers"))
        if kill and immortal.proxy.kill_at is None:
            assert immortal.deaths >= 1
        return len(immortal.proxy.writes)
    except AssertionError as error:
        error.add_note(f"writes: {immortal.proxy.writes}\n{immortal.operator.tail()}")
        raise
    finally:
        immortal.close()


# A window makes about 16 writes: finalizer, statuses, two steps up, two down, the restore, the removed trace. Every kind of
# write is hit in each run; every one of them, at each of the three moments, with --all.
def _kill(number, when):
    def test(api, ns):
        window(api, ns, (number, when))

    return test


for _number in range(1, 19):
    for _when in (BEFORE, FORWARDED, ANSWERED):
        _test = _kill(_number, _when)
        _test.only_all = (_number + (BEFORE, FORWARDED, ANSWERED).index(_when)) % 3 != 0
        globals()[f"test_killed_{_when.replace(' ', '_')}_write_{_number:02}"] = _test


def _seeded(seed):
    def test(api, ns):
        dice = random.Random(seed)
        shop = Shop(api, ns)
        immortal = Immortal(api, ns)
        try:
            shop.sale(begins=5, lasts=4)
            for _ in range(dice.randint(1, 3)):
                time.sleep(dice.uniform(0.2, 5))
                immortal.kill()
            shop.reach("Completed", seconds=60)
            shop.assert_untouched()
        except AssertionError as error:
            error.add_note(f"seed {seed}\n{immortal.proxy.writes}\n{immortal.operator.tail()}")
            raise
        finally:
            immortal.close()

    return test


for _seed in range(50):
    _test = _seeded(_seed)
    _test.only_all = _seed >= 10
    globals()[f"test_killed_at_random_seed_{_seed:02}"] = _test


def test_a_window_without_any_death_makes_a_bounded_number_of_writes(api, ns):
    count = window(api, ns)
    assert count <= 40, count


def test_two_operators_at_once_act_as_one(api, ns):
    shop = Shop(api, ns)
    both = [Operator(api, f"{ns}-{i}", namespaces=[ns], install=ns, lease=ns,
                     extra=["--lease-duration", "3s", "--renew-deadline", "2s", "--retry-period", "200ms"]).start() for i in (1, 2)]
    try:
        shop.sale(begins=6, lasts=5)
        shop.reach("Live")
        both[0].kill()
        time.sleep(1)
        shop.reach("Completed", seconds=60)
        shop.assert_untouched()
    finally:
        for one in both:
            one.stop()


def test_a_partitioned_leader_writes_nothing_while_the_second_acts(api, ns):
    shop = Shop(api, ns)
    proxy = Proxy(api, os.environ["DOORBUSTER_CLUSTER_DIR"])
    timing = ["--lease-duration", "3s", "--renew-deadline", "2s", "--retry-period", "200ms"]
    first = Operator(api, f"{ns}-1", server=f"https://127.0.0.1:{proxy.port}", namespaces=[ns], install=ns, lease=ns, extra=timing).start()
    try:
        wait_for("the first leads", lambda: (api.find("leases", "doorbuster-system", ns) or {}).get("spec", {}).get("holderIdentity"))
        second = Operator(api, f"{ns}-2", namespaces=[ns], install=ns, lease=ns, extra=timing).start()
        try:
            shop.sale(begins=6, lasts=8)
            shop.reach_floor(9)
            proxy.partition(True)
            wait_for("the first gives up by itself", lambda: not first.running(), 20)
            count = len(proxy.writes)
            shop.reach("Completed", seconds=60)
            shop.assert_untouched()
            assert len(proxy.writes) == count
        finally:
            second.stop()
    finally:
        proxy.partition(False)
        first.kill()
        proxy.close()
