"""The section of docs/performance.md on what bench/rollback.py found."""

import os
import re
import statistics

from page import ROOT, commit, quantile, table, today, verdict

HEAD = "## A release that is sent back"
FIRST_MS, LAST_ANSWER_MS, LAST_FIRST_S, LAST_GONE_S, JUDGED_S = 50, 250, 1.5, 4, 15    # the aims
NAMES = {"doorbuster": "doorbuster run", "shared": "doorbuster run, {shared} rollouts in the event", "pods": "doorbuster run, by ready pods", "argo": "Argo Rollouts, basic canary",
         "argo-ingress": "Argo Rollouts, ingress weight", "argo-queue": "the same, while others aborted before wait for their pods to go", "bare": "no release: Deployments of two pods scaled to nothing"}


def version_of(peer):
    """Of a peer, from the go.mod that it is built of."""
    with open(os.path.join(ROOT, "hack/rig/peers", peer, "go.mod"), encoding="utf-8") as file:
        return re.search(r"^require \S+ v(\S+)", file.read(), re.M)[1]


def milliseconds(values):
    values = sorted(values)
    return [f"{statistics.median(values):.1f}", f"{quantile(values, 95):.1f}", f"{quantile(values, 99):.1f}", f"{values[-1]:.1f}"]


def ratio(value, to):
    return f"{value / to:.2f}"


def load_of(part, name):
    before, after = part["loads"][name]
    return f"System load {before:.1f} when this part began and {after:.1f} at its end, what it makes itself included."


def one_by_one(part):
    firsts = {label: sorted(one["first_ms"] for one in rows) for label, rows in part["one"].items()}
    medians = {label: statistics.median(values) for label, values in firsts.items()}
    text = table(["first write, ms after the answer to the request", "runs", "median", "p95", "p99", "max", "median from its sending on", "median, of basic", "median, of ingress weight"], [
        [NAMES[label].format(**part), len(values), *milliseconds(values), f"{statistics.median(one['request_ms'] + one['first_ms'] for one in part['one'][label]):.1f}",
         ratio(medians[label], medians["argo"]), ratio(medians[label], medians["argo-ingress"])] for label, values in firsts.items()])
    routed, beside = "doorbuster", "pods"
    rows = [(f"median no slower than Argo Rollouts', {what}", f"{medians[ours]:.1f} ms against {medians[theirs]:.1f}", verdict(medians[ours], medians[theirs]))
            for what, ours, theirs in (("ingress weight", routed, "argo-ingress"), ("basic canary, by ready pods", beside, "argo"), ("basic canary, by route", routed, "argo"))]
    rows += [(f"p99 at most {FIRST_MS} ms{more}", f"{quantile(firsts[label], 99):.1f} ms", verdict(quantile(firsts[label], 99), FIRST_MS))
             for more, label in (("", routed), (", by ready pods", beside), (f", {part['shared']} rollouts in the event", "shared"))]
    return text + table(["aim", "measured", ""], rows)


def ticking(part):
    values = sorted(part["flagger"])
    text = f"""Flagger {version_of("flagger")} looks at a Canary at ticks, every ten seconds at the most. Its quickest way back is a webhook of type `rollback`,
which it asks at each; here it begins to say yes at a random moment of the tick, and what counts is the ingress' weight 0. By a failing
metric: below, "By analysis". {load_of(part, "flagger")}

"""
    ours = statistics.median(one["first_ms"] for one in part["one"]["doorbuster"]) / 1000
    return text + table(["first write, s after the hook began to say yes", "runs", "median", "p95", "p99", "max", "median, times doorbuster run's"], [
        ["Flagger, rollback hook", len(values), f"{statistics.median(values):.2f}", f"{quantile(values, 95):.2f}", f"{quantile(values, 99):.2f}", f"{values[-1]:.2f}",
         f"{statistics.median(values) / ours:.0f}"]])


def under_load(part):
    live = part["live"]
    values = sorted(live["last_ms"])
    text = f"""### Under load

Of Doorbuster alone: {live["rate"]} requests a second through Envoy to a shop of four pods that run, half of them answered by the candidate's two; until the arrival of the
last answer of a candidate. {live["failed"]} of {live["requests"]:,} requests failed in all of it, releases and ways back. {load_of(part, "live")}

"""
    text += table(["last answer of a candidate, ms after the answer to the request", "runs", "median", "p95", "p99", "max"], [
        ["doorbuster run", len(values), *milliseconds(values)]])
    return text + table(["aim", "measured", ""], [[f"p99 at most {LAST_ANSWER_MS} ms", f"{quantile(values, 99):.0f} ms", verdict(quantile(values, 99), LAST_ANSWER_MS)]])


