"""How long a release that a person sends back takes: Doorbuster, Argo Rollouts and Flagger in one cluster, in one run.

Called by hack/bench within a cluster of its own. Writes what was seen, as JSON, to --out. Asserts no time; fails when something that was
to be done was not done. A moment is when this process read it from a watch, and counts from the answer to the request that asked for it.
"""

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/cluster"))

import harness  # noqa: E402
import peer  # noqa: E402
from api import Api  # noqa: E402
from rollback_analysis import PROMETHEUS, by_analysis  # noqa: E402
from rollback_kinds import Argo, ArgoIngress, ArgoIngressAtOnce, Bare, Doorbuster, DoorbusterPods, Flagger  # noqa: E402
from rollback_live import under_load  # noqa: E402
from watching import Watch  # noqa: E402

SETTLED, QUIET, REFILL = 2, 0.3, 15   # seconds: before a round, between two of it, before many at once (clients' limits)
EVENT_MOST, EVENTS = 32, 7            # rollouts an event may have; events of the 200
ROUNDS = {"shared": 2, "argo-ingress": 3, "argo-queue": 1}   # of kinds that are looked at for less than all
PARTS = ("one", "many", "bare", "flagger", "live", "judged")


def say(text):
    print(f"bench: {time.strftime('%T')} {text}", file=sys.stderr, flush=True)


def version():
    """Of the operator that is measured: number and commit."""
    return subprocess.run([harness.OPERATOR, "version"], check=True, capture_output=True, text=True).stdout.splitlines()[0].removeprefix("doorbuster ")


def floor(api):
    """What of all this is the method's own: a PATCH of a ConfigMap and the event of it, in milliseconds."""
    api.create("configmaps", "default", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "floor"}})
    watch = Watch(api, api.path("configmaps", "default"), lambda _, one: [one["data"]["i"]] if one.get("data", {}).get("i") else [])
    rows = []
    for number in range(100):
        sent = time.monotonic()
        api.patch("configmaps", "default", "floor", {"data": {"i": str(number)}})
        answered = time.monotonic()
        seen, = watch.await_all([str(number)])
        rows.append({"request_ms": 1000 * (answered - sent), "first_ms": 1000 * (seen - answered)})
        time.sleep(0.02)
    return rows


def one(kind, name):
    kind.seen.forget()
    sent = time.monotonic()
    kind.send_back(name)
    answered = time.monotonic()
    first, = kind.seen.await_all([name])
    kind.settle([name])
    time.sleep(QUIET)
    return {"request_ms": 1000 * (answered - sent), "first_ms": 1000 * (first - answered)}


def one_by_one(api, names, rounds, keep):
    """Each kind's in turn, all of a kind's names one after another, while nothing else is under way."""
    kinds = {"doorbuster": Doorbuster(api, "back-doorbuster"), "shared": Doorbuster(api, "back-shared", len(names), 1),
             "pods": DoorbusterPods(api, "back-pods"), "argo": Argo(api, "back-argo"),
             "argo-ingress": ArgoIngress(api, "back-ingress"), "argo-queue": ArgoIngressAtOnce(api, "back-queue")}
    out = {label: [] for label in kinds}
    for kind in kinds.values():
        kind.make(names)
    for number in range(rounds):
        labels = [label for label in kinds if number < ROUNDS.get(label, rounds)]
        turn = number % len(labels)
        for label in labels[turn:] + labels[:turn]:
            say(f"one by one: round {number + 1} of {rounds}, {label}")
            kinds[label].ship(names)
            time.sleep(SETTLED)
            out[label] += [one(kinds[label], name) for name in names]
            kinds[label].end()
        keep(out)
    for kind in kinds.values():
        kind.close()


