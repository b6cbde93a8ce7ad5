"""The operator dies: at every write of a window, and at random."""

import os
import random
import threading
import time

from action_cases import answered, ask
from harness import Kept, NotThere, Operator, Shop, TimedOut, must_become, traces_on, wait_for
from proxy import ANSWERED, BEFORE, FINALIZER_OFF, FINALIZER_ON, FORWARDED, STATUS, TRACE, VALUES, Proxy
from router_cases import Switch

MOMENTS = (BEFORE, FORWARDED, ANSWERED)
HPA, DEPLOYMENT, MAP, EVENT = "horizontalpodautoscalers", "deployments", "configmaps", "saleevents"


class Immortal(Kept):
    """An operator narrowed to one namespace, behind a proxy, started again whenever it dies."""

    def __init__(self, api, ns):
        self.proxy = Proxy(api, os.environ["DOORBUSTER_CLUSTER_DIR"])
        super().__init__(Operator(api, ns, server=f"https://127.0.0.1:{self.proxy.port}", namespaces=[ns], install=ns, lease=ns,
                                  extra=["--lease-duration", "3s", "--renew-deadline", "2s", "--retry-period", "200ms"]))

    def close(self):
        super().close()
        self.proxy.close()


class Height:
    """Remembers the highest value that something ever had: a sale that was never there proves nothing."""

    def __init__(self, value):
        self.value, self.highest, self.ended = value, 0, False
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self):
        while not self.ended:
            try:
                self.highest = max(self.highest, int(self.value()))
            except Exception:  # pylint: disable=broad-except
                pass
            time.sleep(0.05)

    def must_have_been(self, value):
        self.ended = True
        self.thread.join()
        assert self.highest == value, f"at its height it was {self.highest}, not {value}"


def finished(shop, *names):
    for name in names:
        shop.reach("Completed", name, seconds=60)
        must_become("the finalizer is off", lambda name=name: not shop.event(name)["metadata"].get("finalizers"))


# The windows. Each is given its shop and `arm`, which it calls when the writes that may be the last begin.


def floor(api, ns, arm):
    """An autoscaler's floor, up and down."""
    shop = Shop(api, ns)
    height = Height(lambda: shop.bounds()[0])
    arm()
    shop.sale(begins=5, lasts=7)
    finished(shop, "flash")
    shop.assert_untouched()
    height.must_have_been(9)


def replicas(api, ns, arm):
    """A workload without an autoscaler."""
    shop = Shop(api, ns, autoscaler=False)
    workload = lambda: api.get(DEPLOYMENT, ns, "checkout")  # noqa: E731
    height = Height(lambda: workload()["spec"]["replicas"])
    arm()
    shop.sale(begins=5, lasts=7)
    finished(shop, "flash")
    assert workload()["spec"]["replicas"] == 3
    assert not traces_on(workload()), workload()["metadata"]
    height.must_have_been(9)


def absent(api, ns, arm):
    """Holds on a field that was not there and on one that was."""
    shop = Shop(api, ns)
    api.create(MAP, ns, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "edge"}, "data": {"other": "1"}})
    height = Height(lambda: api.get(MAP, ns, "edge")["data"]["ttl"])
    arm()
    shop.sale(begins=4, lasts=7, prepare="1s", cooldown="1s", targets=[],
              holds=[{"name": name, "object": {"kind": "ConfigMap", "name": "edge"}, "field": f"/data/{name}", "value": {"literal": "600"}}
                     for name in ("ttl", "other")])
    finished(shop, "flash")
    found = api.get(MAP, ns, "edge")
    assert found["data"] == {"other": "1"}, found
    assert not traces_on(found), found["metadata"]
    height.must_have_been(600)


def two_events(api, ns, arm):
    """Two sales on one field: the highest of the two, and the last one out puts back."""
    shop = Shop(api, ns)
    height = Height(lambda: shop.bounds()[0])
    arm()
    shop.sale("first", begins=5, lasts=6, targets=[shop.target(replicas=9)])
    ends = time.monotonic() + 5 + 16
    shop.sale("second", begins=5, lasts=16, targets=[shop.target(replicas=7)])
    shop.reach("Completed", "first", seconds=60)
    left = shop.bounds()[0]
    # Instants of a window are whole seconds: it ends up to one earlier.
    if time.monotonic() < ends - 1:
        assert left == 7, f"what the first leaves is the second's, not {left}"
    finished(shop, "first", "second")
    shop.assert_untouched()
    height.must_have_been(9)


