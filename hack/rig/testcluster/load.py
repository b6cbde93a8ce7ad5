"""CPU of a workload's pods that follows a number one can change while they run.

The ConfigMap kube-system/rig-load says how many cores a workload's load needs in all, "namespace.name" ->
"12.5". Once a second each such total is divided by the workload's ready pods, cut at a container's CPU
limit, and written into the one ClusterResourceUsage from which kwok answers as kubelet.
"""

import threading

from . import api

CONFIG_MAP = "/api/v1/namespaces/kube-system/configmaps/rig-load"
USAGE = "/apis/kwok.x-k8s.io/v1alpha1/clusterresourceusages/rig"
PERIOD_SECONDS = 1.0
# Each is a branch of one CEL expression.
MAX_WORKLOADS = 64
_UNITS = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3}


def cores(quantity):
    """A CPU quantity in cores; ValueError when it is none."""
    text = str(quantity)
    suffix = text[-1] if text and text[-1] in "numk" else ""
    return float(text[:len(text) - len(suffix)]) * _UNITS[suffix]


def per_container(total, workload):
    """Milli-cores that each container shows, for a total in cores and a Deployment or StatefulSet."""
    containers = workload["spec"]["template"]["spec"]["containers"]
    ready = max(1, workload.get("status", {}).get("readyReplicas", 0))
    share = total / ready / len(containers)
    limits = [c.get("resources", {}).get("limits", {}).get("cpu") for c in containers]
    share = min([share, *(cores(limit) for limit in limits if limit)])
    return max(1, round(share * 1000))


def _own_pods(namespace, name):
    # A Deployment's pods carry the hash that its ReplicaSet's name ends with, a StatefulSet's do not.
    return (f'pod.metadata.namespace == "{namespace}" && pod.metadata.generateName == '
            f'("pod-template-hash" in pod.metadata.labels '
            f'? "{name}-" + pod.metadata.labels["pod-template-hash"] + "-" : "{name}-")')


def usage(shares):
    """The ClusterResourceUsage for {(namespace, name): milli-cores}; other pods go by their annotations."""
    cpu = ('("kwok.x-k8s.io/usage-cpu" in pod.metadata.annotations '
           '? Quantity(pod.metadata.annotations["kwok.x-k8s.io/usage-cpu"]) : Quantity("1m"))')
    for (namespace, name), milli in sorted(shares.items()):
        cpu = f'({_own_pods(namespace, name)} ? Quantity("{milli}m") : {cpu})'
    memory = ('"kwok.x-k8s.io/usage-memory" in pod.metadata.annotations '
              '? Quantity(pod.metadata.annotations["kwok.x-k8s.io/usage-memory"]) : Quantity("1Mi")')
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterResourceUsage", "metadata": {"name": "rig"},
            "spec": {"usages": [{"usage": {"cpu": {"expression": cpu}, "memory": {"expression": memory}}}]}}


class Follower(threading.Thread):
    """Keeps the usage up to date for as long as the cluster lives; a stopped API server only delays it."""

    def __init__(self, client):
        super().__init__(daemon=True, name="load")
        self._client = client
        self._written = None
        self._complaint = None

    def run(self):
        pause = threading.Event()
        while not pause.wait(PERIOD_SECONDS):
            try:
                self._round()
                self._complain(None)
            except (api.ApiError, OSError, ValueError, KeyError) as error:
                self._complain(f"{type(error).__name__}: {error}")

    def _complain(self, complaint):
        """Into the supervisor's log, once as long as it stays the same."""
        if complaint != self._complaint:
            print(f"load: {complaint or 'works again'}", flush=True)
        self._complaint = complaint

    def _workload(self, namespace, name):
        for plural in ("deployments", "statefulsets"):
            found = self._client.find(f"/apis/apps/v1/namespaces/{namespace}/{plural}/{name}")
            if found:
                return found
        return None

    def _round(self):
        config = self._client.find(CONFIG_MAP) or {}
        shares = {}
        for key, total in sorted((config.get("data") or {}).items())[:MAX_WORKLOADS]:
            namespace, _, name = key.partition(".")
            workload = self._workload(namespace, name)
            if workload:
                shares[(namespace, name)] = per_container(cores(total), workload)
        if shares != self._written:
            self._client.merge(USAGE, {"spec": usage(shares)["spec"]})
            self._written = shares