def many(kind, names):
    kind.ship(names)
    kind.watch_pods()
    time.sleep(REFILL)
    pods = kind.candidate_pods(names)
    if len(pods) != 2 * len(names):
        raise RuntimeError(f"{kind.ns}: {len(pods)} pods of candidates")
    kind.seen.forget()
    kind.gone.forget()
    load, began = os.getloadavg()[0], time.monotonic()
    answered = kind.send_all_back(names)
    first = kind.seen.await_all(names, 300)
    gone = max(kind.gone.await_all(pods, 300))
    kind.settle(names)
    kind.end()
    return {"answered_s": max(answered.values()) - began, "median_first_s": sorted(first)[len(first) // 2] - began, "last_first_s": max(first) - began,
            "last_gone_s": gone - began, "load": load}


def many_at_once(api, count, runs):
    names, out = [f"m{number:03d}" for number in range(count)], {}
    shared = min(EVENT_MOST, -(-count // EVENTS))
    for label, make in (("doorbuster", lambda: Doorbuster(api, "many-doorbuster", shared, 2)),
                        ("pods", lambda: DoorbusterPods(api, "many-pods", shared)),
                        ("argo", lambda: Argo(api, "many-argo"))):
        out[label] = runs_of(make(), names, runs, label)
    return out


def runs_of(kind, names, runs, label):
    out = []
    kind.make(names)
    for number in range(runs):
        say(f"{len(names)} at once: {label}, run {number + 1} of {runs}")
        out.append(many(kind, names))
        say(str(out[-1]))
    kind.close()
    return out


def ticking(api, count, rounds, keep):
    """Flagger's, in seconds: told at a random moment of its tick."""
    kind, chance = Flagger(api, "back-flagger"), random.Random(1)
    names, out = [f"s{number:03d}" for number in range(count)], []
    kind.make(names)
    for number in range(rounds):
        say(f"flagger: round {number + 1} of {rounds}")
        kind.ship(names)
        time.sleep(SETTLED)
        kind.seen.forget()
        told, began = {}, time.monotonic()
        for at, name in sorted((chance.uniform(0, kind.INTERVAL), name) for name in names):
            time.sleep(max(0.0, began + at - time.monotonic()))
            told[name] = time.monotonic()
            kind.send_back(name)
        out += [moment - told[name] for name, moment in zip(names, kind.seen.await_all(names, 120))]
        kind.settle(names)
        keep(out)
    kind.close()


def measure(api, options, out, save):
    """Part after part; what of one is there is saved at once, for whoever cannot wait for the last."""
    out.update(quick=options.quick, events=EVENTS, many_count=options.many, shared=options.shops)
    out["floor"] = floor(api)
    load = [0.0]

    def keep(part, value):
        out[part] = value
        out.setdefault("loads", {})[part] = [load[0], os.getloadavg()[0]]
        out.setdefault("versions", {})[part] = version()
        save(out)

    with contextlib.ExitStack() as stack:
        operator = harness.Operator(api, "bench", extra=["--prometheus-address", os.environ[PROMETHEUS], "--allow-check-hosts", "127.0.0.1"]).start()
        stack.callback(operator.stop)
        argo = stack.enter_context(peer.Peer(api, "argo-rollouts"))
        for part in options.parts:
            load[0] = os.getloadavg()[0]
            if part == "one":
                one_by_one(api, [f"s{number:03d}" for number in range(options.shops)], options.rounds, lambda found: keep("one", found))
            elif part == "many":
                keep("many", many_at_once(api, options.many, options.runs))
            elif part == "bare":
                keep("bare", runs_of(Bare(api, "many-bare"), [f"m{number:03d}" for number in range(options.many)], options.runs, "bare"))
            elif part == "flagger":
                with peer.Peer(api, "flagger"):
                    ticking(api, options.canaries, options.ticks, lambda found: keep("flagger", found))
            elif part == "live":
                keep("live", under_load(api, options.live, say))
            else:
                with peer.Peer(api, "flagger"):
                    keep("judged", by_analysis(api, options.judged, say))
            if not operator.running() or not argo.running():
                raise RuntimeError("a program that is measured has ended")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--parts", default=",".join(PARTS), help="nothing but these, into what --out has already")
    options = parser.parse_args()
    options.parts = [one for one in PARTS if one in options.parts.split(",")]
    options.shops, options.rounds, options.many, options.runs = (5, 2, 20, 1) if options.quick else (30, 7, 200, 3)
    options.canaries, options.ticks = (5, 1) if options.quick else (50, 4)
    options.live, options.judged = (3, 2) if options.quick else (50, 5)
    out = {}
    if os.path.exists(options.out):
        with open(options.out, encoding="utf-8") as file:
            out = json.load(file)

    def save(found):
        with open(options.out, "w", encoding="utf-8") as file:
            json.dump(found, file)

    api = Api()
    harness.install(api)
    measure(api, options, out, save)
    return 0


if __name__ == "__main__":
    sys.exit(main())
