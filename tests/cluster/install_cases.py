"""Several installations in one cluster; an operator that is started, stopped and asked how it is."""

import json
import os
import re
import shlex
import subprocess
import time
import urllib.request

from harness import HOLDS, LABEL, OPERATOR, ROOT, SYSTEM, Operator, Shop, TimedOut, must_become, wait_for, writes_of


def second_account(api, name):
    """The shipped rights under another name, so that the audit log tells two installs apart."""
    subject = [{"kind": "ServiceAccount", "name": name, "namespace": SYSTEM}]
    api.create("serviceaccounts", SYSTEM, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
    for kind, ns, role in (("clusterrolebindings", None, "ClusterRole"), ("rolebindings", SYSTEM, "Role")):
        api.create(kind, ns, {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": f"{role}Binding", "metadata": {"name": name}, "subjects": subject,
                              "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": "doorbuster"}})
    return f"{SYSTEM}/{name}"


def forget_account(api, name):
    for kind, ns in (("clusterrolebindings", None), ("rolebindings", SYSTEM), ("serviceaccounts", SYSTEM)):
        api.delete(kind, ns, name)


class TwoInstalls:
    """Two operators on one namespace under accounts of their own."""

    def __init__(self, api, ns):
        self.api, self.names = api, [f"{ns}-a", f"{ns}-b"]
        self.both = [Operator(api, one, namespaces=[ns], install=one, lease=one, account=second_account(api, one)) for one in self.names]

    def __enter__(self):
        return self.both

    def __exit__(self, *_):
        for one in self.both:
            one.stop()
        for one in self.names:
            forget_account(self.api, one)


def leads(api, operator):
    wait_for(f"{operator.name} leads", lambda: (api.find("leases", SYSTEM, operator.name) or {}).get("spec", {}).get("holderIdentity"))


def test_an_event_belongs_to_one_install(api, ns):
    shop = Shop(api, ns)
    with TwoInstalls(api, ns) as both:
        for one in both:
            one.start()
            leads(api, one)
        shop.sale(begins=6, lasts=5)
        shop.reach_floor(9)
        owner = shop.event()["status"]["install"]
        assert owner in (f"{ns}-a", f"{ns}-b"), owner
        shop.reach("Completed")
        shop.assert_untouched()
        other = f"{ns}-b" if owner == f"{ns}-a" else f"{ns}-a"
        written = [(one["verb"], one["requestURI"], one["responseStatus"]["code"]) for one in writes_of(ns, other)]
        # The two may both try to be the first, by the finalizer and by status; one is refused by the version that the other has written.
        assert not [one for one in written if one[2] < 300], written
        assert len(written) <= 2, written
        assert len(writes_of(ns, owner)) > 5, "the audit log does show the owner's writes"


def test_sales_of_two_installs_on_one_autoscaler(api, ns):
    """The higher floor counts; each leaves by itself; the last one out puts back what was there before both."""
    shop = Shop(api, ns)
    with TwoInstalls(api, ns) as both:
        both[0].start()
        shop.sale("first", begins=18, lasts=12, targets=[shop.target(replicas=9)])
        wait_for("the first install takes the first", lambda: shop.condition("Accepted", "first").get("status") == "True")
        assert both[0].stop() == 0, both[0].tail()
        both[1].start()
        shop.sale("second", begins=18, lasts=26, targets=[shop.target(replicas=7)])
        wait_for("the second install takes the second", lambda: shop.condition("Accepted", "second").get("status") == "True")
        both[0].start()
        assert [shop.event(one)["status"]["install"] for one in ("first", "second")] == [f"{ns}-a", f"{ns}-b"]
        shop.reach_floor(9)
        shop.reach("Live", "second")
        shop.reach("Completed", "first")
        assert shop.bounds()[0] == 7, "the second install's sale still stands"
        shop.reach("Completed", "second")
        shop.assert_untouched()


