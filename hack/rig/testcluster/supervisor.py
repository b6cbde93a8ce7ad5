"""The process that owns a cluster: its namespaces, its components, its status file and control socket.

Runs inside the user and network namespace that `unshare` made for it. Only the main thread starts
components, because a component dies with the thread that started it (PR_SET_PDEATHSIG).
"""

import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time
import traceback

from . import api, bootstrap, gateway, load, pki, processes
from .components import COMPONENTS, ETCD_URL, POD_RANGE, SERVICE_RANGE, Context

SERVE_SECONDS = 60
# An API server waits for open watches for as long as a minute.
STOP_GRACE_SECONDS = 5
MAX_REQUEST_BYTES = 4096


class Stopped(BaseException):
    """Somebody asked the supervisor to end."""


def _now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Supervisor:
    def __init__(self, directory, tools, options):
        self._directory = directory
        self._context = Context(directory, tools, options)
        self._children = {}
        self._rows = {}
        self._starts = queue.Queue()
        self._lock = threading.RLock()
        self._state = "starting"
        self._message = ""
        self._ready_seconds = None
        self._began = time.monotonic()
        self._client = None

    # -- status ---------------------------------------------------------------------------------

    def _publish(self):
        with self._lock:
            pid = os.getpid()
            self._directory.write_status({
                "name": self._directory.name, "state": self._state, "message": self._message,
                "ready_seconds": self._ready_seconds,
                "supervisor": {"pid": pid, "start_time": processes.start_time(pid)},
                "tools": str(self._context.tools), "components": self._rows,
            })

    def _set(self, name, **fields):
        with self._lock:
            self._rows.setdefault(name, {}).update(fields, since=_now())
            self._publish()

    # What gateway.Follower keeps rows with: of processes that are a component's, not the supervisor's.

    def running_pid(self, name):
        row = self._rows.get(name, {})
        return row["pid"] if row.get("state") in ("running", "paused") else None

    def having(self, prefix):
        with self._lock:
            return {name: dict(row) for name, row in self._rows.items() if name.startswith(prefix)}

    def set(self, name, **fields):
        if fields["state"] == "died":
            print(f"{_now()} {name} died", flush=True)
        self._set(name, **fields)

    def drop(self, name):
        with self._lock:
            self._rows.pop(name, None)
            self._publish()

    # -- children -------------------------------------------------------------------------------

    def _spawn(self, name):
        with open(self._directory.log(name), "ab") as log:
            command = ["setpriv", "--pdeathsig", "KILL", *COMPONENTS[name].command(self._context)]
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                     cwd=self._directory.path, start_new_session=True)
        starts = self._rows.get(name, {}).get("starts", 0) + 1
        with self._lock:
            self._children[name] = child
            self._set(name, pid=child.pid, start_time=processes.start_time(child.pid), state="running",
                      starts=starts, ended=None, address=COMPONENTS[name].address)

    def _reap(self):
        """Takes note of what ended; a component that nobody stopped is recorded as died."""
        with self._lock:
            for name, child in list(self._children.items()):
                code = child.poll()
                if code is None:
                    continue
                del self._children[name]
                how = f"exit status {code}" if code >= 0 else signal.Signals(-code).name
                asked = self._rows[name]["state"] == "stopping"
                self._set(name, state="stopped" if asked else "died", ended=how)
                if not asked:
                    print(f"{_now()} {name} died: {how}", flush=True)

    def _serves(self, name):
        if name == "kube-apiserver":
            return self._client is not None and self._api_is_ready()
        return COMPONENTS[name].serves()

    def _api_is_ready(self):
        try:
            return self._client.get("/readyz") == "ok"
        except (api.ApiError, OSError):
            return False

    def _await(self, name):
        """Returns when the component serves. RuntimeError when it ended or took too long."""
        deadline = time.monotonic() + SERVE_SECONDS
        while not self._serves(name):
            if threading.current_thread() is threading.main_thread():
                self._reap()
            if self._rows[name]["state"] not in ("running", "paused"):
                raise RuntimeError(f"{name} ended: {self._rows[name]['ended']}; see {self._directory.log(name)}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} does not serve after {SERVE_SECONDS} s; "
                                   f"see {self._directory.log(name)}")
            time.sleep(0.03)

    # -- life -----------------------------------------------------------------------------------

    def run(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_stop_signal)
        try:
            self._publish()
            self._boot()
            self._loop()
        except Stopped:
            self._end_all("stopped", "")
        except Exception as error:  # Whatever it was, the user has to read it in the status.
            traceback.print_exc()
            self._end_all("failed", str(error))

    @staticmethod
    def _on_stop_signal(_number, _frame):
        raise Stopped

    def _boot(self):
        for command in (["link", "set", "lo", "up"],
                        # Every pod and service address is local, so that real servers can listen on them.
                        ["route", "add", "local", POD_RANGE, "dev", "lo"],
                        ["route", "add", "local", SERVICE_RANGE, "dev", "lo"]):
            subprocess.run(["ip", *command], check=True)
        self._spawn("etcd")
        self._write_credentials()
        self._client = api.Client(self._context.pki, "admin")
        self._await("etcd")
        self._spawn("kube-apiserver")
        self._await("kube-apiserver")
        self._spawn("kube-controller-manager")
        self._spawn("kube-scheduler")
        bootstrap.before_kwok(self._client, self._context)
        self._spawn("kwok")
        self._spawn("metrics-server")
        if COMPONENTS["node-agent"].wanted(self._context.options):
            self._spawn("node-agent")
        if COMPONENTS["envoy-gateway"].wanted(self._context.options):
            bootstrap.before_gateway(self._client, self._context)
            self._spawn("envoy-gateway")
        if COMPONENTS["prometheus"].wanted(self._context.options):
            bootstrap.before_prometheus(self._client, self._context)
            self._spawn("prometheus")
        bootstrap.after_kwok(self._client, self._context)
        for name in list(self._rows):
            self._await(name)
        if "envoy-gateway" in self._rows:
            gateway.await_class(self._client)
            gateway.Follower(self._client, self).start()
        self._listen()
        load.Follower(api.Client(self._context.pki, "load")).start()
        self._state = "ready"
        self._ready_seconds = round(time.monotonic() - self._began, 2)
        self._publish()

    def _write_credentials(self):
        pki.make(self._context.pki)
        for user in ("kube-controller-manager", "kube-scheduler", "kwok", "metrics-server", "node-agent", "envoy-gateway",
                     "prometheus"):
            self._context.kubeconfig_of(user).write_text(pki.client_kubeconfig(self._context.pki, user))
        self._directory.kubeconfig.write_text(pki.client_kubeconfig(self._context.pki, "admin"))

    def _loop(self):
        while True:
            try:
                name, done = self._starts.get(timeout=0.1)
                self._spawn(name)
                done.set()
            except queue.Empty:
                pass
            self._reap()

    def _end_all(self, state, message):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        with self._lock:
            for name, child in self._children.items():
                self._rows[name]["state"] = "stopping"
                child.kill()
            for child in self._children.values():
                child.wait()
            self._reap()
            for name, row in self.having(gateway.ROW).items():
                processes.end(row, 0)
                del self._rows[name]
            self._state, self._message = state, message
            self._publish()

    # -- control --------------------------------------------------------------------------------

    def _listen(self):
        server = socket.socket(socket.AF_UNIX)
        # The path may be longer than an address of AF_UNIX can be; that of the open folder is not.
        folder = os.open(self._directory.path, os.O_PATH)
        server.bind(f"/proc/self/fd/{folder}/control.sock")
        server.listen(8)
        threading.Thread(target=self._accept, args=(server,), daemon=True).start()

    def _accept(self, server):
        while True:
            connection, _ = server.accept()
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        with connection:
            try:
                request = json.loads(connection.recv(MAX_REQUEST_BYTES))
                answer = {"ok": True, "text": self._obey(**request)}
            except Exception as error:  # The asker reads it; the supervisor goes on.
                answer = {"ok": False, "text": str(error)}
            try:
                connection.sendall(json.dumps(answer).encode("utf-8"))
            except OSError:
                pass  # The asker has gone.

    def _obey(self, verb, component):
        if verb == "compact":
            return compact()
        if component not in COMPONENTS:
            raise ValueError(f"no component {component!r}; there are {', '.join(COMPONENTS)}")
        if component not in self._rows:
            raise ValueError(f"{component} is not part of this cluster")
        return {"stop": self._stop, "kill": self._kill, "start": self._start, "restart": self._restart,
                "pause": self._pause, "resume": self._resume}[verb](component)

    def _stop(self, name):
        row = self._row_in(name, "running", "paused")
        self._set(name, state="stopping")
        processes.end(row, STOP_GRACE_SECONDS)
        self._await_end(name)
        return f"{name} is stopped"

    def _kill(self, name):
        row = self._row_in(name, "running", "paused")
        self._set(name, state="stopping")
        processes.send(row, signal.SIGKILL)
        self._await_end(name)
        return f"{name} is killed"

    def _await_end(self, name):
        while self._rows[name]["state"] == "stopping":
            time.sleep(0.02)

    def _start(self, name):
        self._row_in(name, "stopped", "died")
        done = threading.Event()
        self._starts.put((name, done))
        done.wait()
        self._await(name)
        return f"{name} serves"

    def _restart(self, name):
        if self._rows[name]["state"] in ("running", "paused"):
            self._stop(name)
        return self._start(name)

    def _pause(self, name):
        processes.send(self._row_in(name, "running"), signal.SIGSTOP)
        self._set(name, state="paused")
        return f"{name} is paused"

    def _resume(self, name):
        processes.send(self._row_in(name, "paused"), signal.SIGCONT)
        self._set(name, state="running")
        return f"{name} runs again"

    def _row_in(self, name, *states):
        row = dict(self._rows[name])
        if row["state"] not in states:
            raise ValueError(f"{name} is {row['state']}, not {' or '.join(states)}")
        return row


def _etcd_call(path, body):
    answer = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "20", "--data", json.dumps(body),
         ETCD_URL + path], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise RuntimeError(f"etcd {path}: {answer.stdout}{answer.stderr}")
    return json.loads(answer.stdout)


def compact():
    """Forgets all of etcd's history up to now, through its JSON gateway."""
    revision = _etcd_call("/v3/kv/range", {"key": "AA==", "limit": 1})["header"]["revision"]
    try:
        _etcd_call("/v3/kv/compaction", {"revision": revision, "physical": True})
    except RuntimeError as error:
        # Nothing was written since the last time.
        if "has been compacted" not in str(error):
            raise
    return f"compacted at revision {revision}"
