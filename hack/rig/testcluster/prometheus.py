"""What Prometheus of a cluster scrapes: the pods that ask for it by the usual annotations."""

import json

FILE = "prometheus.yaml"
_ANNOTATION = "__meta_kubernetes_pod_annotation_prometheus_io_"
_POD = "__meta_kubernetes_pod_"

# Of a pod: prometheus.io/scrape, port, path. Its labels become the series', with namespace, pod and node.
_RELABEL = [
    {"source_labels": [f"{_ANNOTATION}scrape"], "regex": "true", "action": "keep"},
    {"source_labels": [f"{_POD}phase"], "regex": "Running", "action": "keep"},
    {"source_labels": [f"{_POD}container_init"], "regex": "true", "action": "drop"},
    {"source_labels": [f"{_POD}ip", f"{_ANNOTATION}port"], "regex": "(.+);([0-9]+)", "replacement": "$1:$2",
     "target_label": "__address__"},
    {"source_labels": [f"{_ANNOTATION}path"], "regex": "(.+)", "target_label": "__metrics_path__"},
    {"regex": f"{_POD}label_(.+)", "action": "labelmap"},
    {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
    {"source_labels": [f"{_POD}name"], "target_label": "pod"},
    {"source_labels": [f"{_POD}node_name"], "target_label": "node"},
]


def write(context):
    """The configuration, as JSON, which is YAML. What it finds pods with may read pods and nothing else."""
    interval = context.options.scrape_interval
    discovery = {"role": "pod", "kubeconfig_file": str(context.kubeconfig_of("prometheus"))}
    jobs = [{"job_name": "pods", "kubernetes_sd_configs": [discovery], "relabel_configs": _RELABEL}]
    # A scrape may not last longer than the time to the next.
    everywhere = {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval}
    (context.directory / FILE).write_text(json.dumps({"global": everywhere, "scrape_configs": jobs}, indent=1) + "\n",
                                          encoding="utf-8")
