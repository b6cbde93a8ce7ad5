"""What the benches fill a cluster with: workloads as their authors write them, autoscalers of them, sales of these."""

import concurrent.futures
import datetime
import json
import multiprocessing

from api import Api

CONNECTIONS, PROCESSES = 8, 2
FLOOR = 9          # what a sale asks for; the autoscalers begin with 3


def instant(moment):
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def applied(manifest):
    """As `kubectl apply` leaves it: a copy of itself in an annotation."""
    manifest["metadata"].setdefault("annotations", {})["kubectl.kubernetes.io/last-applied-configuration"] = json.dumps(manifest)
    return manifest


def labels(name):
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "storefront", "app.kubernetes.io/managed-by": "platform-team",
            "app.kubernetes.io/version": "2026.11.3", "team": "checkout", "cost-center": "cc-4711"}


def deployment(name, replicas=0):
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 2}
    container = {
        "name": "app", "image": f"images.example.com/storefront/{name}:2026.11.3", "args": ["serve", "--config=/etc/app/config.yaml"],
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}],
        "env": [{"name": "DATABASE_HOST", "value": "orders.database.example.com"}, {"name": "CACHE_HOST", "value": "cache.example.com"},
                {"name": "LOG_LEVEL", "value": "info"},
                {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "readinessProbe": probe, "livenessProbe": probe, "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}],
    }
    pod = {"serviceAccountName": "default", "containers": [container], "volumes": [{"name": "config", "configMap": {"name": name}}]}
    return applied({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels(name)},
                    "spec": {"replicas": replicas, "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
                             "template": {"metadata": {"labels": labels(name)}, "spec": pod}}})


def autoscaler(name):
    def resource(kind, percent):
        return {"type": "Resource", "resource": {"name": kind, "target": {"type": "Utilization", "averageUtilization": percent}}}

    return applied({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name, "labels": labels(name)},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}, "minReplicas": 3, "maxReplicas": 10,
                 "metrics": [resource("cpu", 70), resource("memory", 80)],
                 "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300, "policies": [{"type": "Percent", "value": 10, "periodSeconds": 60}]}}}})


def sale(name, start):
    """One target, due as a whole at the start: no lead, no ramp."""
    ramp = {"up": {"over": "0s", "steps": 1}, "down": {"over": "0s", "steps": 1}}
    return {"apiVersion": "doorbuster.dev/v1alpha1", "kind": "SaleEvent", "metadata": {"name": name},
            "spec": {"window": {"start": instant(start), "end": instant(start + datetime.timedelta(hours=2)), "prepare": "0s", "cooldown": "10m"},
                     "deletionPolicy": "Orphan",
                     "capacity": {"targets": [{"name": "target", "ref": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
                                               "need": {"replicas": FLOOR}, "ramp": ramp}]}}}


MAKERS = {"deployments": deployment, "horizontalpodautoscalers": autoscaler, "saleevents": sale}


def sale_name(number):
    return f"sale-{number:05d}"


def _create_share(share):
    api = Api()

    def one(item):
        kind, ns, name, extra = item
        api.create(kind, ns, MAKERS[kind](name, *extra), "kubectl-client-side-apply")

    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        return sum(1 for _ in pool.map(one, share))


def create(items):
    """Makes objects, each (kind, namespace, name, further arguments of its maker), over many connections."""
    shares = [items[i::PROCESSES] for i in range(PROCESSES)]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        made = sum(pool.map(_create_share, shares))
    if made != len(items):
        raise RuntimeError(f"{made} of {len(items)} objects made")


def shops(count, namespaces):
    """`count` Deployments and as many autoscalers, spread over namespaces."""
    out = []
    for number in range(count):
        ns, name = namespaces[number % len(namespaces)], f"shop-{number:05d}"
        out += [("deployments", ns, name, ()), ("horizontalpodautoscalers", ns, name, ())]
    return out


def workloads_of_sales(count, ns):
    """Not at zero, which the operator would leave so. No pods come: the floor is due whether they are ready or not."""
    out = []
    for number in range(count):
        out += [("deployments", ns, sale_name(number), (3,)), ("horizontalpodautoscalers", ns, sale_name(number), ())]
    return out


def sales(count, ns, start):
    return [("saleevents", ns, sale_name(number), (start,)) for number in range(count)]
