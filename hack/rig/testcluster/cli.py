"""The commands of hack/cluster."""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from . import api, bootstrap, crds, gateway, images, load, paths, pki, processes
from .components import COMPONENTS, MAX_LOCAL_NODES, MAX_NODES, PROMETHEUS_URL, Options
from .paths import ClusterDir, Refusal

DEFAULT_NAME = "default"
SCRAPE_INTERVAL = re.compile(r"[1-9][0-9]*(ms|s|m)")
UP_SECONDS = 150
METRICS_SECONDS = 60
DOWN_GRACE_SECONDS = 10


def _live_status(directory):
    """The status of a cluster that is up; Refusal otherwise."""
    status = directory.status()
    if not status or status["state"] != "ready" or not processes.is_alive(status["supervisor"]):
        raise Refusal(f"cluster {directory.name} is not up (hack/cluster up {directory.name})")
    return status


def _same_network(pid):
    return os.stat(f"/proc/{pid}/ns/net").st_ino == os.stat("/proc/self/ns/net").st_ino


def _inside(status, command):
    """The command line that runs a command in a cluster's namespaces."""
    pid = status["supervisor"]["pid"]
    if _same_network(pid):
        return list(command)
    return ["nsenter", "--preserve-credentials", "-U", "-n", "-t", str(pid), "--", *command]


def _client_inside(directory):
    """An administrator's client; starts this very command again in the cluster's namespaces if need be."""
    status = _live_status(directory)
    if not _same_network(status["supervisor"]["pid"]):
        command = _inside(status, [sys.executable, str(paths.CLUSTER_COMMAND), *sys.argv[1:]])
        os.execvp(command[0], command)
    return api.Client(directory / "pki", "admin")


# -- up and down ------------------------------------------------------------------------------------


def up(arguments):
    directory = ClusterDir(arguments.name)
    if not 0 <= arguments.local_nodes <= MAX_LOCAL_NODES:
        raise Refusal(f"--local-nodes takes 0 to {MAX_LOCAL_NODES}")
    least = 0 if arguments.local_nodes else 1
    if not least <= arguments.nodes <= MAX_NODES - arguments.local_nodes:
        raise Refusal(f"--nodes takes {least} to {MAX_NODES - arguments.local_nodes}")
    if not arguments.local_nodes and (arguments.image or arguments.images):
        raise Refusal("--image and --images need --local-nodes")
    extra = _extra(arguments.component_arg)
    for component, flag, given in [("node-agent", "--local-nodes", arguments.local_nodes), ("envoy-gateway", "--gateway", arguments.gateway),
                                   ("prometheus", "--prometheus", arguments.prometheus)]:
        if component in extra and not given:
            raise Refusal(f"--component-arg of {component} needs {flag}")
    if arguments.scrape_interval and not arguments.prometheus:
        raise Refusal("--scrape-interval needs --prometheus")
    scrape_interval = arguments.scrape_interval or Options.scrape_interval
    if not SCRAPE_INTERVAL.fullmatch(scrape_interval):
        raise Refusal(f"--scrape-interval takes a number with ms, s or m: {scrape_interval!r}")
    known = images.merged(images.of_file(arguments.images), images.of_words(arguments.image))
    options = Options(nodes=arguments.nodes, hpa_sync=arguments.hpa_sync, metric_resolution=arguments.metric_resolution,
                      local_nodes=arguments.local_nodes, agent=_built("agent") if arguments.local_nodes else "",
                      gateway=_gateway() if arguments.gateway else "",
                      prometheus=_built("prometheus") if arguments.prometheus else "",
                      scrape_interval=scrape_interval, extra=extra)
    with directory.lock():
        # One that has lost a component is made anew: nobody could say what such a cluster still does.
        if status_of(directory)["state"] == "ready":
            print(f"cluster {directory.name} is up already", file=sys.stderr)
        else:
            _clean(directory)
            _start(directory, options, known)
    if arguments.crds:
        subprocess.run([paths.CLUSTER_COMMAND, "crds", directory.name, *arguments.crds.split(",")], check=True)
    if arguments.wait_metrics:
        subprocess.run([paths.CLUSTER_COMMAND, "wait-metrics", directory.name], check=True)
    return 0


