"""The simulator against the real controllers: differential.py --program FILE [--seed N] [--count N]. Called by hack/differential.

The program of tests/differential makes the scenarios; here they are played on the real HPA, Deployment, ReplicaSet, quota and
scheduler controllers, all at once, each in a namespace of its own; the program then plays them in the simulator and compares.
In metrics-server's place stands a server of this process, which divides a scenario's load by its ready pods when it is asked:
metrics-server looks every ten seconds at best, kwok's CPU knows 64 workloads, and neither is modelled.
"""

import argparse
import concurrent.futures
import datetime
import heapq
import http.server
import itertools
import json
import os
import pathlib
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

from api import Api, TimedOut, wait_for

MARK = "doorbuster.test/differential"
STARTUP = "doorbuster.test/startup"
SYNC_SECONDS = 2.0
# A look asks for each metric; a scale that no look of this age explains came from one that asked for none.
SAME_LOOK_SECONDS = 1.2
EXPLAINS_SECONDS = 1.9
# All at once would be one crowd at the controller's workers for the whole minute.
SPREAD_SECONDS = 6.0
# As many as two cores of one's own carry at the sync period, and what a wave is halved to when they do not.
AT_ONCE, LEAST_AT_ONCE = 100, 12
SLOW_SECONDS = 1.08 * SYNC_SECONDS
MOST_AGAIN, MOST_SECONDS = 0.05, 900
FIRST_ROOM_NODE = 101
THREADS = 8
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Play:
    """One scenario on the real cluster: what there is now, and what each look of the autoscaler's controller found."""

    def __init__(self, scenario, ns):
        self.scenario, self.ns, self.name = scenario, ns, "checkout"
        self.lock = threading.Lock()
        self.load, self.replicas, self.pods = scenario["load"], scenario["replicas"], {}
        self.began = self.ended = None
        self.looks, self.last_look, self.explained = [], 0.0, True
        self.steps = []

    def moment(self, at):
        ready = sum(1 for one in self.pods.values() if one)
        return {"at": round((at - self.began) * 1000), "replicas": self.replicas, "pods": len(self.pods), "ready": ready}

    def under_way(self):
        return self.began is not None and self.ended is None

    def asked(self):
        """The controller asks for metrics: [(pod, milli-cores)]."""
        with self.lock:
            now = time.time()
            if self.under_way() and now - self.last_look > SAME_LOOK_SECONDS:
                self.looks.append(self.moment(now))
                self.last_look, self.explained = now, False
            ready = [name for name, is_ready in self.pods.items() if is_ready]
            share = self.load * self.scenario["request"] // 100 // len(ready) if ready else 0
            return [(name, share) for name in ready]

    def scaled(self, replicas):
        with self.lock:
            if replicas == self.replicas:
                return
            now = time.time()
            if self.under_way():
                if self.explained or now - self.last_look > EXPLAINS_SECONDS:
                    self.looks.append(self.moment(now))
                    self.last_look = now
                self.explained = True
            self.replicas = replicas

    def pod(self, kind, pod):
        name = pod["metadata"]["name"]
        with self.lock:
            if kind == "DELETED" or "deletionTimestamp" in pod["metadata"]:
                self.pods.pop(name, None)
                return
            self.pods[name] = any(one["type"] == "Ready" and one["status"] == "True" for one in pod.get("status", {}).get("conditions", []))

    def done(self, step):
        """A step has been taken: when it really was."""
        at = round((time.time() - self.began) * 1000)
        with self.lock:
            if step["what"] == "load":
                self.load = step["percent"]
            self.steps.append({**step, "at": at})

    def end(self):
        with self.lock:
            self.ended = time.time()
            self.last = self.moment(self.ended)

    def record(self):
        """As tests/differential/play.h has it."""
        scenario = {**self.scenario, "steps": sorted(self.steps, key=lambda one: one["at"]), "lasts": self.last["at"]}
        return {"scenario": scenario, "began": round(self.began * 1000), "looks": self.looks + [self.last]}


