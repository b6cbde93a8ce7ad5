"""SaleSchedules: events created ahead, kept apart, let go of, and left alone when their schedule goes."""

import contextlib
import datetime

from api import ApiError
from harness import Operator, Shop, instant, utc, wait_for

QUICK = ["--lease-duration", "3s", "--renew-deadline", "2s", "--retry-period", "200ms"]
# Least that createAhead may be with a preparation of 4 s.
AHEAD = 3604


@contextlib.contextmanager
def operator_of(shop):
    """An operator for this namespace alone."""
    operator = Operator(shop.api, shop.ns, namespaces=[shop.ns], install=shop.ns, lease=shop.ns)
    operator.command += QUICK
    operator.start()
    try:
        yield operator
    finally:
        operator.stop()


def name_of(start):
    return start.strftime("flash-%Y%m%dt%H%M%Sz").lower()


def schedule(shop, starts, duration="60s", **spec):
    """A schedule of these starts alone (cron that never comes), with what a sale of the shop needs."""
    window = {"prepare": "4s", "cooldown": "4s"}
    body = {"apiVersion": "doorbuster.dev/v1alpha1", "kind": "SaleSchedule", "metadata": {"name": "flash", "namespace": shop.ns},
            "spec": {"schedule": "0 0 30 2 *", "duration": duration, "createAhead": f"{AHEAD}s", "also": [instant(one) for one in starts],
                     "template": {"spec": {"window": window, "serviceAccountName": "sale", "capacity": {"targets": [shop.target()]}}}, **spec}}
    shop.api.create("saleschedules", shop.ns, body)


def events(shop):
    return {one["metadata"]["name"]: one for one in shop.api.list("saleevents", shop.ns)}


def status(shop):
    return shop.api.get("saleschedules", shop.ns, "flash").get("status", {})


def states(shop):
    return {one["name"]: one["state"] for one in status(shop).get("occurrences", [])}


def whole(seconds):
    return utc(seconds).replace(microsecond=0)


def test_an_event_is_created_ahead_carried_out_and_pruned(api, ns):
    shop = Shop(api, ns)
    soon, ahead, far = whole(12), whole(AHEAD + 8), whole(AHEAD + 3600)
    with operator_of(shop):
        schedule(shop, [soon, ahead, far], duration="60s", history={"completed": 0})
        wait_for("the near one is there", lambda: name_of(soon) in events(shop))
        assert name_of(ahead) not in events(shop), "not before its time"
        first = events(shop)[name_of(soon)]
        assert first["spec"]["window"]["start"] == instant(soon) and first["spec"]["window"]["prepare"] == "4s", first["spec"]
        wait_for("the one ahead is there", lambda: name_of(ahead) in events(shop), 20)
        assert name_of(far) not in events(shop)
        owned = events(shop)[name_of(ahead)]["metadata"]["ownerReferences"]
        assert [one["kind"] for one in owned] == ["SaleSchedule"] and not owned[0]["blockOwnerDeletion"], owned
        shop.reach_floor(9)
        wait_for("status names both", lambda: states(shop) == {name_of(soon): "Created", name_of(ahead): "Created"})
        seen = status(shop)
        assert seen["observedGeneration"] == 1 and seen["active"] == 2, seen
        # History keeps none: it goes once it has put everything back.
        wait_for("the first is over and pruned", lambda: name_of(soon) not in events(shop), 120)
        shop.assert_untouched()
        assert states(shop)[name_of(soon)] == "Created", "pruned is not deleted by hand"
        # What it showed outlives it and is taken over.
        shown = status(shop)["lastRun"]
        assert shown["event"] == name_of(soon) and shown["targets"][0]["lastRun"]["floor"] == 9, shown
        last_run = lambda: events(shop)[name_of(ahead)]["status"]["targets"][0].get("lastRun")  # noqa: E731
        wait_for("the next one knows", lambda: last_run() == shown["targets"][0]["lastRun"])
        reasons = {one["reason"] for one in api.list("events", ns) if one.get("regarding", {}).get("kind") == "SaleSchedule"}
        assert "OccurrenceCreated" in reasons, reasons


