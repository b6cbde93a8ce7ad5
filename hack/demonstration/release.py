"""The demonstration's second act: a release at the peak of a sale, through a real gateway under load. Called by hack/demo, within its cluster."""

import argparse
import os
import re
import shutil
import signal
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/cluster"))
import harness  # noqa: E402
from api import Api, ApiError, TimedOut  # noqa: E402
from traffic import ERROR_RATE, RATE, Load, Store, answers, of, operator_of, seconds_of, unfair  # noqa: E402

NAMESPACE = "shop"
RELEASES = {
    "bad": ([{"weight": 20, "pause": "60s", "analysis": "default"}, {"weight": 50}], {"SHOP_ERROR_RATE": str(ERROR_RATE)}, "RolledBack"),
    "good": ([{"weight": 10, "pause": "5s", "analysis": "default"}, {"weight": 50, "pause": "5s", "analysis": "default"}], {}, "Promoted"),
}
ENDS = ("RolledBack", "Promoted", "Refused", "Forbidden")
LOG_LINE = re.compile(r'(\S+) info (object written|child created|child removed) .*object="(\w+)\S* \w+/(\S+)" reason=(\w+)')


def came(answer):
    return answer.sent + answer.milliseconds / 1000


class Tail:
    """The lines of a file that somebody still writes."""

    def __init__(self, path):
        self.file, self.rest = open(path, encoding="utf-8"), ""

    def lines(self):
        *whole, self.rest = (self.rest + self.file.read()).split("\n")
        return whole