def deleted(policy):
    def window(api, ns, arm):
        shop = Shop(api, ns)
        shop.sale(begins=3, lasts=120, deletionPolicy=policy)
        shop.reach_floor(9)
        wait_for("said so", lambda: shop.event()["status"]["targets"][0].get("state") == "Held")
        arm()
        api.delete(EVENT, ns, "flash")
        wait_for("gone", lambda: api.find(EVENT, ns, "flash") is None, 60)
        if policy == "Orphan":
            assert shop.bounds()[0] == 9
            assert not traces_on(shop.autoscaler()), shop.autoscaler()["metadata"]
        else:
            shop.assert_untouched()

    window.__doc__ = f"Deleted in mid-sale with policy {policy}."
    return window


class NeverEmpty:
    """Looks all the time whether somebody serves."""

    def __init__(self, serving):
        self.serving, self.empty, self.looks, self.ended = serving, 0, 0, False
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self):
        while not self.ended:
            found = self.serving()
            self.looks += 1
            self.empty += not found
            time.sleep(0.02)

    def must_hold(self):
        self.ended = True
        self.thread.join()
        assert self.looks > 10 and not self.empty, f"{self.empty} of {self.looks} times nobody served"


def released_back(api, ns, arm):
    """A release that serves by the selector of the Service is sent back."""
    shop = Shop(api, ns)
    switch = Switch(shop)
    switch.release.ship({"service": {"name": "checkout"}}, {"blueGreen": {"hold": "10m"}}, drain="1s")
    switch.release.has_weight(100)
    switch.serves("v2")
    served = NeverEmpty(switch.serving)
    arm()
    ask(shop, "RollBack")
    switch.release.becomes("RolledBack")
    answered(shop, "rollback", "Complete")
    switch.is_as_before()
    switch.serves("v1")
    switch.release.alone()
    assert switch.release.image() == "shop/checkout:v1"
    served.must_hold()


# By name: how many writes a window makes at least (so that number exists in every run) and at most without a death.
WINDOWS = {
    "floor": (floor, 10, 30),
    "replicas": (replicas, 10, 30),
    "absent": (absent, 5, 16),
    "two_events": (two_events, 16, 75),
    "deleted_ramp": (deleted("Ramp"), 3, 16),
    "deleted_immediate": (deleted("Immediate"), 3, 10),
    "deleted_orphan": (deleted("Orphan"), 2, 8),
    "released_back": (released_back, 12, 18),
}
killed_at = set()  # (kind of object, kind of write, moment): what this run of the suite has proved


def run_window(api, ns, window, kill=None):
    """One whole window under an operator that dies once at `kill` (which write, when); its writes since it was armed."""
    immortal = Immortal(api, ns)
    first = 0

    def arm():
        nonlocal first
        first = len(immortal.proxy.writes)
        if kill:
            immortal.proxy.kill_at = (lambda write: kill[0](write, first), kill[1], immortal.kill)

    try:
        window(api, ns, arm)
        writes = immortal.proxy.writes[first:]
        if kill:
            if immortal.proxy.killed is None:
                raise NotThere(f"no such write; there were {len(writes)}: {[(one.kind, one.what) for one in writes]}")
            # The last write of a window ends it, so the death itself may be seen only now.
            # More deaths than one: on a slow machine a lease of three seconds runs out now and then.
            must_become("it was killed and died", lambda: immortal.deaths >= 1)
            killed_at.add((immortal.proxy.killed.kind, immortal.proxy.killed.what, kill[1]))
        elif immortal.deaths:
            raise TimedOut(f"its lease ran out, {immortal.deaths} times")
        return writes
    except AssertionError as error:
        error.add_note(f"killed at {immortal.proxy.killed}\nwrites: {immortal.proxy.writes}\n{immortal.operator.tail()}")
        raise
    finally:
        immortal.close()