class Metrics(http.server.BaseHTTPRequestHandler):
    """metrics.k8s.io/v1beta1, as much as the HPA controller and discovery ask."""

    protocol_version, wbufsize, disable_nagle_algorithm, plays = "HTTP/1.1", -1, True, {}

    def do_GET(self):  # noqa: N802 (the library's name) pylint: disable=invalid-name
        path = urllib.parse.urlsplit(self.path).path.strip("/").split("/")
        if path == ["apis", "metrics.k8s.io", "v1beta1"]:
            self.answer(200, {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "metrics.k8s.io/v1beta1", "resources": [
                {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["get", "list"]}]})
        elif len(path) == 6 and path[3] == "namespaces" and path[5] == "pods":
            play = self.plays.get(path[4])
            self.answer(200, {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": self.items(play) if play else []})
        else:
            self.answer(404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404})

    @staticmethod
    def items(play):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        window = f"{play.scenario['window']}s"
        return [{"metadata": {"name": name, "namespace": play.ns}, "timestamp": now, "window": window,
                 "containers": [{"name": "app", "usage": {"cpu": f"{share}m", "memory": "1Mi"}}]} for name, share in play.asked()]

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def serve_metrics(plays):
    """In metrics-server's place, with its own certificate."""
    pki = pathlib.Path(os.environ["DOORBUSTER_CLUSTER_DIR"]) / "pki"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "metrics-server-serving.crt", pki / "metrics-server-serving.key")
    context.set_alpn_protocols(["http/1.1"])
    Metrics.plays = plays
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 4443), Metrics)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Watch(threading.Thread):
    """Every change of one kind in all scenarios' namespaces, through one list and one watch."""

    def __init__(self, api, path, tell):
        super().__init__(daemon=True)
        self.api, self.path, self.tell, self.resumed, self.broken = api, path, tell, 0, None
        listed = api.request("GET", f"{path}?labelSelector={MARK}")
        self.version = listed["metadata"]["resourceVersion"]
        assert not listed["items"], "the cluster is not fresh"
        self.start()

    def run(self):
        try:
            while True:  # the server ends a watch whose reader it finds slow
                query = f"{self.path}?labelSelector={MARK}&watch=true&resourceVersion={self.version}&timeoutSeconds=3000"
                for line in self.api.lines(query):
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise RuntimeError(str(event))
                    self.version = event["object"]["metadata"]["resourceVersion"]
                    self.tell(event["type"], event["object"])
                self.resumed += 1
        except Exception as error:  # pylint: disable=broad-except
            self.broken = error

    def check(self):
        if self.broken:
            raise self.broken


class Timetable:
    """Does things when their time has come, a few at once."""

    def __init__(self, pool):
        self.pool, self.heap, self.count, self.futures = pool, [], 0, []

    def add(self, at, action):
        heapq.heappush(self.heap, (at, self.count, action))
        self.count += 1

    def run(self):
        while self.heap or any(not one.done() for one in self.futures):
            now = time.time()
            if not self.heap or self.heap[0][0] > now:
                time.sleep(0.02 if not self.heap else min(0.02, self.heap[0][0] - now))
                continue
            action = heapq.heappop(self.heap)[2]
            self.futures.append(self.pool.submit(action))
        for one in self.futures:
            one.result()


class Wave:
    """Scenarios that are played at the same time."""

    def __init__(self, api, prefix, scenarios, plays, nodes):
        self.api = api
        self.plays = [Play(one, f"{prefix}-{one['seed']}-{one['number']}") for one in scenarios]
        self.nodes = {one.ns: next(nodes) for one in self.plays if "room" in one.scenario}
        plays.update({one.ns: one for one in self.plays})

    def prepare(self, pool):
        list(pool.map(self.build, self.plays))
        wait_for("the pods that the scenarios begin with are ready", lambda: not self.unready(), 120)
        # No metric of theirs may be too young to count.
        time.sleep(self.plays[0].scenario["window"] + 1)

    def unready(self):
        return [one.ns for one in self.plays if len(one.pods) != one.scenario["replicas"] or not all(one.pods.values())]

    def build(self, play):
        scenario, ns = play.scenario, play.ns
        self.api.create("namespaces", None, {"metadata": {"name": ns}})
        template = {"metadata": {"labels": {"app": play.name, MARK: "pod"}, "annotations": {STARTUP: f"{scenario['startup']}ms"}},
                    "spec": {"terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False, "enableServiceLinks": False,
                             "containers": [{"name": "app", "image": "shop/app:v1",
                                             "resources": {"requests": {"cpu": f"{scenario['request']}m"}}}]}}
        if "room" in scenario:
            self.node(self.nodes[ns], ns, scenario["room"])
            template["spec"]["nodeSelector"] = {MARK: ns}
            template["spec"]["tolerations"] = [{"key": MARK, "operator": "Exists"}]
        if any(one["what"] == "quota" for one in scenario["steps"]):
            self.api.request("POST", f"/api/v1/namespaces/{ns}/resourcequotas", {"metadata": {"name": "pods"}, "spec": {"hard": {"pods": "1000"}}})
        self.api.create("deployments", ns, {
            "metadata": {"name": play.name, "labels": {MARK: "workload"}},
            "spec": {"replicas": scenario["replicas"], "selector": {"matchLabels": {"app": play.name}}, "template": template}})

    def node(self, index, ns, pods):
        room = {"cpu": "64", "memory": "256Gi", "pods": str(pods)}
        self.api.request("POST", "/api/v1/nodes", {
            "metadata": {"name": f"room-{index}", "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {MARK: ns}},
            "spec": {"podCIDR": f"10.244.{index}.0/24", "podCIDRs": [f"10.244.{index}.0/24"], "taints": [{"key": MARK, "effect": "NoSchedule"}]},
            "status": {"allocatable": room, "capacity": room}})

    def run(self, pool):
        timetable = Timetable(pool)
        first = time.time() + 0.5
        for index, play in enumerate(self.plays):
            begins = first + index * SPREAD_SECONDS / len(self.plays)
            timetable.add(begins, lambda play=play: self.begin(play, timetable))
        timetable.run()

    def begin(self, play, timetable):
        spec = {**play.scenario["autoscaler"], "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": play.name}}
        self.api.create("horizontalpodautoscalers", play.ns, {"metadata": {"name": play.name}, "spec": spec})
        play.began = time.time()
        for step in play.scenario["steps"]:
            timetable.add(play.began + step["at"] / 1000, lambda step=step: self.take(play, step))
        timetable.add(play.began + play.scenario["lasts"] / 1000, lambda: self.end(play))

    def take(self, play, step):
        if step["what"] == "bounds":
            self.api.patch("horizontalpodautoscalers", play.ns, play.name, {"spec": {"minReplicas": step["min"], "maxReplicas": step["max"]}})
        if step["what"] == "quota":
            self.api.request("PATCH", f"/api/v1/namespaces/{play.ns}/resourcequotas/pods",
                             {"spec": {"hard": {"pods": str(step.get("pods", 1000))}}}, "application/merge-patch+json")
        play.done(step)

    def end(self, play):
        play.end()
        self.api.delete("horizontalpodautoscalers", play.ns, play.name)
        self.api.patch("deployments", play.ns, play.name, {"spec": {"replicas": 0}})