def _extra(pairs):
    extra = {}
    for pair in pairs:
        name, equals, flag = pair.partition("=")
        if name not in COMPONENTS or not equals or not flag.startswith("--"):
            raise Refusal(f"--component-arg takes COMPONENT=--FLAG[=VALUE]: {pair!r}")
        extra.setdefault(name, []).append(flag)
    return extra


def _built(part):
    """Where a part of hack/setup puts its programs; they are built if need be."""
    subprocess.run([paths.SETUP_COMMAND, "--quiet", part], check=True)
    return subprocess.run([paths.SETUP_COMMAND, f"{part}-dir"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _gateway():
    # The cluster itself has no network to fetch a module from.
    crds.select(gateway.CRDS)
    return _built("gateway")


def _start(directory, options, known):
    subprocess.run([paths.SETUP_COMMAND, "--quiet", "cluster"], check=True)
    tools = subprocess.run([paths.SETUP_COMMAND, "tools-dir"], check=True, stdout=subprocess.PIPE, text=True)
    began = time.monotonic()
    (directory / "logs").mkdir(parents=True, mode=0o700)
    shutil.copy(paths.RIG / "manifests/audit-policy.yaml", directory / "audit-policy.yaml")
    images.write(directory, known)
    with open(directory.log("supervisor"), "wb") as log:
        supervisor = subprocess.Popen(
            ["unshare", "-rn", "--", sys.executable, str(paths.CLUSTER_COMMAND), "_supervise", directory.name,
             tools.stdout.strip(), json.dumps(dataclasses.asdict(options))],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory.path, start_new_session=True)
    try:
        status = _await_start(directory, supervisor, began + UP_SECONDS)
    except KeyboardInterrupt:
        supervisor.terminate()
        raise
    if status["state"] != "ready":
        raise Refusal(f"cluster {directory.name} did not come up: {status['message']}\n" + _tails(directory, status))
    print(f"cluster {directory.name} is ready after {time.monotonic() - began:.1f} s", file=sys.stderr)


def _await_start(directory, supervisor, deadline):
    while time.monotonic() < deadline:
        status = directory.status()
        if status and status["state"] in ("ready", "failed", "stopped"):
            return status
        if supervisor.poll() is not None:
            break
        time.sleep(0.05)
    if supervisor.poll() is None:
        supervisor.terminate()
    return {"state": "failed", "message": "the supervisor did not report", "components": {}}


def _tails(directory, status):
    dead = [name for name, row in status["components"].items() if row["state"] == "died"]
    text = []
    for name in [*dead, "supervisor"]:
        lines = directory.log(name).read_text(errors="replace").splitlines()[-8:]
        text += [f"{directory.log(name)}:", *(f"  {line}" for line in lines)]
    return "\n".join(text)


def _clean(directory):
    """Ends what is left of a cluster, running or crashed, and removes its files. Whether there was one."""
    status = directory.status()
    if status:
        processes.end(status["supervisor"], DOWN_GRACE_SECONDS)
        status = directory.status() or status
        for row in status["components"].values():
            processes.end(row, 0)
    existed = directory.path.exists()
    shutil.rmtree(directory.path, ignore_errors=True)
    return existed


def down(arguments):
    names = paths.cluster_names() if arguments.all else [arguments.name]
    for name in names:
        directory = ClusterDir(name)
        with directory.lock():
            existed = _clean(directory)
        print(f"cluster {name} {'is down' if existed else 'was not up'}", file=sys.stderr)
    return 0


# -- looking --------------------------------------------------------------------------------------


def status_of(directory):
    """The status file, corrected for what has happened behind the supervisor's back."""
    status = directory.status()
    if not status:
        return {"name": directory.name, "state": "absent", "message": "", "components": {}}
    if status["state"] in ("ready", "starting") and not processes.is_alive(status["supervisor"]):
        status["state"], status["message"] = "crashed", "the supervisor has died"
    for row in status["components"].values():
        if row["state"] in ("running", "paused") and not processes.is_alive(row):
            row["state"], row["ended"] = "died", row.get("ended") or "unseen"
        row["mib"] = processes.resident_mib(row["pid"]) if processes.is_alive(row) else 0
    dead = [name for name, row in status["components"].items() if row["state"] == "died"]
    if dead and status["state"] == "ready":
        status["state"], status["message"] = "degraded", f"died: {', '.join(dead)}"
    return status


def status(arguments):
    names = [arguments.name] if arguments.name else paths.cluster_names()
    found = [status_of(ClusterDir(name)) for name in names]
    if arguments.json:
        print(json.dumps(found[0] if arguments.name else found, indent=1))
    else:
        for cluster in found:
            _print_status(cluster)
        if not found:
            print("no clusters")
    return 0 if all(cluster["state"] == "ready" for cluster in found) else 1


def _print_status(cluster):
    total = sum(row["mib"] for row in cluster["components"].values())
    notes = [cluster["message"] or None, f"{total} MiB" if total else None,
             f"came up in {cluster['ready_seconds']} s" if cluster.get("ready_seconds") else None]
    print(f"{cluster['name']}: {cluster['state']}", *(f"({note})" for note in notes if note))
    for name, row in cluster["components"].items():
        notes = "".join(f"  {row[key]}" for key in ("address", "ended") if row.get(key))
        print(f"  {name:<24} {row['state']:<8} pid {row['pid']:<8} {row['mib']:>5} MiB  since {row['since']}{notes}")


def run(arguments):
    directory = ClusterDir(arguments.name)
    current = _live_status(directory)
    if not arguments.command:
        raise Refusal("run needs a command after --")
    environment = dict(os.environ)
    environment["KUBECONFIG"] = str(directory.kubeconfig)
    environment["DOORBUSTER_CLUSTER"] = directory.name
    environment["DOORBUSTER_CLUSTER_DIR"] = str(directory.path)
    if "prometheus" in current["components"]:
        environment["DOORBUSTER_PROMETHEUS"] = PROMETHEUS_URL
    environment["PATH"] = f"{current['tools']}/bin:{environment.get('PATH', os.defpath)}"
    command = _inside(current, arguments.command)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, environment)
    except FileNotFoundError as error:
        print(f"cluster: {error.filename or command[0]}: not found", file=sys.stderr)
        return 127


def audit(arguments):
    directory = ClusterDir(arguments.name)
    _live_status(directory)
    print(directory.audit_log)
    return 0


def kubeconfig(arguments):
    directory = ClusterDir(arguments.name)
    if not arguments.service_account:
        _live_status(directory)
        print(directory.kubeconfig.read_text(), end="")
        return 0
    namespace, slash, account = arguments.service_account.partition("/")
    if not slash:
        raise Refusal("--service-account takes NAMESPACE/NAME")
    client = _client_inside(directory)
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
               "spec": {"expirationSeconds": arguments.seconds}}
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    token = client.request("POST", path, request)["status"]["token"]
    print(pki.kubeconfig(directory / "pki", account, {"token": token}, namespace), end="")
    return 0


