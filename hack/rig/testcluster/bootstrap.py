"""What a fresh API server is given before a cluster counts as ready."""

import concurrent.futures
import time

from . import api, crds, gateway, load, paths, pki, prometheus
from .components import LOCAL_LABEL

READY_SECONDS = 30
METRICS_GROUP = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"


def _read(files):
    return [d for file in sorted(files) for d in api.documents(file.read_text(encoding="utf-8"))]


def before_kwok(client, context):
    """CRDs, rights, stages and metrics: kwok gives up when it finds its kinds missing."""
    kwok = context.tools / "kwok"
    crds.install(client, [d for d in _read((kwok / "crd/bases").glob("*.yaml"))
                          if d["spec"]["names"]["kind"] in
                          {"Stage", "Metric", "ClusterResourceUsage", "ResourceUsage"}])
    objects = _read([paths.RIG / "manifests/rbac.yaml", kwok / "rbac/role.yaml"])
    for folder in ("metrics/resource", "stage/node/fast", "stage/node/heartbeat-with-lease", "stage/pod/fast"):
        objects += _read((kwok / folder).glob("*.yaml"))
    objects.append(load.usage({}))
    objects.append({"apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": {"name": "rig-load", "namespace": "kube-system"}})
    objects += _metrics_service(context)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(client.apply, objects))


def before_gateway(client, context):
    gateway.write_files(context)
    gateway.apply_objects(client, context)


def before_prometheus(client, context):
    prometheus.write(context)
    for manifest in _read([paths.RIG / "manifests/prometheus-rbac.yaml"]):
        client.apply(manifest)


def _metrics_service(context):
    # Endpoints may not hold loopback addresses; an external name is how the aggregator reaches this host.
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "metrics-server", "namespace": "kube-system"},
         "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": 4443}]}},
        {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
         "metadata": {"name": "v1beta1.metrics.k8s.io"},
         "spec": {"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100,
                  "versionPriority": 100, "caBundle": pki.ca_bundle(context.pki),
                  "service": {"name": "metrics-server", "namespace": "kube-system", "port": 4443}}},
    ]


def _node(index):
    name = f"node-{index}"
    room = {"cpu": "64", "memory": "256Gi", "pods": "250"}
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake",
                            "metrics.k8s.io/resource-metrics-path": f"/metrics/nodes/{name}/metrics/resource"},
            "labels": {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": f"zone-{(index - 1) % 3 + 1}"},
        },
        "spec": {"podCIDR": f"10.244.{index}.0/24", "podCIDRs": [f"10.244.{index}.0/24"]},
        "status": {"allocatable": room, "capacity": room},
    }


def after_kwok(client, context):
    """Nodes; returns when all are ready and pods can be made in the default namespace."""
    nodes = [_node(i + 1) for i in range(context.options.nodes)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda node: client.request("POST", "/api/v1/nodes", node), nodes))
    _await("the default service account",
           lambda: client.find("/api/v1/namespaces/default/serviceaccounts/default"))
    _await("all nodes ready", lambda: _ready_nodes(client) >= len(nodes) + context.options.local_nodes)


def _ready_nodes(client):
    nodes = client.get("/api/v1/nodes?limit=500")["items"]
    return sum(1 for node in nodes if all(taint["key"] == LOCAL_LABEL for taint in node["spec"].get("taints") or [])
               and any(c["type"] == "Ready" and c["status"] == "True"
                       for c in node.get("status", {}).get("conditions") or []))


def metrics_serve(client):
    """Whether the aggregated metrics API answers: metrics-server needs one scrape, 10 to 20 s."""
    service = client.find(METRICS_GROUP) or {}
    return any(c["type"] == "Available" and c["status"] == "True"
               for c in service.get("status", {}).get("conditions") or [])


def _await(what, holds):
    deadline = time.monotonic() + READY_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not seen within {READY_SECONDS} s: {what}")
        time.sleep(0.05)