def _deleted_without_operator(api, ns):
    """A namespace that is being deleted in mid-sale while no operator runs; that operator."""
    shop = Shop(api, ns)
    operator = Operator(api, ns, namespaces=[ns], install=ns, lease=ns).start()
    try:
        shop.sale(begins=4, lasts=600)
        shop.reach_floor(9)
        wait_for("held", lambda: shop.event()["metadata"].get("finalizers"))
    finally:
        assert operator.stop() == 0, operator.tail()
    api.delete("namespaces", None, ns)
    wait_for("everything else is gone", lambda: not api.list("deployments", ns) and not api.list("horizontalpodautoscalers", ns), 60)
    time.sleep(3)
    assert api.get("namespaces", None, ns)["status"]["phase"] == "Terminating"
    assert shop.event()["metadata"]["finalizers"] == ["doorbuster.dev/restore"], "it waits for an operator"
    return operator


def test_namespace_deleted_without_an_operator_goes_when_one_starts_again(api, ns):
    operator = _deleted_without_operator(api, ns)
    operator.start()
    try:
        wait_for("gone", lambda: api.find("namespaces", None, ns) is None, 40)
        assert operator.running(), operator.tail()
    finally:
        operator.stop()


def test_namespace_deleted_without_an_operator_goes_by_the_command_of_the_readme(api, ns):
    _deleted_without_operator(api, ns)
    text = open(os.path.join(ROOT, "README.md"), encoding="utf-8").read()
    commands = [line.strip() for line in text.splitlines() if line.strip().startswith("kubectl patch saleevent ")]
    assert len(commands) == 1, commands
    command = shlex.split(commands[0])
    assert "NAMESPACE" in command and "NAME" in command, command
    words = {"NAMESPACE": ns, "NAME": "flash"}
    subprocess.run([words.get(one, one) for one in command], check=True, capture_output=True)
    wait_for("gone", lambda: api.find("namespaces", None, ns) is None, 40)


def test_saved_yaml_of_a_held_object_applied_over_another_is_named_foreign(api, ns):
    """The record speaks of another object: what is not its value stays as it is, what is goes back, and people are told."""
    shop = Shop(api, ns)
    shop.deployment("search", 2)
    shop.hpa("search", 2, 6)
    # Found by the sweep (once an hour, unless told otherwise): no event names the second object.
    operator = Operator(api, ns, namespaces=[ns], install=ns, lease=ns, extra=["--sweep-interval", "2s"]).start()
    try:
        _copied(api, shop)
    finally:
        operator.stop()


def _copied(api, shop):
    ns = shop.ns
    shop.sale(begins=4, lasts=60, deletionPolicy="Immediate")
    shop.reach_floor(9)
    saved = shop.autoscaler()
    # Somebody makes a manifest of it for another workload, with a maximum of their own.
    stolen = shop.hpa_manifest("search", saved["spec"]["minReplicas"], 50)
    stolen["metadata"].update(annotations={HOLDS: saved["metadata"]["annotations"][HOLDS]}, labels={LABEL: saved["metadata"]["labels"][LABEL]})
    subprocess.run(["kubectl", "apply", "--server-side", "--force-conflicts", "-f", "-"], input=json.dumps(stolen), text=True, check=True, capture_output=True)
    must_become("the floor of the copy is the baseline it names", lambda: shop.bounds("search")[0] == 3)
    must_become("no trace", lambda: HOLDS not in shop.autoscaler("search")["metadata"].get("annotations", {}))
    assert shop.bounds("search")[1] == 50, "not the value that the record speaks of: left as it is"
    assert shop.bounds()[0] == 9, "the sale's own target stays held"
    notes = wait_for("said so", lambda: [one for one in api.list("events", ns) if one["reason"] == "ForeignHold"])
    assert "search" in notes[0]["note"] and "maxReplicas" in notes[0]["note"], notes
    api.delete("saleevents", ns, "flash")
    wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
    shop.assert_untouched()
    assert shop.bounds("search") == (3, 50)


def test_it_stops_cleanly_within_five_seconds_and_hands_the_lease_on(api, ns):
    operator = Operator(api, ns, namespaces=[ns], install=ns, lease=ns).start()
    wait_for("leads", lambda: (api.find("leases", "doorbuster-system", ns) or {}).get("spec", {}).get("holderIdentity"))
    began = time.monotonic()
    assert operator.stop() == 0, operator.tail()
    assert time.monotonic() - began < 5
    assert not api.get("leases", "doorbuster-system", ns)["spec"].get("holderIdentity")


