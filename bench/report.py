"""Makes docs/performance.md of what bench/measure.py, bench/rollback.py and bench/windows.py found, and prints it.

report.py [--main RESULT] [--rollback RESULT] [--windows RESULT] PAGE: what is not given stays as PAGE has it.
"""

import argparse
import json
import os
import statistics
import sys

import rollback_page
from page import commit, quantile, section, table, today, verdict, with_section

MB = 1e6
SYNC_RATIO, SYNC_MB, IDLE_MB, LATE_MS = 1.3, 60, 30, 100    # the aims
FORECAST_SECONDS = 2
PLAN_MS = 50
FEASIBILITY_SECONDS = 1


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown processor")
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(file.readline().split()[1]) / 1024 / 1024
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB"


def head(result):
    small = "\n**A trial (`--quick`): too small to judge by.**\n" if result["quick"] else ""
    return f"""# Performance

Written by `hack/bench`; do not edit. {today()}, commit `{commit()}`, {machine()}.
{small}
Everything runs on this one machine: etcd and a real API server (the other components frozen), what is measured, and its peer in
the same run. So compare rows with each other, not with another machine. System load when it began: {result["load_before"]:.1f}
(0 is a quiet machine). The peer is `bench/peer`, a minimal controller-runtime program with the recommended settings
(managedFields stripped in its cache, no client-side rate limit, protobuf for built-in kinds), the same rights and
{result["workers"]} workers, as the operator has. It keeps no baseline, asks nobody's permission, writes no status and restores nothing.

"""


def sync(result):
    part, fill = result["sync"], result["fill"]
    ours = statistics.median(one["seconds"] for one in part["operator"])
    curl = statistics.median(one["seconds"] for one in part["curl"])
    peer = statistics.median(one["seconds"] for one in part["peer"])
    size = statistics.median(one["bytes"] for one in part["operator"])
    above = statistics.median(one["resident_settled"] - one["resident_idle"] for one in part["operator"])
    peak = max(one["resident_peak"] - one["resident_idle"] for one in part["operator"])
    peer_above = statistics.median(one["resident_settled"] for one in part["peer"]) - result["idle"]["peer"]["resident"]

    def spread(rows):
        return f"{min(one['seconds'] for one in rows):.2f} to {max(one['seconds'] for one in rows):.2f}"

    text = f"""## Caches: {fill["objects"]:,} autoscalers and {fill["objects"]:,} Deployments

Objects as `kubectl apply` leaves them, with managedFields: {fill["autoscaler_bytes"]:,} and {fill["deployment_bytes"]:,} bytes each;
{part["operator"][0]["pages"]} pages of at most 500, {size / MB:.0f} MB as JSON. Median of {len(part["operator"])} runs. curl fetches the very same pages
(same continue tokens) one after another over one connection and throws them away. Memory is resident size above idle, three seconds
after the last page. The operator and controller-runtime read both kinds at once.

"""
    text += table(["", "seconds", "min to max", "of curl", "MB above idle"], [
        ["the operator's caches (`bench_sync`)", f"{ours:.2f}", spread(part["operator"]), f"{ours / curl:.2f}", f"{above / MB:.0f} (peak {peak / MB:.0f})"],
        ["curl", f"{curl:.2f}", spread(part["curl"]), "1", "-"],
        ["controller-runtime", f"{peer:.2f}", spread(part["peer"]), f"{peer / curl:.2f}", f"{peer_above / MB:.0f}"],
    ])
    return text + table(["aim", "measured", ""], [
        [f"at most {SYNC_RATIO} x curl", f"{ours / curl:.2f} x", verdict(ours / curl, SYNC_RATIO)],
        [f"at most {SYNC_MB} MB above idle", f"{above / MB:.0f} MB", verdict(above / MB, SYNC_MB)]])


def idle(result):
    part = result["idle"]
    ours, peer, seconds = part["operator"], part["peer"], part["seconds"]
    text = f"## Idle\n\n`doorbuster run`, leading, no SaleEvent in the cluster; writes by the audit log over {seconds} s.\n\n"
    text += table(["", "MB resident", "writes", "lease renewals", "CPU seconds"], [
        [name, f"{one['resident'] / MB:.1f}", one["writes"], one["lease_writes"], f"{one['cpu_seconds']:.2f}"]
        for name, one in (("doorbuster run", ours), ("controller-runtime", peer))])
    return text + table(["aim", "measured", ""], [
        [f"at most {IDLE_MB} MB", f"{ours['resident'] / MB:.1f} MB", verdict(ours["resident"] / MB, IDLE_MB)],
        ["no writes but the lease's", ours["writes"], verdict(ours["writes"], 0)]])


