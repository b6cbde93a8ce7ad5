"""Envoy Gateway of a cluster: its files, its objects, and the Envoys that it starts, one for each Gateway.

It has a component's row in the status; its Envoys, whose processes are its own children, have rows of their own,
so that one that dies is named. It would not start such a one again.
"""

import json
import os
import pathlib
import socket
import subprocess
import threading
import time

from . import api, crds, paths, processes

NAMESPACE = "envoy-gateway-system"
CLASS = "envoy"
# Read from pinned modules; the cluster has no network, so they are in the user's cache before it begins.
CRDS = ["gateway-api", "envoy-gateway"]
ACCEPT_SECONDS = 30
LOOK_SECONDS = 0.25
# Its Envoys are known in the status as "envoy NAMESPACE/NAME" of the Gateway.
ROW = "envoy "
_GATEWAYS = "/apis/gateway.networking.k8s.io/v1/namespaces/{}/gateways/{}"


def _folder(context):
    return context.directory / "gateway"


def config_file(context):
    return _folder(context) / "config.yaml"


def surroundings(context):
    """The words that start it: its certificates as /certs, and its credentials."""
    folder = _folder(context)
    return [paths.RIG / "gateway/with-certs", folder / "config/certs/envoy-gateway", folder / "root",
            "env", f"KUBECONFIG={context.kubeconfig_of('envoy-gateway')}", f"ENVOY_GATEWAY_NAMESPACE={NAMESPACE}"]


def _envoys(context):
    """The folder of Envoys by version, as Envoy Gateway would fill it from the network, and the one version in it."""
    folder = pathlib.Path(context.options.gateway) / "envoy-versions"
    version, = os.listdir(folder)
    return folder, version


def write_files(context):
    folder = _folder(context)
    for part in ("config", "data", "state", "run", "root"):
        (folder / part).mkdir(parents=True, mode=0o700)
    (folder / "data/envoy-versions").symlink_to(_envoys(context)[0])
    host = {"configHome": str(folder / "config"), "dataHome": str(folder / "data"), "stateHome": str(folder / "state"),
            "runtimeDir": str(folder / "run")}
    custom = {"resource": {"type": "Kubernetes", "kubernetes": {"leaderElection": {"disable": True}}},
              "infrastructure": {"type": "Host", "host": host}}
    config = {"apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "EnvoyGateway",
              "gateway": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
              "provider": {"type": "Custom", "custom": custom}}
    config_file(context).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    with open(context.directory.log("envoy-gateway"), "ab") as log:
        subprocess.run([f"{context.options.gateway}/bin/envoy-gateway", "certgen", "--local", "--config-home", host["configHome"]],
                       stdout=log, stderr=log, check=True)


def apply_objects(client, context):
    """Its kinds, its rights and the class. Before it starts: it looks once for which kinds there are."""
    crds.install(client, crds.select(CRDS))
    for manifest in api.documents((paths.RIG / "manifests/gateway.yaml").read_text(encoding="utf-8")):
        if manifest["kind"] == "EnvoyProxy":
            manifest["spec"]["provider"]["host"]["envoyVersion"] = _envoys(context)[1]
        client.apply(manifest)


def _is_true(found, kind):
    conditions = (found or {}).get("status", {}).get("conditions") or []
    return any(c["type"] == kind and c["status"] == "True"
               and c.get("observedGeneration") == found["metadata"]["generation"] for c in conditions)


def _await(what, holds):
    deadline = time.monotonic() + ACCEPT_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise paths.Refusal(f"not seen within {ACCEPT_SECONDS} s: {what}")
        time.sleep(0.05)


def await_class(client):
    path = f"/apis/gateway.networking.k8s.io/v1/gatewayclasses/{CLASS}"
    _await(f"an accepted GatewayClass {CLASS}", lambda: _is_true(client.find(path), "Accepted"))


def await_gateway(client, namespace, name):
    """Returns when a Gateway is accepted and its Envoy takes connections on the port of each of its listeners."""
    path = _GATEWAYS.format(namespace, name)
    _await(f"an accepted Gateway {namespace}/{name}", lambda: _is_true(client.find(path), "Accepted"))
    for listener in client.get(path)["spec"]["listeners"]:
        if listener["protocol"] != "UDP":
            _await(f"listener {listener['name']} of Gateway {namespace}/{name}", lambda port=listener["port"]: _connects(port))


def _connects(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


# -- the Envoys -----------------------------------------------------------------------------------


def _children(pid):
    """{name of the Gateway: pid} of its Envoys, each of which is told NAMESPACE/NAME of its Gateway."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[1]) != pid or fields[0] in "ZX":
                continue
            words = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        except (OSError, ValueError):
            continue
        if "--service-cluster" in words:
            found[words[words.index("--service-cluster") + 1]] = int(entry.name)
    return found


class Follower(threading.Thread):
    """Keeps a row of the status for each Envoy, as long as the cluster lives."""

    def __init__(self, client, rows):
        super().__init__(daemon=True, name="envoys")
        self._client, self._rows = client, rows
        self._parent = None

    def run(self):
        pause = threading.Event()
        while not pause.wait(LOOK_SECONDS):
            self._look()

    def _look(self):
        """An Envoy that has ended while its Gateway is still there and Envoy Gateway still runs has died."""
        parent = self._rows.running_pid("envoy-gateway")
        seen = _children(parent) if parent else {}
        known = {name.removeprefix(ROW): row for name, row in self._rows.having(ROW).items()}
        for gateway, pid in seen.items():
            if known.get(gateway, {}).get("pid") != pid:
                self._rows.set(ROW + gateway, pid=pid, start_time=processes.start_time(pid), state="running", ended=None)
        for gateway in known.keys() - seen.keys():
            if parent is None or parent != self._parent or not self._wanted(gateway):
                self._rows.drop(ROW + gateway)
            elif known[gateway]["state"] != "died":
                self._rows.set(ROW + gateway, state="died", ended="unseen")
        self._parent = parent

    def _wanted(self, gateway):
        try:
            found = self._client.find(_GATEWAYS.format(*gateway.split("/", 1)))
        except (api.ApiError, OSError):
            return True  # Envoy Gateway does not hear of a deletion either.
        return found is not None and found["spec"]["gatewayClassName"] == CLASS