def compare(program, records):
    """What the program says of each record, with the record."""
    text = "".join(json.dumps(one) + "\n" for one in records)
    done = subprocess.run([program, "compare"], input=text, stdout=subprocess.PIPE, text=True, check=True)
    return [{**json.loads(line), "record": record} for line, record in zip(done.stdout.splitlines(), records, strict=True)]


def prepare_cluster(api, plays):
    serve_metrics(plays)
    # kwok's pods are ready at once; these when their annotation says so.
    delay = {"durationMilliseconds": 0, "durationFrom": {"expressionFrom": f'.metadata.annotations["{STARTUP}"]'}}
    api.request("PATCH", "/apis/kwok.x-k8s.io/v1alpha1/stages/pod-ready", {"spec": {"delay": delay}}, "application/merge-patch+json")
    path = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"
    wait_for("the metrics API is served", lambda: any(
        one["type"] == "Available" and one["status"] == "True" for one in api.request("GET", path).get("status", {}).get("conditions", [])), 60)


def pace(records):
    """Mean seconds between two looks of the real controller."""
    gaps = [b["at"] - a["at"] for one in records for a, b in zip(one["looks"], one["looks"][1:-1])]
    return sum(gaps) / max(1, len(gaps)) / 1000


class Result:
    """Every scenario's last comparison, and how it came to that.

    The real controllers are not alone on their machine, and where they wait for it, so does a pod that the simulator has at once.
    A scenario that disagreed is therefore played a second time, with fewer beside it. A mistake of the model disagrees again.
    """

    def __init__(self, program, at_once):
        self.program, self.at_once = program, at_once
        self.last, self.again, self.waves = {}, set(), []

    def add(self, records):
        """The scenarios to be played again."""
        mean = pace(records)
        kept_pace = mean <= SLOW_SECONDS
        found = compare(self.program, records)
        off = [one for one in found if one["disagreeing"]]
        print(f"{datetime.datetime.now():%H:%M:%S} wave of {len(records)}: mean sync period {mean:.2f} s, {len(off)} disagree", flush=True)
        self.waves.append((len(records), mean))
        retry = []
        for one in found:
            number = one["number"]
            self.last[number] = one
            if not one["disagreeing"] or (kept_pace and number in self.again):
                continue
            if kept_pace:
                self.again.add(number)
            retry.append(number)
        if not kept_pace:
            self.at_once = max(LEAST_AT_ONCE, self.at_once // 2)
        return retry

    def ordered(self):
        """The worst first."""
        return sorted(self.last.values(), key=lambda one: (one["disagreeing"], one["worst"], one["sum"]), reverse=True)

    def summary(self):
        found = self.last.values()
        looks, exact = sum(one["looks"] for one in found), sum(one["exact"] for one in found)
        off = sum(1 for one in found if one["disagreeing"])
        return [f"{len(found)} scenarios on the real controllers, {len(found) - off} agree with the simulator, {off} do not",
                f"{looks} looks of the autoscaler's controller, {exact} ({100 * exact // max(1, looks)} %) with the very replicas of the simulator",
                f"worst difference after a shift of at most one look: {max(one['worst'] for one in found)}",
                f"{len(self.again)} scenarios were played a second time; waves (scenarios, mean sync period): "
                + ", ".join(f"{count} at {mean:.2f} s" for count, mean in self.waves)]


def shown(one):
    """A scenario's begin and its trace."""
    scenario = {key: value for key, value in one["record"]["scenario"].items() if key not in ("steps", "autoscaler")}
    return f"{json.dumps(scenario)}\n{json.dumps(one['record']['scenario']['autoscaler'])}\n{one['table']}"


def replay(one):
    return f"hack/differential --seed {one['record']['scenario']['seed']} --first {one['number']} --count 1"


def document(result, seed):
    worst = result.ordered()[0]
    lines = "".join(f"- {one}\n" for one in result.summary())
    return f"""# The simulator against the real controllers

Written by `hack/differential --docs` (seed {seed}). Random scenarios of 45 s (bounds that move, load, quotas that refuse pods, slow
pods, nodes that are full, every kind of `behavior`) are played on the HPA, Deployment, ReplicaSet, quota and scheduler controllers of a real
control plane with a sync period of {SYNC_SECONDS:.0f} s, and on `controllers/simulator`. At every look of the autoscaler's controller the replicas, the pods
and the ready pods are compared: they may differ by max(1, 5 %) after a shift of at most one look.

Not compared: the age of metrics (the driver serves them in metrics-server's place, as old as the question) and when the controller looks
(its work queue is no clock: the simulator is told the instants). A scenario that disagrees is played a second time with fewer beside it, as
pods may have waited for the machine; a mistake of the model disagrees again, and so fails the test.

{lines}
The worst trace, `{replay(worst)}` (times in ms, load and aims in per cent of a pod's request, which is 100m):

```
{shown(worst)}```
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first scenario of the seed")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    parser.add_argument("--records", help="a file for what was played, a JSON record a line")
    parser.add_argument("--docs", action="store_true")
    options = parser.parse_args()
    began = time.time()
    api = Api()
    made = subprocess.run([options.program, "scenarios", str(options.seed), str(options.first), str(options.count)], stdout=subprocess.PIPE, text=True, check=True)
    waiting = [json.loads(line) for line in made.stdout.splitlines()]
    by_number = {one["number"]: one for one in waiting}
    plays, nodes, result = {}, itertools.count(FIRST_ROOM_NODE), Result(options.program, options.at_once)
    prepare_cluster(api, plays)
    watches = [
        Watch(Api(), "/api/v1/pods", lambda kind, one: plays[one["metadata"]["namespace"]].pod(kind, one)),
        Watch(Api(), "/apis/apps/v1/deployments", lambda kind, one: plays[one["metadata"]["namespace"]].scaled(one["spec"]["replicas"]))]
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        while waiting and time.time() - began < MOST_SECONDS:
            wave, waiting = Wave(api, f"d{len(result.waves)}", waiting[:result.at_once], plays, nodes), waiting[result.at_once:]
            try:
                wave.prepare(pool)
            except TimedOut as error:
                raise TimedOut(f"{error}: {wave.unready()[:5]}, watches {[(one.is_alive(), one.resumed, one.broken) for one in watches]}") from None
            wave.run(pool)
            for one in watches:
                one.check()
            waiting += [by_number[one] for one in result.add([one.record() for one in wave.plays])]
    found = result.ordered()
    if options.records:
        with open(options.records, "w", encoding="utf-8") as out:
            out.writelines(json.dumps(one["record"]) + "\n" for one in found)
    for one in found[:1] + [one for one in found[1:] if one["disagreeing"]][:10]:
        print(f"--- {replay(one)}\n{shown(one)}")
    if options.docs:
        (ROOT / "docs/differential.md").write_text(document(result, options.seed), encoding="utf-8")
    problems = [f"{one['number']} disagrees" for one in found if one["disagreeing"]]
    problems += [f"{one['number']} was not played to its end" for one in waiting if one["number"] not in result.last]
    if len(result.again) > max(1, MOST_AGAIN * options.count):
        problems.append(f"{len(result.again)} scenarios needed a second time, more than {MOST_AGAIN:.0%}")
    print("\n".join(result.summary() + [f"FAILED {one}" for one in problems] + [f"{time.time() - began:.0f} s"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