def scheduled(result):
    part, idle_part = result["scheduled"], result["idle"]
    text = f"""## At rest with {part["events"]:,} scheduled sales

{part["events"]:,} SaleEvents that start in a month, each with one Deployment and its autoscaler, and nothing else in the cluster; all accepted.
Above idle is what they cost: the events, their status, and both kinds in the caches.

"""
    return text + table(["", "MB resident", "MB above idle", "KB an event", f"writes in {idle_part['seconds']} s", "CPU seconds"], [
        [name, f"{part[key]['resident'] / MB:.1f}", f"{(part[key]['resident'] - idle_part[key]['resident']) / MB:.1f}",
         f"{(part[key]['resident'] - idle_part[key]['resident']) / part['events'] / 1000:.1f}", part[key]["writes"], f"{part[key]['cpu_seconds']:.2f}"]
        for name, key in (("doorbuster run", "operator"), ("controller-runtime", "peer"))])


def pooled(rounds, name, key):
    return sorted(value for one in rounds for value in one[name][key])


def lateness(result):
    rounds, events = result["lateness"], result["events"]
    late = {name: pooled(rounds, name, "late_ms") for name in ("operator", "peer", "volley")}
    server = {name: pooled(rounds, name, "server_ms") for name in late}
    names = {"operator": "doorbuster run", "peer": "controller-runtime", "volley": "bare client"}
    own = {name: pooled(rounds, name, "own_ms") for name in late}
    beyond = quantile(late["operator"], 99) - quantile(late["volley"], 99)
    text = f"""## Lateness: {events} sales with the same start

Each sale has one Deployment with an autoscaler of its own and its whole floor due at `start`. Lateness is when the API server
received the PATCH of the autoscaler (audit log, microseconds) minus `start`; {len(rounds)} volley{"s" if len(rounds) > 1 else ""} each, in turn, on fresh objects, with
the {result["fill"]["objects"]:,} + {result["fill"]["objects"]:,} objects cached. Checked first: every autoscaler was patched, none before `start`. The bare client
(`bench_volley`) knows all requests beforehand and sends only these PATCHes over {result["workers"]} connections.

*Own time* is the part of a lateness during which the program's {result["workers"]} workers were not waiting for the API server, by the audit log:
with k requests at the server a share of 1 - k/{result["workers"]} of each moment is its own. The rest is the API server's, on cores that it shares
with everything else. In the ten seconds before the start the operator has put on each event's finalizer, written to status what it is
about to hold and asked whether the service account may; status and Events follow the change. The last row below counts all that is
between against the operator.

"""
    text += table(["", "p50 ms", "p99 ms", "max ms", "own time p50 / p99 ms", "server answers that PATCH in, p50 / p99 ms", "all done after ms"], [
        [names[name], f"{quantile(late[name], 50):.0f}", f"{quantile(late[name], 99):.0f}", f"{late[name][-1]:.0f}",
         f"{quantile(own[name], 50):.0f} / {quantile(own[name], 99):.0f}",
         f"{quantile(server[name], 50):.1f} / {quantile(server[name], 99):.1f}", f"{statistics.median(one[name]['all_done_ms'] for one in rounds):.0f}"]
        for name in ("operator", "peer", "volley")])
    text += table(["writes to the API server from `start` on, one volley", "number"], [
        [f"{names[name]}: {kind}", number] for name in ("operator", "peer", "volley") for kind, number in sorted(rounds[-1][name]["requests"].items())])
    text += table(["", "MB before the volley", "MB after", "CPU seconds of the volley"], [
        [names[name], f"{max(one[name]['resident_before'] for one in rounds) / MB:.0f}", f"{max(one[name]['resident_after'] for one in rounds) / MB:.0f}",
         f"{statistics.median(one[name]['cpu_seconds'] for one in rounds):.2f}"] for name in ("operator", "peer")])
    ratio = quantile(late["operator"], 99) / max(quantile(late["peer"], 99), 0.001)
    return text + table(["aim", "measured", ""], [
        [f"p99 at most {LATE_MS} ms beyond the API server's own time (own time)", f"{quantile(own['operator'], 99):.0f} ms", verdict(quantile(own["operator"], 99), LATE_MS)],
        ["p99 beyond controller-runtime's, which only patches (no aim)", f"{quantile(late['operator'], 99) - quantile(late['peer'], 99):.0f} ms, {ratio:.2f} x", ""],
        [f"p99 beyond the bare client's (the same {LATE_MS} ms, read strictly)", f"{beyond:.0f} ms", verdict(beyond, LATE_MS)]])


def decisions(result):
    if not result["decisions"]:
        return ""
    text = "## Decisions\n\n`plan()` of one event without input or output, on one core: waiting for its start, at its start, and in mid-sale.\n\n"
    text += table(["situation / targets", "microseconds", "writes planned"], [
        [one["name"], f"{one['cpu_time']:.0f}", f"{one['writes']:.0f}"] for one in result["decisions"]])
    # An event has at most 128 targets: 1,000 are those of ten events, planned one after another.
    slowest = max(one["cpu_time"] for one in result["decisions"] if one["name"].endswith("/100")) * 10 / 1000
    return text + table(["aim", "measured", ""], [
        [f"1,000 targets (ten events of 100) within {PLAN_MS} ms, in the situation that takes longest", f"{slowest:.0f} ms", verdict(slowest, PLAN_MS)]])