# -- acting on a live cluster ---------------------------------------------------------------------


def _ask(directory, verb, component=None):
    _live_status(directory)
    folder = os.open(directory.path, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"/proc/self/fd/{folder}/control.sock")
        connection.sendall(json.dumps({"verb": verb, "component": component}).encode("utf-8"))
        answer = b""
        while part := connection.recv(65536):
            answer += part
    decoded = json.loads(answer)
    if not decoded["ok"]:
        raise Refusal(decoded["text"])
    print(f"cluster {directory.name}: {decoded['text']}", file=sys.stderr)
    return 0


def control(arguments):
    return _ask(ClusterDir(arguments.name), arguments.verb, arguments.component)


def compact(arguments):
    directory = ClusterDir(arguments.name)
    _ask(directory, "compact")
    if arguments.restart_apiserver:
        _ask(directory, "restart", "kube-apiserver")
    return 0


def install_crds(arguments):
    if arguments.list:
        for source in crds.table().values():
            print(f"{source.name:<20} {source.module}@{source.version}")
        return 0
    if not arguments.kinds:
        raise Refusal("crds needs the names of CRDs; --list prints those that are known")
    directory = ClusterDir(arguments.name)
    _live_status(directory)
    # Before the namespace is entered: there is no network in it to fetch a module from.
    if os.environ.get("DOORBUSTER_CRDS_FETCHED") != "1":
        crds.select(arguments.kinds)
        os.environ["DOORBUSTER_CRDS_FETCHED"] = "1"
    client = _client_inside(directory)
    began = time.monotonic()
    definitions = crds.select(arguments.kinds)
    crds.install(client, definitions)
    print(f"cluster {directory.name}: {len(definitions)} CRDs after {time.monotonic() - began:.1f} s", file=sys.stderr)
    return 0


