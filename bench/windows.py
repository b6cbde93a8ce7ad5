"""One window three ways: Doorbuster, and autoscalers driven as the schedulers that users have today drive them.

Called by hack/bench within a cluster of its own, whose autoscaler controller has its defaults. Writes what was seen, as JSON, to --out.
The others are the HorizontalPodAutoscaler alone with one external metric more, which is what they are to it: KEDA's cron trigger and a
ScalingSchedule of kube-metrics-adapter without a scaling window are a value that stands from start to end; with a scaling window it rises
in ten steps before the start and falls in ten after the end (collector/scaling_schedule_collector.go).
"""

import argparse
import datetime
import http.server
import json
import math
import os
import ssl
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/cluster"))

import external_metrics  # noqa: E402
import harness  # noqa: E402
from api import Api, ApiError, wait_for  # noqa: E402

BEFORE, PEAK, AFTER, HIGH = 3, 24, 12, 30   # pods that load asks for before, during and after the sale; pods of the sale
WINDOW, AHEAD, TAIL = 120, 180, 600         # seconds: the sale, what is prepared or ramped in, what is watched after it
READY_MS = 10_000                           # from scheduled to ready
MOST, STEPS, PORT = 40, 10, 6445


class Course:
    """What is asked for when; `at` in seconds since the epoch."""

    def __init__(self, start):
        self.start, self.end = start, start + WINDOW

    def load(self, at):
        return BEFORE if at < self.start else PEAK if at < self.end else AFTER

    def jump(self, at):
        return HIGH if self.start <= at < self.end else 0

    def ramp(self, at):
        share = min(1.0, 1 + (at - self.start) / AHEAD, 1 + (self.end - at) / AHEAD)
        return HIGH * max(0.0, math.floor(share * STEPS) / STEPS)


def metrics_server(course, folder):
    """Answers external.metrics.k8s.io on loopback with the values of the course."""

    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):  # pylint: disable=invalid-name
            metric = self.path.split("?")[0].rsplit("/", 1)[-1]
            api = {"apiVersion": "external.metrics.k8s.io/v1beta1"}
            if metric == "v1beta1":
                body = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api["apiVersion"], "resources": [
                    {"name": one, "singularName": "", "namespaced": True, "kind": "ExternalMetricValueList", "verbs": ["get"]} for one in ("load", "jump", "ramp")]}
            elif metric in ("load", "jump", "ramp"):
                now = datetime.datetime.now(datetime.timezone.utc)
                item = {"metricName": metric, "metricLabels": {}, "timestamp": harness.instant(now), "value": str(int(getattr(course, metric)(now.timestamp())))}
                body = {"kind": "ExternalMetricValueList", **api, "metadata": {}, "items": [item]}
            else:
                self.send_error(404)
                return
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
    external_metrics.make_certificate(key, certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Answer)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class WindowShop(harness.Shop):
    """A shop whose autoscaler goes by these metrics and has the behaviour that one has by default."""

    def __init__(self, api, ns, metrics):
        self.metrics = metrics
        super().__init__(api, ns, replicas=BEFORE, most=MOST)

    def hpa_manifest(self, name, low, high):
        out = super().hpa_manifest(name, low, high)
        del out["spec"]["behavior"]
        out["spec"]["metrics"] = [{"type": "External", "external": {"metric": {"name": one}, "target": {"type": "AverageValue", "averageValue": "1"}}}
                                  for one in self.metrics]
        return out


def slow_pods(api):
    """As with real pods there is time between a pod's place and its readiness."""
    path = "/apis/kwok.x-k8s.io/v1alpha1/stages/pod-ready"
    api.request("PATCH", path, {"spec": {"delay": {"durationMilliseconds": READY_MS}}}, "application/merge-patch+json")


def watch(shops, until):
    """Ready pods by shop, once a second: [[seconds since the epoch, {name: ready}], ...]."""
    out = []
    while time.time() < until:
        row = {}
        for name, shop in shops.items():
            try:
                row[name] = shop.ready("checkout")
            except (ApiError, OSError):
                pass
        out.append([time.time(), row])
        time.sleep(max(0.0, 1 - time.time() % 1))
    return out


def figures(course, seen, name):
    """What the page tells of one of them."""
    rows = [(at, row[name]) for at, row in seen if name in row]
    ready = lambda when: next((count for at, count in rows if at >= when), rows[-1][1])  # noqa: E731
    full = next((at for at, count in rows if count >= HIGH), None)
    after = [(at, count) for at, count in rows if at >= course.end]
    short = sum(max(0, course.load(at) - count) for at, count in rows if course.start <= at < course.end)
    falls = [(at, then - count) for (_, then), (at, count) in zip(after, after[1:]) if count < then]
    minute = max((count - ready(at + 60) for at, count in after if at + 60 <= rows[-1][0]), default=0)
    return {"ready_at_start": ready(course.start), "full_after": None if full is None else full - course.start, "short_pod_seconds": short,
            "first_fall": falls[0][0] - course.end if falls else None, "most_in_one_minute": minute,
            "below_load": max((course.load(at) - count for at, count in after), default=0), "left": rows[-1][1]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    api, load = Api(), os.getloadavg()[0]
    harness.install(api)
    slow_pods(api)
    start = math.ceil((time.time() + AHEAD + 75) / 10) * 10
    course = Course(start)
    with tempfile.TemporaryDirectory(prefix="doorbuster-windows.") as folder:
        server = metrics_server(course, folder)
        external_metrics.register(lambda path, body: api.request("POST", path, body), "kube-system", "schedules", PORT)
        wait_for("the metrics are served", lambda: external_metrics.are_served(api), 60)
        shops = {"doorbuster": WindowShop(api, "window-doorbuster", ["load"]), "jump": WindowShop(api, "window-jump", ["load", "jump"]),
                 "ramp": WindowShop(api, "window-ramp", ["load", "ramp"])}
        operator = harness.Operator(api, "windows").start()
        try:
            shop = shops["doorbuster"]
            target = {"name": "checkout", "ref": {"kind": "Deployment", "name": "checkout"}, "need": {"replicas": HIGH},
                      "ramp": {"up": {"over": "2m", "steps": 4}}}
            begins = datetime.datetime.fromtimestamp(start, datetime.timezone.utc)
            api.create("saleevents", shop.ns, shop.manifest("window", begins, WINDOW, prepare=f"{AHEAD}s", cooldown="10m", targets=[target]))
            seen = watch(shops, course.end + TAIL)
        finally:
            operator.stop()
            server.shutdown()
    out = {"build": os.path.basename(os.path.dirname(harness.OPERATOR)), "load_before": load, "before": BEFORE, "peak": PEAK, "after": AFTER, "high": HIGH, "window": WINDOW, "ahead": AHEAD, "tail": TAIL, "ready_ms": READY_MS,
           "rows": {name: figures(course, seen, name) for name in shops},
           "series": [[round(at - start, 1), row] for at, row in seen]}
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(out, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