def _numbered(name, number, when):
    window, least, _ = WINDOWS[name]

    def test(api, ns):
        try:
            run_window(api, ns, window, (lambda write, first: write.number == first + number, when))
        except NotThere as error:
            assert number > least, f"write {number} must be there: {error}"
            raise

    return test


def _of_a_kind(name, kind, what, occurrence, when):
    def test(api, ns):
        seen = 0

        def chosen(write, _first):
            nonlocal seen
            seen += (write.kind, write.what) == (kind, what)
            return seen == occurrence and (write.kind, write.what) == (kind, what)

        try:
            run_window(api, ns, WINDOWS[name][0], (chosen, when))
        except NotThere as error:
            raise AssertionError(f"{kind}, {what}, number {occurrence}: {error}") from None

    return test


def _unharmed(name):
    window, least, most = WINDOWS[name]

    def test(api, ns):
        writes = run_window(api, ns, window)
        assert least <= len(writes) <= most, [(one.kind, one.what) for one in writes]

    return test


def _add(name, test, only_all):
    test.only_all = only_all
    globals()[f"test_{name.replace(' ', '_')}"] = test


# Every kind of write, at each moment, in the window that has all five; each other window at one point that its own name
# chooses; with --all every write of every window at each moment.
for _kind, _what, _most in ((EVENT, FINALIZER_ON, 1), (EVENT, STATUS, 3), (HPA, VALUES, 3), (HPA, TRACE, 1), (EVENT, FINALIZER_OFF, 1)):
    for _when in MOMENTS:
        _occurrence = random.Random(f"{_what} {_when}").randint(1, _most)
        _add(f"killed {_when} of {_kind} {_what} {_occurrence}", _of_a_kind("floor", _kind, _what, _occurrence, _when), False)
for _name, _kind in (("replicas", DEPLOYMENT), ("absent", MAP)):
    for _what in (VALUES, TRACE):
        _when = random.Random(f"{_kind} {_what}").choice(MOMENTS)
        _add(f"killed {_when} of {_kind} {_what}", _of_a_kind(_name, _kind, _what, 1, _when), False)
for _name, (_, _least, _most) in WINDOWS.items():
    _add(f"a window {_name} without any death makes a bounded number of writes", _unharmed(_name), False)
    _dice = random.Random(_name)
    _seeded = (_dice.randint(1, _least), _dice.choice(MOMENTS))
    for _number in range(1, _most + 1):
        for _when in MOMENTS:
            _add(f"killed in {_name} {_when} of write {_number:02}", _numbered(_name, _number, _when), _name == "floor" or (_number, _when) != _seeded)


def over_all():
    """What the whole suite must have done; one sentence for each thing that it has not."""
    wanted = {(kind, what, when) for kind, what in ((EVENT, FINALIZER_ON), (EVENT, STATUS), (HPA, VALUES), (HPA, TRACE), (EVENT, FINALIZER_OFF))
              for when in MOMENTS}
    missing = [f"nobody died {when} of {kind}, {what}" for kind, what, when in sorted(wanted - killed_at)]
    kinds = {(kind, what) for kind, what, _ in killed_at}
    return missing + [f"nobody died at {kind}, {what}" for kind in (DEPLOYMENT, MAP) for what in (VALUES, TRACE) if (kind, what) not in kinds]


def _seeded_times(seed):
    def test(api, ns):
        dice = random.Random(seed)
        shop = Shop(api, ns)
        immortal = Immortal(api, ns)
        try:
            shop.sale(begins=5, lasts=4)
            kills = dice.randint(1, 3)
            for number in range(kills):
                time.sleep(dice.uniform(0.2, 5))
                wait_for("it runs again", lambda number=number: immortal.deaths >= number and immortal.operator.running())
                immortal.kill()
            shop.reach("Completed", seconds=60)
            shop.assert_untouched()
            assert immortal.deaths >= kills, f"died {immortal.deaths} times, killed {kills} times"
        except AssertionError as error:
            error.add_note(f"seed {seed}\n{immortal.proxy.writes}\n{immortal.operator.tail()}")
            raise
        finally:
            immortal.close()

    return test


for _seed in range(50):
    _add(f"killed at random seed {_seed:02}", _seeded_times(_seed), _seed >= 10)


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