def set_load(arguments):
    namespace, slash, workload = arguments.workload.partition("/")
    if not slash:
        raise Refusal("load takes NAMESPACE/WORKLOAD")
    try:
        total = None if arguments.cores == "off" else f"{load.cores(arguments.cores):g}"
    except ValueError:
        raise Refusal(f"not a number of cores: {arguments.cores!r}") from None
    client = _client_inside(ClusterDir(arguments.name))
    client.merge(load.CONFIG_MAP, {"data": {f"{namespace}.{workload}": total}})
    return 0


def set_images(arguments):
    directory = ClusterDir(arguments.name)
    if "node-agent" not in _live_status(directory)["components"]:
        raise Refusal(f"cluster {directory.name} has no local nodes (hack/cluster up --local-nodes)")
    with directory.lock():
        known = images.merged(images.of_file(directory.images), images.of_words(arguments.images))
        if arguments.images:
            images.write(directory, known)
    for image, program in sorted(known.items()):
        print(f"{image}={program if isinstance(program, str) else ' '.join(program)}")
    return 0


def wait_metrics(arguments):
    client = _client_inside(ClusterDir(arguments.name))
    began = time.monotonic()
    while not bootstrap.metrics_serve(client):
        if time.monotonic() - began > METRICS_SECONDS:
            raise Refusal(f"the metrics API does not serve after {METRICS_SECONDS} s")
        time.sleep(0.2)
    return 0


def wait_gateway(arguments):
    namespace, slash, name = arguments.gateway.partition("/")
    if not slash:
        raise Refusal("wait-gateway takes NAMESPACE/GATEWAY")
    directory = ClusterDir(arguments.name)
    if "envoy-gateway" not in _live_status(directory)["components"]:
        raise Refusal(f"cluster {directory.name} has no Envoy Gateway (hack/cluster up --gateway)")
    gateway.await_gateway(_client_inside(directory), namespace, name)
    return 0


def supervise(arguments):
    from . import supervisor  # Only here: nothing else needs it.
    supervisor.Supervisor(ClusterDir(arguments.name), pathlib.Path(arguments.tools),
                          Options(**json.loads(arguments.options))).run()
    return 0


# -- the command line -----------------------------------------------------------------------------


