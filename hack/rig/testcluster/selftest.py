"""What the self-tests of the rig share: a cluster by name, waiting, and a table of sentences that either hold or do not."""

import json
import os
import pathlib
import subprocess
import time

from .components import LOCAL_LABEL
from .paths import CLUSTER_COMMAND

CLUSTER = str(CLUSTER_COMMAND)
# Where the shop listens on its pod's address unless told otherwise.
SHOP_PORT = 8090
ON_LOCAL_NODES = {"nodeSelector": {LOCAL_LABEL: "true"}, "tolerations": [{"key": LOCAL_LABEL, "operator": "Exists"}]}


def cluster(*words, **settings):
    settings = {"check": True, "stdout": subprocess.PIPE, "text": True, **settings}
    return subprocess.run([CLUSTER, *words], **settings)


class Cluster:
    """One of hack/cluster, which need not be up yet."""

    def __init__(self, name):
        self.name = name

    def inside(self, *words, **settings):
        return cluster("run", self.name, "--", *words, **settings)

    def kubectl(self, *words, **settings):
        return self.inside("kubectl", *words, **settings).stdout

    def get(self, *words):
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def apply(self, *manifests):
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
        self.kubectl("apply", "--server-side", "-f", "-", input=text)

    def status(self):
        return json.loads(cluster("status", self.name, "--json", check=False).stdout)

    def folder(self):
        return pathlib.Path(self.inside("printenv", "DOORBUSTER_CLUSTER_DIR").stdout.strip())

    def ready_replicas(self, name):
        return self.get("deployment", name)["status"].get("readyReplicas", 0)

    def processes(self):
        """{pid: its words} of all that run in this cluster's network."""
        network, found = os.stat(f"/proc/{self.status()['supervisor']['pid']}/ns/net").st_ino, {}
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.stat(entry / "ns/net").st_ino == network:
                    found[entry.name] = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            except (OSError, ValueError):
                continue
        return found


def soon(seconds, holds, what):
    deadline = time.monotonic() + seconds
    while not (seen := holds()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.25)
    return seen


def container(image="shop", environment=None, **more):
    env = [{"name": name, "value": value} for name, value in (environment or {}).items()]
    return {"name": "main", "image": image, "env": env, **more}


def shop(environment, **more):
    probe = {"httpGet": {"path": "/ready", "port": SHOP_PORT}, "periodSeconds": 1}
    return container("shop", environment, readinessProbe=probe, **more)


def deployment(name, replicas, one, annotations=None, **spec):
    meta = {"labels": {"app": name}, "annotations": annotations or {}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                     "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
                     "template": {"metadata": meta, "spec": {"containers": [one], **spec}}}}


def service(name):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": SHOP_PORT}]}}


def check(sentence):
    """Prints a line and a time, and says whether it held."""
    began = time.monotonic()
    try:
        sentence()
        verdict = "ok"
    except (AssertionError, KeyError, subprocess.SubprocessError) as error:
        verdict = f"FAILED: {error!r}"
    print(f"{time.monotonic() - began:6.1f} s  {sentence.__name__.replace('_', ' ')}: {verdict}", flush=True)
    return verdict == "ok"


def check_all(sentences, last, names, keep):
    """All of them, then, unless the clusters are kept, the last, which takes them down. The exit code."""
    good = True
    try:
        good = all([check(sentence) for sentence in sentences])
    finally:
        if keep:
            print("kept:", *names)
        else:
            good = check(last) and good
            for name in names:
                cluster("down", name, stderr=subprocess.DEVNULL)
    return 0 if good else 1
