"""Other people's controllers as processes in the test cluster: the real ones, for the suites that run with --peers alone (run.py).

hack/setup builds them, each from a go.mod of its own (hack/rig/peers), and DOORBUSTER_PEERS says where they are.
"""

import base64
import json
import os
import subprocess
import tempfile

import external_metrics
from api import ApiError, wait_for
from harness import load_documents

METRICS_PORT = 6444

# Of each: its programs with their flags ({config}, {folder}) and the line of the log that says that one works; its environment.
# Addresses are loopback's where a flag says so: pods have addresses in this network too.
KINDS = {
    "keda": {
        "programs": [
            ("operator", "Starting workers", [
                "--kubeconfig={config}", "--enable-prometheus-metrics=false", "--health-probe-bind-address=0",
                "--metrics-service-bind-address=127.0.0.1:9666", "--cert-dir={folder}"]),
            ("adapter", "Serving securely", [
                "--kubeconfig={config}", "--lister-kubeconfig={config}", "--authentication-kubeconfig={config}",
                "--authorization-kubeconfig={config}", "--metrics-service-address=localhost:9666", "--port=18093",
                f"--secure-port={METRICS_PORT}", "--bind-address=127.0.0.1", "--cert-dir={folder}",
                "--tls-cert-file={folder}/tls.crt", "--tls-private-key-file={folder}/tls.key"])],
        "environment": {"WATCH_NAMESPACE": "", "POD_NAMESPACE": "keda", "KEDA_CLUSTER_OBJECT_NAMESPACE": "keda"},
    },
    "argo-rollouts": {
        "programs": [("rollouts-controller", "Started controller", [
            "--kubeconfig={config}", "--metricsPort=18090", "--healthzPort=18091", "--leader-elect=false"])],
        "environment": {"POD_NAMESPACE": "argo-rollouts"},
    },
    "flagger": {
        "programs": [("flagger", "Started operator workers", [
            "-kubeconfig={config}", "-mesh-provider=kubernetes", "-port=18092", "-control-loop-interval=1s", "-log-level=info"])],
        "environment": {},
    },
}
BUILT = "DOORBUSTER_PEERS"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


def built():
    """name -> folder with bin/ and roles.yaml."""
    return dict(one.split("=", 1) for one in os.environ[BUILT].split())


class Peer:
    """One product, for all namespaces, with the rights that it ships with. It ends with this process at the latest."""

    def __init__(self, api, name):
        self.api, self.name, self.kind = api, name, KINDS[name]
        self.built = built()[name]
        self.folder = tempfile.mkdtemp(prefix=f"doorbuster-peer-{name}.")
        self.processes = {}

    def __enter__(self):
        self.grant()
        self.write_configuration()
        if self.name == "keda":
            self.serve_metrics()
        for program, says, flags in self.kind["programs"]:
            self.start(program, flags)
            wait_for(f"{program} works; see {self.log(program)}", lambda: self.works(program, says), 60)  # pylint: disable=cell-var-from-loop
        if self.name == "keda":
            wait_for("its metrics are served", lambda: external_metrics.are_served(self.api), 60)
        return self

    def start(self, program, flags):
        places = {"config": os.path.join(self.folder, "kubeconfig"), "folder": self.folder}
        # The kernel ends it when whoever started it ends, however that comes about.
        command = ["setpriv", "--pdeathsig", "KILL", os.path.join(self.built, "bin", program), *(one.format(**places) for one in flags)]
        with open(self.log(program), "ab") as out:
            self.processes[program] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                                       env={**os.environ, **self.kind["environment"]}, cwd=self.folder)

    def log(self, program):
        return os.path.join(self.folder, f"{program}.log")

    def works(self, program, says):
        with open(self.log(program), encoding="utf-8", errors="replace") as lines:
            text = lines.read()
        if self.processes[program].poll() is not None:
            raise AssertionError(f"{program} ended with {self.processes[program].returncode}:\n{text[-4000:]}")
        return says in text

    def __exit__(self, *_):
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def running(self):
        return all(one.poll() is None for one in self.processes.values())

    def grant(self):
        """A namespace and an account of its name, bound to every role of its manifests."""
        self.make("/api/v1/namespaces", {"metadata": {"name": self.name}})
        self.make(f"/api/v1/namespaces/{self.name}/serviceaccounts", {"metadata": {"name": self.name}})
        with open(os.path.join(self.built, "roles.yaml"), encoding="utf-8") as text:
            roles = [one for one in load_documents(text.read()) if one["kind"] in ("Role", "ClusterRole")]
        for role in roles:
            role["metadata"].pop("namespace", None)
            inside = f"/namespaces/{self.name}" if role["kind"] == "Role" else ""
            self.make(f"{RBAC}{inside}/{role['kind'].lower()}s", role)
            self.bind(role["kind"], role["metadata"]["name"], self.name if inside else None)

    def bind(self, kind, role, ns):
        """Its account to a role; in one namespace or, with none, everywhere."""
        path = f"{RBAC}/namespaces/{ns}/rolebindings" if ns else f"{RBAC}/clusterrolebindings"
        self.make(path, {"metadata": {"name": f"{self.name}-{role}"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
                         "subjects": [{"kind": "ServiceAccount", "name": self.name, "namespace": self.name}]})

    def make(self, path, body):
        try:
            self.api.request("POST", path, body)
        except ApiError as error:
            if error.status != 409:
                raise

    def write_configuration(self):
        authority = base64.b64encode(self.api.ca).decode()
        with open(os.path.join(self.folder, "kubeconfig"), "w", encoding="utf-8") as out:
            json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "t",
                       "clusters": [{"name": "t", "cluster": {"server": self.api.server, "certificate-authority-data": authority}}],
                       "users": [{"name": "t", "user": {"token": self.api.token_for(self.name, self.name)}}],
                       "contexts": [{"name": "t", "context": {"cluster": "t", "user": "t", "namespace": self.name}}]}, out)

    def serve_metrics(self):
        """KEDA's adapter as the cluster's API of external metrics; it and the operator show each other one certificate."""
        places = {one: os.path.join(self.folder, one) for one in ("tls.key", "tls.crt", "ca.crt")}
        external_metrics.make_certificate(places["tls.key"], places["tls.crt"])
        with open(places["tls.crt"], "rb") as source:
            authority = source.read()
        with open(places["ca.crt"], "wb") as out:
            out.write(authority)
        self.bind("ClusterRole", "system:auth-delegator", None)
        self.bind("Role", "extension-apiserver-authentication-reader", "kube-system")
        external_metrics.register(self.make, self.name, "adapter", METRICS_PORT)