class Act:
    """One release: says what happens as it happens, in seconds since it was asked for, and remembers when."""

    def __init__(self, shop, load, expected):
        self.shop, self.load, self.expected = shop, load, expected
        self.log, self.lines = Tail(shop.operator.log), Tail(load.file.name)
        self.at, self.row, self.last, self.untold, self.routed = {}, {}, {}, [], 0.0
        self.leaves = "v2" if expected == "RolledBack" else "v1"  # the version that answers no more in the end

    def happened(self, what, at, text=None):
        """The first time that it does; `what` is its name."""
        if what not in self.at:
            self.at[what] = at
            self.untold.append((at, text or what))

    def tell(self, until):
        """In order: of the status one hears a moment later than of the log, and that there was no further answer a second later."""
        for at, text in sorted((one for one in self.untold if one[0] < until), key=lambda one: one[0]):
            print(f"{at - self.began:7.2f} s  {text}", flush=True)
        self.untold = [one for one in self.untold if one[0] >= until]

    def read_answers(self):
        for line in self.lines.lines():
            if line == answers.HEADING:
                continue
            one = answers.of_line(line)
            self.last[one.version] = self.newest = max(self.last.get(one.version, 0), came(one))
            if one.version == "v2":
                self.happened("first answer of v2", came(one))
                if one.status != 200:
                    self.happened("first bad answer", came(one))
        gone = self.last.get(self.leaves)
        if ("first write" if self.leaves == "v2" else "target written") in self.at and gone and self.newest > gone + 1:
            self.happened(f"last answer of {self.leaves}", gone)

    def read_log(self):
        for line in self.log.lines():
            found = LOG_LINE.match(line)
            if not found:
                continue
            at, (what, kind, name, reason) = seconds_of(found[1]), found.groups()[1:]
            if (kind, reason) == ("Deployment", "CandidateAsked"):
                self.happened("candidate asked", at, f"candidate asked for: Deployment {name}")
            elif (what, kind) == ("child removed", "Deployment"):
                self.happened("candidate gone", at)
            elif kind == "HTTPRoute" and reason in ("TrafficShifted", "RollingBack"):
                self.routed = at
            if reason == "RollingBack":
                self.happened("first write", at, f"first write: {kind} {name}")
            elif what == "object written" and (kind, name) == ("Deployment", "checkout"):
                self.happened("target written", at, f"the target gets the patch: {kind} {name} ({reason})")

    def read_status(self):
        event = self.shop.event()
        before, self.row, now = self.row, next(iter(event.get("status", {}).get("rollouts", [])), {}), time.time()
        for decision in event.get("status", {}).get("decisions", []):
            if decision["kind"] == "RolledBack":
                self.happened("verdict", seconds_of(decision["at"]), f"verdict: {self.row.get('message', '')}")
        row = self.row
        if row.get("weight", 0) != before.get("weight", 0):
            share = f"step {row.get('step')} of {row.get('steps')}: share {row['weight']} %, candidate has {row.get('ready', 0)} of {row.get('replicas')} pods ready"
            self.untold.append((self.routed or now, share if row.get("weight") else "share 0 %: all traffic is the target's"))
        if row.get("state") != before.get("state") and row.get("state") in ("Baking", "Promoting", *ENDS):
            self.untold.append((now, row["state"]))

    def play(self, steps, environment):
        self.began = time.time()
        self.newest = self.began
        self.shop.ship(steps, environment)
        while time.time() < self.began + 150 and self.shop.operator.running():
            self.read_answers()
            self.read_log()
            self.read_status()
            state = self.row.get("state")
            if state in ENDS and (state != self.expected or {f"last answer of {self.leaves}", "candidate gone"} <= set(self.at)):
                break
            self.tell(time.time() - 1.5)
            time.sleep(0.1)
        self.tell(time.time())

    def figures(self, found):
        """Prints them, and what is not as promised."""
        failed = [one for one in found if one.status != 200]
        own = len(failed) - len(unfair(found))
        wrong = [] if self.row.get("state") == self.expected else [f"it ended {self.row.get('state')}, not {self.expected}: {self.row.get('message')}"]
        if not self.shop.operator.running():
            wrong.append("the operator ended by itself")
        try:
            self.shop.assert_as_before()
        except TimedOut as error:
            wrong.append(str(error))
        print("\nFrom the first bad answer" if self.expected == "RolledBack" else "\nFrom the first answer of v2")
        first, *then = ("first bad answer", "verdict", "first write", "last answer of v2") if self.expected == "RolledBack" else (
            "first answer of v2", "target written", "last answer of v1", "candidate gone")
        for what in then:
            if first in self.at and what in self.at:
                print(f"  {'to ' + what:<26}{self.at[what] - self.at[first]:8.3f} s")
            else:
                wrong.append(f"not seen: {what}")
        print(f"Requests: {len(found)}, of them answered by v2 {len(of(found, 'v2'))}\n"
              f"  failed in all {len(failed)} ({100 * len(failed) / len(found):.2f} %): {own} by errors of v2, {len(failed) - own} otherwise")
        if self.expected == "Promoted":
            environment = self.shop.api.get("deployments", NAMESPACE, "checkout")["spec"]["template"]["spec"]["containers"][0]["env"]
            runs = next(one["value"] for one in environment if one["name"] == "SHOP_VERSION")
            print(f"Target: checkout runs {runs}")
            if runs != "v2" or {one.version for one in found[-200:]} != {"v2"}:
                wrong.append("the target does not run v2 alone")
        if len(failed) > (own if self.expected == "RolledBack" else 0):
            wrong.append(f"requests failed: {failed[:3]}")
        if not any("route" in one for one in wrong):
            print("Route: as before")
        return wrong


def release(name, keep):
    """Ships it; whether all went as promised."""
    steps, environment, expected = RELEASES[name]
    api = Api()
    harness.install(api)
    shop = Store(api, NAMESPACE)
    shop.operator, load, good = operator_of(shop).start(), None, False
    try:
        print(f"demo: four pods of checkout v1 behind a gateway, {RATE} requests/s; the operator's log is {shop.operator.log}\n"
              f"demo: a sale is live and ships v2{f' with {100 * ERROR_RATE:.0f} % errors' if name == 'bad' else ''}", flush=True)
        load = Load(shop.url, 240)
        time.sleep(2)
        act = Act(shop, load, expected)
        act.play(steps, environment)
        wrong = act.figures(load.answers())
        good = not wrong
        print("".join(f"  {one}\n" for one in wrong) + f"\nVerdict: {f'ok, {expected}' if good else 'FAILED'}", flush=True)
    finally:
        if load and load.process.poll() is None:
            load.process.send_signal(signal.SIGINT)
        if not keep:
            shop.operator.stop()
            if good:
                shutil.rmtree(shop.operator.folder, ignore_errors=True)
    return good


def main():
    parser = argparse.ArgumentParser(prog="hack/demo")
    parser.add_argument("--release", choices=list(RELEASES), required=True)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return 0 if release(options.release, options.keep) else 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted")
        return 130
    except (AssertionError, ApiError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