# What stock dashboards of controller-runtime query, and our own; by label, the values that must be there ("": any).
# A target's `ready` and `desired` are left out of rounds that did not look at it, so they are not asked for here.
QUEUE = {"name": {"saleevent"}, "controller": {"saleevent"}}
ROUNDS = {"controller": {"saleevent"}}
SALE = {"namespace": {""}, "event": {"flash"}}
METRICS = {
    "controller_runtime_reconcile_total": {**ROUNDS, "result": {"success", "error", "requeue", "requeue_after"}},
    "controller_runtime_reconcile_errors_total": ROUNDS,
    "controller_runtime_reconcile_time_seconds_bucket": ROUNDS,
    "controller_runtime_active_workers": ROUNDS,
    "controller_runtime_max_concurrent_reconciles": ROUNDS,
    "controller_runtime_reconcile_panics_total": ROUNDS,
    "workqueue_depth": {**QUEUE, "priority": {"0"}},
    "workqueue_adds_total": QUEUE,
    "workqueue_queue_duration_seconds_bucket": QUEUE,
    "workqueue_work_duration_seconds_bucket": QUEUE,
    "workqueue_unfinished_work_seconds": QUEUE,
    "workqueue_longest_running_processor_seconds": QUEUE,
    "workqueue_retries_total": QUEUE,
    "rest_client_requests_total": {"code": {"200"}, "method": {"GET", "PATCH", "PUT"}, "host": {""}},
    "rest_client_request_duration_seconds_bucket": {"verb": {"GET", "PATCH", "PUT"}, "host": {""}},
    "leader_election_master_status": {"name": {""}},
    "doorbuster_build_info": {"version": {""}, "commit": {""}},
    "doorbuster_event_info": {**SALE, "phase": {"Live"}},
    "doorbuster_event_window_active": SALE,
    "doorbuster_event_start_timestamp_seconds": SALE,
    "doorbuster_target_replicas": {**SALE, "target": {"checkout"}, "kind": {"baseline", "floor", "ceiling"}},
    "doorbuster_hold_active": {**SALE, "hold": {"checkout"}},
    "doorbuster_hold_contested": {**SALE, "hold": {"checkout"}},
}


def series(text):
    """Name -> the label sets of its series, of a scrape in Prometheus' text format."""
    out = {}
    for line in text.splitlines():
        found = re.match(r"^([a-z_]+)(?:\{(.*)\})? \S+$", line)
        if found:
            out.setdefault(found[1], []).append(dict(re.findall(r'([a-z_]+)="([^"]*)"', found[2] or "")))
    return out


def missing_in(text):
    found, out = series(text), []
    for name, labels in METRICS.items():
        if name not in found:
            out.append(f"no {name}")
        for label, values in labels.items():
            seen = {one.get(label) for one in found.get(name, [])}
            out += [f'no {name}{{{label}="{value}"}}' for value in values if not (seen - {None, ""} if value == "" else value in seen)]
    return out


def test_it_says_how_it_is(api, ns):
    operator = Operator(api, ns, namespaces=[ns], install=ns, lease=ns).start()
    try:
        port = wait_for("it serves", lambda: re.search(r"serving port=(\d+)", operator.tail(50)))[1]

        def fetch(path):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                    return answer.status, answer.read().decode()
            except OSError:
                return 0, ""

        wait_for("ready", lambda: fetch("/readyz")[0] == 200)
        assert fetch("/healthz")[0] == 200
        shop = Shop(api, ns)
        shop.sale(begins=4, lasts=600, deletionPolicy="Immediate")
        shop.reach("Live")
        # The gauges of an event are as new as its last round; one that could not read a target shows less of it.
        left = None

        def complete():
            nonlocal left
            left = missing_in(fetch("/metrics")[1])
            return not left

        try:
            wait_for("every metric is shown", complete)
        except TimedOut:
            raise AssertionError(left) from None
        api.delete("saleevents", ns, "flash")
        wait_for("gone", lambda: api.find("saleevents", ns, "flash") is None)
        wait_for("its series are gone", lambda: 'event="flash"' not in fetch("/metrics")[1])
    finally:
        operator.stop()


def test_version_names_itself(api, ns):
    text = subprocess.run([OPERATOR, "version"], check=True, capture_output=True, text=True).stdout
    assert "doorbuster" in text.lower(), text
    data = json.loads(subprocess.run([OPERATOR, "version", "--output", "json"], check=True, capture_output=True, text=True).stdout)
    assert data["version"], data
