"""Runs the real-cluster tests, many at once in one cluster: run.py [--all | --peers | --traffic] [--jobs N] [NAME...]. Called by hack/cluster-tests."""

import argparse
import concurrent.futures
import contextlib
import importlib
import os
import random
import sys
import time
import traceback

import harness
import peer
from api import Api, TimedOut

SUITES = ["life_cases", "action_cases", "freeze_cases", "writer_cases", "keda_cases", "canary_cases", "rollout_cases", "router_cases", "gate_cases", "hazard_cases", "knative_cases", "pool_cases", "safeguard_cases", "pending_cases", "kill_cases", "kinds_cases", "outage_cases", "sweep_cases", "install_cases",
          "plan_cases", "report_cases", "watch_cases", "schedule_cases", "feasibility_cases", "headroom_cases", "prepull_cases", "buffer_cases", "check_cases", "webhook_cases", "kube_cases"]
# With --peers these and no others: each against the real controller of somebody else (peer.py), started once for all of its suite.
PEER_SUITES = {"peer_keda_cases": "keda", "peer_rollout_cases": "argo-rollouts", "peer_flagger_cases": "flagger"}
# With --traffic these and no others: in a cluster with a gateway, Prometheus and pods that answer, one after the other.
TRAFFIC_SUITES = ["traffic_cases"]
# These start operators of their own. The shared one watches every namespace and would take their events first
# (an event belongs to the first install that accepts it), so it has ended by then.
OWN_OPERATORS = {"kill_cases", "kinds_cases", "install_cases", "schedule_cases", "sweep_cases", "feasibility_cases", "check_cases", "webhook_cases", "traffic_cases"}
MOST_RETRIED = 2


def cases(wanted, everything, suites=tuple(SUITES)):
    """(name, function, alone): functions whose name begins with test_; `alone` ones want the cluster to themselves."""
    for suite in suites:
        module = importlib.import_module(suite)
        for name in sorted(vars(module)):
            function = getattr(module, name)
            if not name.startswith("test_") or not callable(function):
                continue
            if getattr(function, "only_all", False) and not everything:
                continue
            if wanted and not any(one in f"{suite}.{name}" for one in wanted):
                continue
            yield f"{suite}.{name}", function, getattr(function, "alone", False)


class Outcome:
    """How one test went: `problem` is nothing when it passed, `again` what its first try ran into when there was a second."""

    def __init__(self, name, function, api):
        began = time.monotonic()
        self.name, self.again = name, None
        self.problem = try_one(name, function, api)
        if isinstance(self.problem, TimedOut):
            # Windows of a few seconds on a machine that others use. A wrong value is never tried again.
            self.again = self.problem
            print(f"again  {name}: {str(self.problem).splitlines()[0][:300]}", flush=True)
            self.problem = try_one(name, function, api)
        self.seconds = time.monotonic() - began


def try_one(name, function, api):
    ns = "t-" + name.split(".test_")[1].replace("_", "-")[:40] + f"-{random.randrange(16**4):04x}"
    try:
        function(api, ns)
        api.delete("namespaces", None, ns)  # its pods take room on the nodes
        return None
    except Exception as error:  # pylint: disable=broad-except
        return error


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true", default=bool(os.environ.get("DOORBUSTER_ALL")))
    parser.add_argument("--peers", action="store_true", help="against the real controllers of others, which hack/setup peers builds")
    parser.add_argument("--traffic", action="store_true", help="releases under real traffic")
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    api = Api()
    harness.install(api)
    suites = list(PEER_SUITES) if options.peers else TRAFFIC_SUITES if options.traffic else SUITES
    if options.traffic:
        options.jobs = 1
    chosen = list(cases(options.names, options.all, suites))
    if not chosen:
        print("no such test", file=sys.stderr)
        return 2
    with contextlib.ExitStack() as stack:
        names = {PEER_SUITES[suite] for suite in {name.split(".")[0] for name, _, _ in chosen} if suite in PEER_SUITES}
        peers = [stack.enter_context(peer.Peer(api, name)) for name in sorted(names)]
        return run(options, api, chosen, suites, peers)


def run(options, api, chosen, suites, peers):
    """All of them; the exit status."""
    own = [(n, f) for n, f, _ in chosen if n.split(".")[0] in OWN_OPERATORS]
    shared = harness.Kept(harness.Operator(api, "shared")) if len(own) < len(chosen) else None
    failed, retried, passed, nothing = [], [], 0, 0

    def tell(outcome):
        nonlocal passed, nothing
        if isinstance(outcome.problem, harness.NotThere):
            print(f"absent {outcome.name}: {str(outcome.problem).splitlines()[0][:300]}", flush=True)
            nothing += 1
            return
        print(f"{'FAILED' if outcome.problem else 'ok    '} {outcome.name} ({outcome.seconds:.1f} s)", flush=True)
        if outcome.again:
            retried.append(outcome.name)
        if outcome.problem:
            failed.append(outcome.name)
            print("".join(traceback.format_exception(outcome.problem)), flush=True)
        else:
            passed += 1

    def at_once(cases_of_kind):
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for done in concurrent.futures.as_completed([pool.submit(Outcome, n, f, api) for n, f in cases_of_kind]):
                tell(done.result())

    at_once([(n, f) for n, f, alone in chosen if not alone and (n, f) not in own])
    if shared and shared.deaths:
        failed.append(f"the shared operator ended by itself, {shared.deaths} times")
    for name, function, alone in chosen:
        if alone:  # these take the API server away: an operator that cannot renew its lease ends, and is started again
            tell(Outcome(name, function, api))
    if shared:
        code = shared.close()
        if code != 0:
            failed.append(f"the shared operator stopped with {code}")
        if failed:
            print("--- the end of the shared operator's log\n" + shared.operator.tail(60))
    at_once(own)
    for one in peers:
        if not one.running():
            failed.append(f"{one.name} ended by itself")
        if failed:
            print(f"--- the logs of {one.name} are in {one.folder}")
    for suite in suites:
        whole = {name for name, _, _ in cases([suite + "."], False, [suite])} <= {name for name, _, _ in chosen}
        failed += getattr(importlib.import_module(suite), "over_all", list)() if whole else []
    if len(retried) > MOST_RETRIED:
        failed.append(f"more than {MOST_RETRIED} tests needed a second try")
    for one in failed:
        print(f"FAILED {one}")
    print(f"{'peers' if options.peers else 'traffic' if options.traffic else 'cluster'}: {passed} passed, {len(failed)} failed, {nothing} had no such write, {len(retried)} needed a second try{': ' + ', '.join(retried) if retried else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