def _parser():
    parser = argparse.ArgumentParser(
        prog="hack/cluster", description="Real Kubernetes control planes for tests, each in namespaces of its "
        "own: no root, no container engine, nothing outside the machine. NAME is 'default' unless given.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    def verb(name, action, help_text, named=True, **settings):
        sub = verbs.add_parser(name, help=help_text, description=help_text, **settings)
        if named:
            sub.add_argument("name", nargs="?", default=DEFAULT_NAME, metavar="NAME")
        sub.set_defaults(action=action)
        return sub

    sub = verb("up", up, "starts a cluster; returns when it is ready")
    sub.add_argument("--nodes", type=int, default=3, help="nodes that kwok plays (default 3)")
    sub.add_argument("--local-nodes", type=int, default=0, metavar="N",
                     help="further nodes whose pods are run as local processes, see images; their label, and their "
                     "taint where kwok plays nodes too, is rig.doorbuster.dev/local")
    sub.add_argument("--image", action="append", default=[], metavar="IMAGE=PROGRAM",
                     help="which program an image is on local nodes, may be repeated")
    sub.add_argument("--images", metavar="FILE", help='the same as JSON: {"IMAGE": "PROGRAM" or ["PROGRAM", "ARG", …]}')
    sub.add_argument("--gateway", action="store_true",
                     help=f"Envoy Gateway too, with a GatewayClass {gateway.CLASS}; each Gateway gets an Envoy, see wait-gateway")
    sub.add_argument("--prometheus", action="store_true",
                     help=f"Prometheus too, at {PROMETHEUS_URL}; scrapes pods with the annotation prometheus.io/scrape")
    sub.add_argument("--scrape-interval", default="", metavar="TIME", help="of Prometheus (default 1s)")
    sub.add_argument("--hpa-sync", default="2s", help="period of the HPA controller (default 2s)")
    sub.add_argument("--metric-resolution", default="10s", help="period of metrics-server (default and least 10s)")
    sub.add_argument("--crds", default="", metavar="KIND,…", help="third-party CRDs to install, see crds")
    sub.add_argument("--wait-metrics", action="store_true", help="wait for the metrics API too (10 to 20 s more)")
    sub.add_argument("--component-arg", action="append", default=[], metavar="COMPONENT=--FLAG",
                     help="a further flag for a component, may be repeated")
    sub = verb("down", down, "ends a cluster and removes its files")
    sub.add_argument("--all", action="store_true", help="all clusters of this user")
    sub = verb("status", status, "shows clusters and their components; fails unless all are well", named=False)
    sub.add_argument("name", nargs="?", metavar="NAME")
    sub.add_argument("--json", action="store_true")
    verb("run", run, "runs a command in a cluster's namespaces, with KUBECONFIG, kubectl, "
         "DOORBUSTER_CLUSTER_DIR and, where there is one, DOORBUSTER_PROMETHEUS: run [NAME] -- COMMAND…")
    verb("audit", audit, "prints the path of the audit log (JSON lines, one a write)")
    sub = verb("kubeconfig", kubeconfig, "prints a kubeconfig, the administrator's or a service account's")
    sub.add_argument("--service-account", metavar="NAMESPACE/NAME")
    sub.add_argument("--seconds", type=int, default=86400, help="life of the token (default a day, least 600)")
    for name, help_text in [("stop", "ends a component"), ("kill", "kills a component (SIGKILL)"),
                            ("start", "starts a component that has ended; returns when it serves"),
                            ("restart", "stop and start"), ("pause", "freezes a component (SIGSTOP)"),
                            ("resume", "lets a frozen component go on")]:
        sub = verb(name, control, help_text, named=False)
        sub.add_argument("name", metavar="NAME")
        sub.add_argument("component", metavar="COMPONENT", choices=list(COMPONENTS), help=", ".join(COMPONENTS))
    sub = verb("compact", compact, "forgets etcd's history up to now, so that old versions are Gone (410)")
    sub.add_argument("--restart-apiserver", action="store_true",
                     help="also restart the API server, whose watch cache outlives a compaction")
    sub = verb("crds", install_crds, "installs third-party CRDs out of pinned Go modules", named=False)
    sub.add_argument("--list", action="store_true", help="prints the known names and their modules")
    sub.add_argument("name", nargs="?", default=DEFAULT_NAME, metavar="NAME")
    sub.add_argument("kinds", nargs="*", metavar="KIND[/PLURAL]")
    sub = verb("load", set_load, "sets the CPU that all pods of a workload need together; may change at any time",
               named=False)
    sub.add_argument("name", metavar="NAME")
    sub.add_argument("workload", metavar="NAMESPACE/WORKLOAD")
    sub.add_argument("cores", metavar="CORES", help="such as 12.5 or 800m; 'off' returns to the pods' annotations")
    sub = verb("images", set_images, "shows which programs images are on local nodes, and sets some; IMAGE without a tag "
               "stands for each of its tags, IMAGE= forgets one", named=False)
    sub.add_argument("name", metavar="NAME")
    sub.add_argument("images", nargs="*", metavar="IMAGE=PROGRAM")
    verb("wait-metrics", wait_metrics, "returns when the metrics API serves")
    sub = verb("wait-gateway", wait_gateway, "returns when a Gateway is accepted and its Envoy listens", named=False)
    sub.add_argument("name", metavar="NAME")
    sub.add_argument("gateway", metavar="NAMESPACE/GATEWAY")
    return parser


def _parse(words):
    if words[:1] == ["_supervise"]:
        names = ["name", "tools", "options"]
        return argparse.Namespace(action=supervise, **dict(zip(names, words[1:], strict=True)))
    command = []
    if words[:1] == ["run"] and "--" in words:
        at = words.index("--")
        words, command = words[:at], words[at + 1:]
    arguments = _parser().parse_args(words)
    arguments.command = command
    return arguments


def main(words):
    try:
        arguments = _parse(words)
        return arguments.action(arguments)
    except Refusal as refusal:
        print(f"cluster: {refusal}", file=sys.stderr)
    except (api.ApiError, OSError) as error:
        print(f"cluster: {error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        return error.returncode or 1
    except KeyboardInterrupt:
        return 130
    return 1
