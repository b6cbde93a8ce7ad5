"""Doorbuster's way back under real requests: pods that answer on local nodes, Envoy before them, a constant load that keeps each answer's version."""

import os
import signal
import subprocess
import tempfile
import time

from api import wait_for
from rollback_kinds import HALF, PODS, Doorbuster
from traffic import LATE, ON_LOCAL_NODES, ROOT, SHOP_PORT, answers, shop

RATE = 200   # requests a second
NAME = "live"


class Live(Doorbuster):
    """One shop whose pods run. Its candidates are taken away two seconds after their traffic, so that no request under way is cut off."""

    drain = "2s"
    patch = {"spec": {"containers": [{"name": "main", "env": [{"name": "SHOP_VERSION", "value": "v2"}]}]}}

    def template(self, name, version="v1"):
        return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [shop({"SHOP_VERSION": version}, lifecycle=LATE)], **ON_LOCAL_NODES}}

    def service(self, name, selects):
        self.api.create("services", self.ns, {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                                              "spec": {"selector": {"app": selects}, "ports": [{"port": 80, "targetPort": SHOP_PORT}]}})


def load(folder, url, host, rate=RATE):
    """hack/rig/load until it is told to end, its lines in a file."""
    lines = os.path.join(folder, "lines.tsv")
    process = subprocess.Popen([os.path.join(ROOT, "hack/rig/load"), "--rate", str(rate), "--seconds", "3600", "--header", f"Host: {host}", "--lines", lines, url],
                               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("a first answer", lambda: os.path.exists(lines) and os.path.getsize(lines) > 200, 30)
    return process, lines


def under_load(api, runs, say):
    """Of each run, milliseconds from the action's answer to the arrival of the candidate's last one; and how many requests failed."""
    kind, spans = Live(api, "back-live", 1, 3), []
    kind.make([NAME])
    with tempfile.TemporaryDirectory(prefix="doorbuster-live.") as folder:
        process, lines = load(folder, f"http://127.0.0.1:{kind.port}/buy", f"{NAME}.example.com")
        try:
            for number in range(runs):
                say(f"under load: run {number + 1} of {runs}")
                kind.ship([NAME])
                time.sleep(1)
                began = time.time()
                kind.send_back(NAME)
                asked = time.time()
                kind.settle([NAME])
                kind.end()
                spans.append((began, asked, time.time()))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
        found = answers.read(lines)
    kind.close()
    out = []
    for began, asked, ended in spans:
        came = [one.sent + one.milliseconds / 1000 for one in found if one.version == "v2" and one.sent < ended]
        mine = [at for at in came if began - 1 < at < ended]
        if not mine:
            raise RuntimeError("the candidate had no request")
        out.append(1000 * max(0.0, max(mine) - asked))
    failed = sum(one.status != 200 for one in found)
    return {"last_ms": out, "rate": RATE, "requests": len(found), "failed": failed, "pods": PODS, "half": HALF}