def feasibility(result):
    if not result.get("feasibility"):
        return ""
    text = ("\n## Feasibility\n\nThe verdict before the day without reading the cluster, on one core: 64 targets, a third of them spread over zones and a third over\n"
            "hosts, each with a trial of its rollout's surge.\n\n")
    rows = [[one["name"], f"{one['cpu_time'] / 1000:.3f}", f"{one['fit']:.0f}"] for one in result["feasibility"]]
    text += table(["pods / nodes", "seconds", "pods that fit"], rows)
    aimed = next(one["cpu_time"] for one in result["feasibility"] if one["name"].endswith("/10000/1000")) / 1000
    return text + table(["aim", "measured", ""], [[f"10,000 pods on 1,000 nodes within {FEASIBILITY_SECONDS} s", f"{aimed:.3f} s", verdict(aimed, FEASIBILITY_SECONDS)]])


def forecasts(result):
    if not result.get("forecasts"):
        return ""
    text = ("\n## Forecasts\n\n`kubectl sale simulate` without reading and printing, on one core: a sale of 24 hours from preparation to restoration,\n"
            "every autoscaler following a load that changes every hour.\n\n")
    rows = [[one["name"], f"{one['cpu_time'] / 1000:.2f}", f"{one['writes']:.0f}"] for one in result["forecasts"]]
    text += table(["targets", "seconds", "writes foretold"], rows)
    longest = max(one["cpu_time"] for one in result["forecasts"]) / 1000
    return text + table(["aim", "measured", ""], [[f"100 targets within {FORECAST_SECONDS} s", f"{longest:.2f} s", verdict(longest, FORECAST_SECONDS)]])


def seconds(value):
    return "never" if value is None else f"{value:+.0f} s"


WINDOWS_HEAD = "## One window three ways"


def windows(part):
    text = (f"\n{WINDOWS_HEAD}\n\n{today()}, commit `{commit()}`, build `{part['build']}`, system load {part['load_before']:.1f} when it began.\n\n"
            f"A shop of {part['before']} pods; load asks for {part['peak']} from `start` on and for {part['after']} from `end` on, the owner wants {part['high']} for the {part['window']} s between. Real autoscalers of\n"
            f"default behaviour (a look every 15 s, five minutes of stabilization on the way down); a pod is ready {part['ready_ms'] / 1000:.0f} s after it has a node\n"
            "(`bench/windows.py`). The others are the autoscaler alone with one metric more, which is all that they are to it: a value that stands from\n"
            f"start to end (KEDA's `cron`; a `ScalingSchedule` without scaling window), and one that rises in ten steps in the {part['ahead']} s before the start\n"
            f"and falls in ten in as many after the end (a `ScalingSchedule` with one). Doorbuster has the same {part['ahead']} s (`prepare`) and `ramp.up` of 2m in 4\n"
            "steps; less than five minutes before a start it writes at once what is missing. Who uses `cron` may let it begin earlier, by as much as they\n"
            "find out to be needed. After the end Doorbuster takes a tenth of its floor a minute, and waits\n"
            "where the autoscaler's stabilization keeps pods above it.\n\n")
    names = {"doorbuster": "doorbuster run", "jump": "value from start to end (`cron`)", "ramp": "value with a ramp (`ScalingSchedule`)"}
    return text + table(
        ["", f"ready at start, of {part['high']}", f"all {part['high']} ready after start", "pod-seconds short of load in the sale", "pods that load asks for and that are gone after the end",
         "first pods go after the end", "most pods gone within a minute", f"pods {part['tail']} s after the end"],
        [[names[name], one["ready_at_start"], seconds(one["full_after"]), one["short_pod_seconds"], one["below_load"], seconds(one["first_fall"]), one["most_in_one_minute"],
          one["left"]] for name, one in part["rows"].items()])


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main_part(result):
    return head(result) + sync(result) + idle(result) + scheduled(result) + lateness(result) + decisions(result) + feasibility(result) + forecasts(result)


def main():
    parser = argparse.ArgumentParser()
    for name in ("main", "rollback", "windows"):
        parser.add_argument(f"--{name}")
    parser.add_argument("page")
    options = parser.parse_args()
    with open(options.page, encoding="utf-8") as file:
        page = file.read()
    kept = {one: section(page, one) for one in (rollback_page.HEAD, WINDOWS_HEAD)}
    if options.main:
        page = main_part(load(options.main))
    for one, make, given in ((rollback_page.HEAD, rollback_page.rollback, options.rollback), (WINDOWS_HEAD, windows, options.windows)):
        page = with_section(page, one, make(load(given)) if given else kept[one])
    sys.stdout.write(page.strip("\n") + "\n")


if __name__ == "__main__":
    main()