def test_a_sale_that_would_overlap_is_left_out(api, ns):
    shop = Shop(api, ns)
    start = whole(600)
    close, apart = start + datetime.timedelta(seconds=66), start + datetime.timedelta(seconds=140)
    with operator_of(shop):
        schedule(shop, [start, close, apart])
        wait_for("all are decided", lambda: states(shop) == {name_of(start): "Created", name_of(close): "Overlaps", name_of(apart): "Created"})
        assert set(events(shop)) == {name_of(start), name_of(apart)}
        api.patch("saleschedules", ns, "flash", {"spec": {"concurrency": "Allow"}})
        wait_for("allowed, it is created", lambda: name_of(close) in events(shop))


def test_deleting_a_schedule_leaves_what_prepares(api, ns):
    shop = Shop(api, ns)
    soon, later = whole(8), whole(1200)
    with operator_of(shop):
        schedule(shop, [soon, later])
        wait_for("both are there", lambda: set(events(shop)) == {name_of(soon), name_of(later)})
        shop.reach_floor(9)
        assert "ownerReferences" not in events(shop)[name_of(soon)]["metadata"]
        assert "ownerReferences" in events(shop)[name_of(later)]["metadata"]
        api.delete("saleschedules", ns, "flash")
        wait_for("the one ahead goes", lambda: set(events(shop)) == {name_of(soon)})
        assert shop.bounds()[0] == 9, "the one that runs goes on"
        shop.reach("Completed", name_of(soon), 150)
        shop.assert_untouched()


def test_a_schedule_deleted_without_an_operator_takes_along_only_what_has_not_begun(api, ns):
    shop = Shop(api, ns)
    soon, later = whole(8), whole(1200)
    with operator_of(shop):
        schedule(shop, [soon, later], duration="600s")
        shop.reach_floor(9)
    api.delete("saleschedules", ns, "flash")
    wait_for("the one ahead goes", lambda: set(events(shop)) == {name_of(soon)})
    assert "deletionTimestamp" not in events(shop)[name_of(soon)]["metadata"]
    with operator_of(shop):
        api.delete("saleevents", ns, name_of(soon))
        wait_for("it restores", lambda: not events(shop), 60)
        shop.assert_untouched()


def test_an_edit_makes_anew_what_has_not_begun_and_a_deletion_by_hand_stays(api, ns):
    shop = Shop(api, ns)
    one, two = whole(900), whole(1800)
    with operator_of(shop):
        schedule(shop, [one, two])
        wait_for("both are there", lambda: set(events(shop)) == {name_of(one), name_of(two)})
        first = events(shop)[name_of(one)]
        api.delete("saleevents", ns, name_of(two))
        wait_for("that is noted", lambda: states(shop).get(name_of(two)) == "Deleted")
        api.patch("saleschedules", ns, "flash", {"spec": {"template": {"spec": {"deletionPolicy": "Immediate"}}}})
        wait_for("it is made anew", lambda: events(shop).get(name_of(one), first)["metadata"]["uid"] != first["metadata"]["uid"])
        assert events(shop)[name_of(one)]["spec"]["deletionPolicy"] == "Immediate"
        assert name_of(two) not in events(shop)


def test_what_cannot_be_scheduled_is_said(api, ns):
    shop = Shop(api, ns)
    with operator_of(shop):
        for bad, field in (({"createAhead": "3603s"}, "createAhead"), ({"schedule": "0 18 * *"}, "spec.schedule"), ({"duration": "30s"}, "duration")):
            try:
                schedule(shop, [], **bad)
            except ApiError as error:
                assert error.status == 422 and field in str(error), error
            else:
                raise AssertionError(f"{bad} is accepted")
        schedule(shop, [], timeZone="Europe/Atlantis")
        found = wait_for("it is stalled", lambda: [one for one in status(shop).get("conditions", []) if one["type"] == "Stalled"])
        assert "Europe/Atlantis" in found[0]["message"] or "zone" in found[0]["message"], found
        api.patch("saleschedules", ns, "flash", {"spec": {"timeZone": "Europe/Berlin", "schedule": "0 18 * * FRI"}})
        wait_for("and then not", lambda: not [one for one in status(shop)["conditions"] if one["type"] == "Stalled"])
        assert status(shop)["next"].endswith(("T16:00:00Z", "T17:00:00Z")), status(shop)
