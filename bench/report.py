"""Makes docs/performance.md of what bench/measure.py found: report.py RESULT.json > PAGE."""

import datetime
import json
import os
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MB = 1e6
SYNC_RATIO, SYNC_MB, IDLE_MB, LATE_MS = 1.3, 60, 30, 100    # the aims
FORECAST_SECONDS = 2


def verdict(value, aim):
    return "met" if value <= aim else "**MISSED**"


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def table(head, rows):
    return row(*head) + row(*["---"] * len(head)) + "".join(row(*one) for one in rows) + "\n"


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown processor")
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(file.readline().split()[1]) / 1024 / 1024
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB"


def commit():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def head(result):
    small = "\n**A trial (`--quick`): too small to judge by.**\n" if result["quick"] else ""
    return f"""# Performance

Written by `hack/bench`; do not edit. {datetime.date.today().isoformat()}, commit `{commit()}`, {machine()}.
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


def pooled(rounds, name, key):
    return sorted(value for one in rounds for value in one[name][key])


def quantile(ordered, percent):
    """The smallest value with at least that share of all at or below it."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


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
    return text + table(["situation / targets", "microseconds", "writes planned"], [
        [one["name"], f"{one['cpu_time']:.0f}", f"{one['writes']:.0f}"] for one in result["decisions"]])


def forecasts(result):
    if not result.get("forecasts"):
        return ""
    text = ("\n## Forecasts\n\n`kubectl sale simulate` without reading and printing, on one core: a sale of 24 hours from preparation to restoration,\n"
            "every autoscaler following a load that changes every hour.\n\n")
    rows = [[one["name"], f"{one['cpu_time'] / 1000:.2f}", f"{one['writes']:.0f}"] for one in result["forecasts"]]
    text += table(["targets", "seconds", "writes foretold"], rows)
    longest = max(one["cpu_time"] for one in result["forecasts"]) / 1000
    return text + table(["aim", "measured", ""], [[f"64 targets within {FORECAST_SECONDS} s", f"{longest:.2f} s", verdict(longest, FORECAST_SECONDS)]])


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        result = json.load(file)
    sys.stdout.write(head(result) + sync(result) + idle(result) + lateness(result) + decisions(result) + forecasts(result))


if __name__ == "__main__":
    main()
