"""The programs of a control plane: how each is started and how one knows that it serves."""

import dataclasses
import pathlib
import socket
import typing
import urllib.request

from . import gateway

SERVICE_RANGE = "10.0.0.0/24"
POD_RANGE = "10.244.0.0/16"
# A /24 of POD_RANGE per node, the first left out.
MAX_NODES = 250
# As the agent itself bounds it (hack/rig/agent/main.go).
MAX_LOCAL_NODES = 16
# What the agent's nodes carry, as a label and, where kwok plays nodes too, as a taint.
LOCAL_LABEL = "rig.doorbuster.dev/local"
ETCD_URL = "http://127.0.0.1:2379"
PROMETHEUS_URL = "http://127.0.0.1:9090"


@dataclasses.dataclass(frozen=True)
class Options:
    """What `hack/cluster up` may choose."""
    nodes: int = 3
    hpa_sync: str = "2s"
    metric_resolution: str = "10s"
    # Nodes of the node agent, and where its program is.
    local_nodes: int = 0
    agent: str = ""
    # Where the programs are of Envoy Gateway, with Envoy's, and of Prometheus; empty for a cluster without.
    gateway: str = ""
    prometheus: str = ""
    scrape_interval: str = "1s"
    # Component name -> further flags; a flag given here comes last and so wins.
    extra: typing.Mapping[str, typing.Sequence[str]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Context:
    """What command lines are made from: the cluster's folder, the built programs, the options."""
    directory: typing.Any
    tools: typing.Any
    options: Options

    @property
    def images(self):
        """Which program an image is, as JSON: hack/cluster images writes it, the node agent follows it."""
        return self.directory.images

    @property
    def local_nodes(self):
        """The agent's nodes, named and numbered after those that kwok plays: (name, pod range)."""
        first = self.options.nodes + 1
        return [(f"local-{i + 1}", f"10.244.{first + i}.0/24") for i in range(self.options.local_nodes)]

    @property
    def pki(self):
        return self.directory / "pki"

    def kubeconfig_of(self, user):
        return self.pki / f"{user}.kubeconfig"


@dataclasses.dataclass(frozen=True)
class Component:
    name: str
    flags: typing.Callable[[Context], typing.List[str]]
    serves: typing.Callable[[], bool]
    wanted: typing.Callable[[Options], bool] = lambda options: True
    tools: typing.Callable[[Context], typing.Any] = lambda context: context.tools
    # The words that come before the program and start it, and where people and tests find it.
    before: typing.Callable[[Context], typing.List[str]] = lambda context: []
    address: str = ""

    def command(self, context):
        extra = context.options.extra.get(self.name, [])
        program = self.tools(context) / "bin" / self.name
        return [*map(str, [*self.before(context), program, *self.flags(context)]), *extra]


def _accepts(port):
    """Asked through a bare connect: whether a component listens; its certificate is its clients' matter."""
    def probe():
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        except OSError:
            return False
    return probe


def _answers(url):
    def probe():
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False
    return probe


def _etcd(context):
    # Nothing of a test cluster needs to survive a power failure.
    return ["--data-dir", context.directory / "etcd", "--unsafe-no-fsync", "--listen-client-urls", ETCD_URL,
            "--advertise-client-urls", ETCD_URL, "--listen-peer-urls", "http://127.0.0.1:2380",
            "--log-level", "warn"]


def _apiserver(context):
    pki = context.pki
    return [
        "--etcd-servers", ETCD_URL, "--bind-address", "127.0.0.1", "--secure-port", "6443",
        "--advertise-address", "127.0.0.1", "--endpoint-reconciler-type", "none",
        "--service-cluster-ip-range", SERVICE_RANGE, "--allow-privileged",
        "--tls-cert-file", pki / "apiserver.crt", "--tls-private-key-file", pki / "apiserver.key",
        "--client-ca-file", pki / "ca.crt", "--authorization-mode", "RBAC", "--anonymous-auth=false",
        "--service-account-issuer", "https://kubernetes.default.svc",
        "--service-account-key-file", pki / "service-account.key",
        "--service-account-signing-key-file", pki / "service-account.key",
        "--requestheader-client-ca-file", pki / "front-proxy-ca.crt",
        "--requestheader-allowed-names", "front-proxy-client",
        "--requestheader-username-headers", "X-Remote-User", "--requestheader-group-headers", "X-Remote-Group",
        "--requestheader-extra-headers-prefix", "X-Remote-Extra-",
        "--proxy-client-cert-file", pki / "front-proxy-client.crt",
        "--proxy-client-key-file", pki / "front-proxy-client.key",
        "--kubelet-certificate-authority", pki / "ca.crt",
        "--kubelet-client-certificate", pki / "kubelet-client.crt",
        "--kubelet-client-key", pki / "kubelet-client.key",
        "--audit-policy-file", context.directory / "audit-policy.yaml",
        "--audit-log-path", context.directory.audit_log, "--audit-log-maxsize", "2000",
    ]


def _controller_manager(context):
    kubeconfig = context.kubeconfig_of("kube-controller-manager")
    return [
        "--kubeconfig", kubeconfig, "--authentication-kubeconfig", kubeconfig,
        "--authorization-kubeconfig", kubeconfig, "--bind-address", "127.0.0.1",
        "--service-account-private-key-file", context.pki / "service-account.key",
        "--root-ca-file", context.pki / "ca.crt", "--use-service-account-credentials=true",
        "--leader-elect=false", "--controllers", "*,-bootstrapsigner,-tokencleaner,-nodeipam",
        "--horizontal-pod-autoscaler-sync-period", context.options.hpa_sync,
        # kwok's pods are as good as old ones at once; five minutes of distrust would only slow tests.
        "--horizontal-pod-autoscaler-cpu-initialization-period", "10s",
        "--horizontal-pod-autoscaler-initial-readiness-delay", "5s",
        "--kube-api-qps", "500", "--kube-api-burst", "1000",
    ]


def _scheduler(context):
    kubeconfig = context.kubeconfig_of("kube-scheduler")
    return ["--kubeconfig", kubeconfig, "--authentication-kubeconfig", kubeconfig,
            "--authorization-kubeconfig", kubeconfig, "--bind-address", "127.0.0.1",
            "--leader-elect=false", "--kube-api-qps", "500", "--kube-api-burst", "1000"]


def _kwok(context):
    # The agent's nodes, and so their pods, are not kwok's.
    which = ["--manage-all-nodes=false", f"--manage-nodes-with-label-selector=!{LOCAL_LABEL}"]
    if not context.options.local_nodes:
        which = ["--manage-all-nodes"]
    return ["--kubeconfig", context.kubeconfig_of("kwok"), *which, "--cidr", "10.244.0.1/16",
            "--node-ip", "127.0.0.1", "--node-port", "10247", "--server-address", "127.0.0.1:10247",
            "--tls-cert-file", context.pki / "kubelet.crt", "--tls-private-key-file", context.pki / "kubelet.key",
            "--node-lease-duration-seconds", "40",
            "--enable-crds", "Stage,Metric,ClusterResourceUsage,ResourceUsage"]


def _metrics_server(context):
    kubeconfig = context.kubeconfig_of("metrics-server")
    return ["--kubeconfig", kubeconfig, "--authentication-kubeconfig", kubeconfig,
            "--authorization-kubeconfig", kubeconfig, "--secure-port", "4443", "--bind-address", "127.0.0.1",
            "--tls-cert-file", context.pki / "metrics-server-serving.crt",
            "--tls-private-key-file", context.pki / "metrics-server-serving.key",
            "--kubelet-certificate-authority", context.pki / "ca.crt", "--kubelet-use-node-status-port",
            "--kubelet-preferred-address-types", "InternalIP",
            # It refuses a resolution that is not longer than its time-out.
            "--metric-resolution", context.options.metric_resolution, "--kubelet-request-timeout", "5s"]


def _node_agent(context):
    nodes = [flag for name, pods in context.local_nodes for flag in ("--node", f"{name}={pods}")]
    return ["--kubeconfig", context.kubeconfig_of("node-agent"), *nodes, f"--taint={str(context.options.nodes > 0).lower()}",
            "--images", context.images, "--data", context.directory / "node-agent",
            "--logs", context.directory / "logs" / "pods", "--port", "10248",
            "--tls-cert-file", context.pki / "kubelet.crt", "--tls-private-key-file", context.pki / "kubelet.key",
            "--client-ca-file", context.pki / "ca.crt"]


def _prometheus(context):
    return ["--config.file", context.directory / "prometheus.yaml", "--storage.tsdb.path", context.directory / "prometheus",
            "--web.listen-address", PROMETHEUS_URL.removeprefix("http://"), "--storage.tsdb.retention.time", "1d",
            "--log.level", "warn"]


COMPONENTS = {component.name: component for component in [
    Component("etcd", _etcd, _answers(f"{ETCD_URL}/health")),
    Component("kube-apiserver", _apiserver, _accepts(6443)),
    Component("kube-controller-manager", _controller_manager, _accepts(10257)),
    Component("kube-scheduler", _scheduler, _accepts(10259)),
    Component("kwok", _kwok, _accepts(10247)),
    Component("metrics-server", _metrics_server, _accepts(4443)),
    Component("node-agent", _node_agent, _accepts(10248), lambda options: options.local_nodes > 0,
              lambda context: pathlib.Path(context.options.agent)),
    # 8081 says ready when it has seen all of the cluster's objects.
    Component("envoy-gateway", lambda context: ["server", "--config-path", gateway.config_file(context)],
              _answers("http://127.0.0.1:8081/readyz"), lambda options: bool(options.gateway),
              lambda context: pathlib.Path(context.options.gateway), gateway.surroundings),
    Component("prometheus", _prometheus, _answers(f"{PROMETHEUS_URL}/-/ready"), lambda options: bool(options.prometheus),
              lambda context: pathlib.Path(context.options.prometheus), address=PROMETHEUS_URL),
]}
