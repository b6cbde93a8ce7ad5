"""Measures Doorbuster and its peers in a running cluster; called by hack/bench within the cluster's namespaces.

Writes what it measured, as JSON, to --out; bench/report.py makes the page of it. Asserts no time; fails when something that was
to be done was not done.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import time

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/cluster"))

import objects  # noqa: E402
from api import Api, ApiError, wait_for  # noqa: E402
from audit import Log  # noqa: E402
from processes import Programs, cpu_seconds, resident  # noqa: E402

OPERATOR, PEER, VOLLEY = "doorbuster-system:doorbuster", "bench:peer", "bench:volley"
SETTLE = 5


def user(account):
    return f"system:serviceaccount:{account}"


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def own_time(requests, acted, due, workers):
    """For each instant in `acted`, how much of the time since `due` the client did not spend waiting for the API server.

    A client with so many workers (or objects left, if fewer) that has k requests at the server wastes a share of 1 - k/workers of
    that time by itself; all of it when k is 0. Requests that the audit log does not show (reads) count as its own time.
    """
    edges = [(max(one.received, due), 1) for one in requests] + [(one.answered, -1) for one in requests]
    edges = sorted(edges + [(at, 0) for at in acted])
    own, total, open_requests, left, last = [], 0.0, 0, len(acted), due
    for at, step in edges:
        total += (at - last) * max(0.0, 1 - open_requests / max(1, min(workers, left)))
        last = at
        open_requests += step
        if step == 0:
            own.append(total)
            left -= 1
    return own


class Bench:
    def __init__(self, options):
        self.options, self.api, self.log = options, Api(), Log(options.audit)
        configs = {name: os.path.join(options.configs, name) for name in ("doorbuster", "peer", "volley")}
        self.programs = Programs(options.build, options.peer, configs, options.folder, options.workers)
        with open(configs["doorbuster"], encoding="utf-8") as file:
            self.token = yaml.safe_load(file)["users"][0]["user"]["token"]

    # ---- idle
    def idle(self):
        """Both at rest in a cluster without any SaleEvent, autoscaler or Deployment."""
        seconds = self.options.idle_seconds
        say(f"idle: {seconds} s of nothing to do")
        with self.programs.operator() as operator, self.programs.peer() as peer:
            operator.wait_for("elected")
            peer.wait_for("synced_seconds")
            time.sleep(2 * SETTLE)
            mark, cpu = self.log.mark(), {one.pid: cpu_seconds(one.pid) for one in (operator, peer)}
            time.sleep(seconds)
            return {"seconds": seconds, "operator": self._at_rest(operator, OPERATOR, mark, cpu), "peer": self._at_rest(peer, PEER, mark, cpu)}

    def _at_rest(self, process, account, mark, cpu):
        writes = self.log.since(mark, user(account))
        leases = [one for one in writes if one.what == "leases"]
        return {"resident": resident(process.pid), "cpu_seconds": cpu_seconds(process.pid) - cpu[process.pid],
                "writes": len(writes) - len(leases), "lease_writes": len(leases)}

    # ---- scheduled
    def scheduled(self):
        """What so many sales a month ahead cost at rest; each has a Deployment and an autoscaler, and nothing else is there."""
        ns, count = "sales-scheduled", self.options.scheduled
        say(f"scheduled: {count} sales a month ahead")
        self._namespace(ns)
        objects.create(objects.workloads_of_sales(count, ns))
        objects.create(objects.sales(count, ns, self._second(datetime.timedelta(days=30))))
        out = {"events": count}
        with self.programs.operator() as operator:
            operator.wait_for("elected")
            wait_for(f"{count} sales accepted", lambda: self._accepted(ns) == count, 300, 2)
            time.sleep(2 * SETTLE)
            mark, cpu = self.log.mark(), {operator.pid: cpu_seconds(operator.pid)}
            time.sleep(self.options.idle_seconds)
            out["operator"] = self._at_rest(operator, OPERATOR, mark, cpu)
        with self.programs.peer() as peer:
            peer.wait_for("synced_seconds", 300)
            time.sleep(2 * SETTLE)
            mark, cpu = self.log.mark(), {peer.pid: cpu_seconds(peer.pid)}
            time.sleep(self.options.idle_seconds)
            out["peer"] = self._at_rest(peer, PEER, mark, cpu)
        self._remove(ns)
        return out

    def _accepted(self, ns):
        return sum(any(one["type"] == "Accepted" and one["status"] == "True" for one in event.get("status", {}).get("conditions", []))
                   for event in self.api.list("saleevents", ns))

    # ---- sync
    def fill(self):
        count, namespaces = self.options.objects, self.options.namespaces.split(",")
        began = time.monotonic()
        objects.create(objects.shops(count, namespaces))
        say(f"{2 * count} objects made in {time.monotonic() - began:.0f} s")
        sample = [len(json.dumps(self.api.get(kind, namespaces[0], "shop-00000"), separators=(",", ":")))
                  for kind in ("horizontalpodautoscalers", "deployments")]
        return {"objects": count, "autoscaler_bytes": sample[0], "deployment_bytes": sample[1]}

    def sync(self):
        say("sync: the operator's caches, curl, controller-runtime")
        ours, curls, pairs, peers = [], [], [], []
        for _ in range(self.options.rounds):
            one = self.programs.sync()
            if one["autoscalers"] != self.options.objects or one["deployments"] != self.options.objects:
                raise RuntimeError(f"not everything is cached: {one['autoscalers']}, {one['deployments']}")
            pages = [target for target in one.pop("targets") if "watch=" not in target]
            seconds, size = self.programs.curl(self.api, self.token, pages)
            curls.append({"seconds": seconds, "bytes": size})
            one["pages"] = len(pages)
            ours.append(one)
            peers.append(self._sync_peer())
        return {"operator": ours, "curl": curls, "peer": peers}

    def _sync_peer(self):
        with self.programs.peer(sales=False) as peer:
            seconds = float(peer.wait_for(r'"synced_seconds": ([0-9.]+)', 300)[1])
            at_once = resident(peer.pid)
            time.sleep(3)
            return {"seconds": seconds, "resident_synced": at_once, "resident_settled": resident(peer.pid)}

    # ---- lateness
    def lateness(self):
        rounds = []
        for number in range(self.options.volleys):
            say(f"lateness: volley {number + 1} of {self.options.volleys}")
            order = [("volley", VOLLEY), ("operator", OPERATOR), ("peer", PEER)]
            turn = number % len(order)
            rounds.append({name: self._volley(f"sales-{name}-{number}", name, account) for name, account in order[turn:] + order[:turn]})
        return rounds

    def _volley(self, ns, name, account):
        count, lead = self.options.events, datetime.timedelta(seconds=self.options.lead)
        self._namespace(ns)
        objects.create(objects.workloads_of_sales(count, ns))
        out = {}
        if name == "volley":
            due = self._second(datetime.timedelta(seconds=5))
            mark = self.log.mark()
            with self.programs.volley(ns, count, objects.FLOOR, due):
                self._await_floors(ns, count, due)
        else:
            with (self.programs.operator() if name == "operator" else self.programs.peer()) as process:
                process.wait_for("elected" if name == "operator" else "synced_seconds", 300)
                due = self._second(lead)
                objects.create(objects.sales(count, ns, due))
                time.sleep(max(0.0, due.timestamp() - 3 - time.time()))
                out["resident_before"] = resident(process.pid)
                mark, cpu = self.log.mark(), cpu_seconds(process.pid)
                self._await_floors(ns, count, due)
                time.sleep(2)
                out["cpu_seconds"] = cpu_seconds(process.pid) - cpu
                out["resident_after"] = resident(process.pid)
        writes = self.log.since(mark, user(account))
        self._remove(ns)
        return out | self._of_volley(writes, ns, count, due.timestamp())

    @staticmethod
    def _second(lead):
        return (datetime.datetime.now(datetime.timezone.utc) + lead).replace(microsecond=0)

    def _of_volley(self, writes, ns, count, due):
        first, kinds = {}, {}
        for one in writes:
            kinds[f"{one.verb} {one.what}"] = kinds.get(f"{one.verb} {one.what}", 0) + (1 if one.received >= due else 0)
            if one.what == "horizontalpodautoscalers" and one.ns == ns and one.code == 200 and one.verb == "patch":
                first.setdefault(one.name, one)
        if len(first) != count:
            raise RuntimeError(f"{ns}: {len(first)} of {count} autoscalers were patched")
        early = [one.name for one in first.values() if one.received < due]
        if early:
            raise RuntimeError(f"{ns}: {len(early)} autoscalers were patched before the start")
        rounds = [one for one in writes if one.what not in ("leases", "events") and one.answered > due]
        own = own_time(rounds, [one.received for one in first.values()], due, self.options.workers)
        return {"own_ms": sorted(value * 1000 for value in own), "late_ms": sorted((one.received - due) * 1000 for one in first.values()),
                "server_ms": sorted((one.answered - one.received) * 1000 for one in first.values()),
                "all_done_ms": (max(one.answered for one in first.values()) - due) * 1000,
                "requests": {kind: number for kind, number in kinds.items() if number > 0}}

    def _await_floors(self, ns, count, due):
        """No questions while it counts; then the result is checked before anything is believed."""
        time.sleep(max(0.0, due.timestamp() + 4 - time.time()))
        wait_for(f"{ns}: {count} floors of {objects.FLOOR}",
                 lambda: sum(one["spec"]["minReplicas"] == objects.FLOOR for one in self.api.list("horizontalpodautoscalers", ns)) == count, 120, 2)

    def _namespace(self, ns):
        self.api.create("namespaces", None, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
        self.api.create("serviceaccounts", ns, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})
        self.api.create("rolebindings", ns, {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "sale"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": ns}]})

    def _remove(self, ns):
        """Nothing of a volley may be work for the next one."""
        for one in self.api.list("saleevents", ns):
            self.api.delete("saleevents", ns, one["metadata"]["name"])
            if one["metadata"].get("finalizers"):
                try:
                    self.api.patch("saleevents", ns, one["metadata"]["name"], {"metadata": {"finalizers": None}})
                except ApiError as error:
                    if error.status != 404:
                        raise
        for kind in ("horizontalpodautoscalers", "deployments"):
            self.api.request("DELETE", self.api.path(kind, ns))

    # ---- decisions and forecasts
    def google_benchmark(self, name):
        """The rows of one of our Google Benchmark programs; none where the library was missing when it was built."""
        program = os.path.join(self.options.build, name)
        if not os.path.exists(program):
            return []
        least = "0.2" if self.options.quick else "1"
        done = subprocess.run([program, "--benchmark_format=json", f"--benchmark_min_time={least}"], check=True, capture_output=True, text=True)
        return [{key: one[key] for key in ("name", "cpu_time", "time_unit", "writes", "fit") if key in one} for one in json.loads(done.stdout)["benchmarks"]]

    def decisions(self):
        return self.google_benchmark("bench_plan")

    def feasibility(self):
        return self.google_benchmark("bench_feasibility")

    def forecasts(self):
        return self.google_benchmark("bench_forecast")

    def run(self):
        out = {"quick": self.options.quick, "workers": self.options.workers, "events": self.options.events, "load_before": os.getloadavg()[0]}
        for part in ("idle", "scheduled", "fill", "sync", "lateness", "decisions", "feasibility", "forecasts"):
            out[part] = getattr(self, part)()
            out[f"load_after_{part}"] = os.getloadavg()[0]
        ours = [one["seconds"] for one in out["sync"]["operator"]]
        say(f"sync took {statistics.median(ours):.2f} s, curl {statistics.median(one['seconds'] for one in out['sync']['curl']):.2f} s")
        return out


def main():
    parser = argparse.ArgumentParser()
    for name in ("build", "peer", "configs", "folder", "audit", "namespaces", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    options.workers = 16
    options.objects, options.events = (1000, 50) if options.quick else (10_000, 200)
    options.scheduled = 100 if options.quick else 1000
    options.rounds, options.volleys, options.lead = (3, 1, 20) if options.quick else (5, 3, 40)
    options.idle_seconds = 15 if options.quick else 60
    result = Bench(options).run()
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(result, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