def judged(part):
    found = {label: (sorted(one["first_s"] for one in rows["runs"]), statistics.median(one["bad"] for one in rows["runs"])) for label, rows in part["judged"].items()}
    ours = statistics.median(found["doorbuster"][0])
    names = {**NAMES, "flagger": "Flagger, metric"}
    unfair, requests = (sum(rows[key] for rows in part["judged"].values()) for key in ("unfair", "requests"))
    text = f"""### By analysis

From the first bad answer of a release to the first write of its way back: 500 requests a second through Envoy to a shop of four pods, half of them
answered by two pods of the release, five of a hundred with an error. Prometheus scrapes every five seconds, and all ask it the same: above 2 % of errors in the last
fifteen seconds is bad, and bad once is enough. Doorbuster and Argo Rollouts (basic canary, behind one Service) ask every five seconds, Flagger (weights of an HTTPRoute) every ten, its least. Of
{requests:,} requests in all {unfair} failed otherwise. {load_of(part, "judged")}

"""
    text += table(["s after the first bad answer", "runs", "median", "max", "bad answers, median", "median, of doorbuster run's"], [
        [names[label], len(values), f"{statistics.median(values):.1f}", f"{values[-1]:.1f}", f"{bad:.0f}", ratio(statistics.median(values), ours)]
        for label, (values, bad) in found.items()])
    return text + table(["aim", "measured", ""], [[f"at most {JUDGED_S} s", f"{found['doorbuster'][0][-1]:.1f} s at most", verdict(found["doorbuster"][0][-1], JUDGED_S)]])


def span(runs, key):
    values = [one[key] for one in runs]
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def many(part):
    count, runs = part["many_count"], {**part["many"], "bare": part["bare"]}
    text = f"""### {count} at once

{count} rollouts, each at half of its traffic with {count * 2} pods of candidates in all. An event of Doorbuster's has at most 32 rollouts, so these are {part["events"]}
events and {part["events"]} actions, sent at once; Argo Rollouts, at its defaults (`--qps 40 --burst 80`, ten workers), gets {count} aborts over eight connections. Seconds
from the first request sent; median of {len(runs["doorbuster"])} runs, and their range. Doorbuster takes a candidate away only once the gateway has taken the route up (`drain` is `0s`
here, 15 s by default); Argo's basic canary has no route to wait for, and neither has Doorbuster by ready pods. The last row is nobody's release:
as many Deployments of two pods, scaled to nothing by the same client, are how long the cluster's own controllers take on this machine. System load when a run began:
{"; ".join(", ".join(f"{one['load']:.1f}" for one in rows) + f" ({NAMES[label]})" for label, rows in runs.items())}.

"""
    text += table(["s after the first request", "all requests answered", "half of the first writes", "last first write", "last pod of a candidate gone"], [
        [NAMES[label], *(span(rows, key) for key in ("answered_s", "median_first_s", "last_first_s", "last_gone_s"))] for label, rows in runs.items()])
    medians = {label: {key: statistics.median(one[key] for one in rows) for key in ("last_first_s", "last_gone_s")} for label, rows in runs.items()}
    return text + table(["aim", "measured", "", "of Argo Rollouts'", "of the cluster's own"], [
        [f"{what} within {aim} s{more}", f"{medians[label][key]:.2f} s", verdict(medians[label][key], aim), *(ratio(medians[label][key], medians[peer][key]) for peer in ("argo", "bare"))]
        for label, more in (("doorbuster", ""), ("pods", ", by ready pods"))
        for what, key, aim in (("last first write", "last_first_s", LAST_FIRST_S), ("last pod of a candidate gone", "last_gone_s", LAST_GONE_S))])


def versions(part):
    """Of the operator that was measured, part by part where they are not one."""
    found = part["versions"]
    of = {version: [name for name in found if found[name] == version] for version in found.values()}
    if len(of) == 1:
        return f"the operator {next(iter(of))}"
    return "the operator " + "; ".join(f"{version} ({', '.join(names)})" for version, names in of.items())


def rollback(part):
    small = "\n**A trial (`--quick`): too small to judge by.**\n" if part["quick"] else ""
    floor = sorted(one["first_ms"] for one in part["floor"])
    return f"""{HEAD}

{today()}, commit `{commit()}`, {versions(part)}. Other work on these two cores slows every row: compare rows of one table.
{small}
Doorbuster, Argo Rollouts {version_of("argo-rollouts")} and Flagger {version_of("flagger")} (built of their modules, with their own roles and limits), those of a table in one
cluster in one run (`bench/rollback.py`): etcd, API server, controllers and scheduler as they are, nodes and pods by kwok (a pod is ready at once), Envoy Gateway
for Doorbuster's HTTPRoutes; for the others' ingresses no controller runs, so nobody else works on them. Each shop has four pods and no autoscaler, and
waits at half of its traffic with two pods of the new version when a person sends it back: a SaleAction `RollBack`; `abort` in the Rollout's status, as
the command of Argo Rollouts writes it. By ready pods it waits at a third: the two stand beside all four of the target, where Argo's basic canary has
taken two of those away. The first write is Doorbuster's of the HTTPRoute, with which all traffic is back, or by ready pods of the candidate's size;
Argo's of a ReplicaSet, or of the canary ingress' weight. Read from a watch by one client, from the answer to its request on, one release at a time, the kinds in turn; the same
client sees the event of a PATCH of its own {statistics.median(floor):.1f} ms after the answer (median; at most {floor[-1]:.1f}).

After an abort by ingress weight Argo's controller writes the selector of the canary's Service to and fro until the pods are gone, 30 s by default, as fast as its
client's limit (`--qps 40`) lets it; another abort meanwhile waits in that queue (last row, defaults). In the row before, that time is one second
(`abortScaleDownDelaySeconds: 1`) and over before the next begins. {load_of(part, "one")}

""" + one_by_one(part) + (ticking(part) if "flagger" in part else "") + (many(part) if "many" in part and "bare" in part else "") + (under_load(part) if "live" in part else "") + (judged(part) if "judged" in part else "")
