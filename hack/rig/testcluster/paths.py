"""Where clusters keep their state, and the record by which commands and the supervisor know one."""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import sys

RIG = pathlib.Path(__file__).resolve().parent.parent
HACK = RIG.parent
CLUSTER_COMMAND = HACK / "cluster"
SETUP_COMMAND = HACK / "setup"

# Names become file names, and fit a Kubernetes label.
NAME_PATTERN = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


class Refusal(Exception):
    """Something the user can put right; printed without a trace."""


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "doorbuster"


def clusters_dir():
    # Not under /tmp: etcd stops when a cleaner takes one of its files away.
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return pathlib.Path(base) / "doorbuster" / "clusters"


def cluster_names():
    if not clusters_dir().is_dir():
        return []
    return sorted(p.name for p in clusters_dir().iterdir() if (p / "status.json").exists())


def check_name(name):
    if not NAME_PATTERN.fullmatch(name):
        raise Refusal(f"a cluster's name has 1 to 40 of a-z, 0-9 and '-': {name!r}")
    return name


class ClusterDir:
    """The folder of one cluster: kubeconfigs, certificates, etcd's data, logs/ and status.json."""

    def __init__(self, name):
        self.name = check_name(name)
        self.path = clusters_dir() / name

    def __truediv__(self, part):
        return self.path / part

    @property
    def kubeconfig(self):
        return self.path / "kubeconfig"

    @property
    def control_socket(self):
        return self.path / "control.sock"

    @property
    def images(self):
        return self.path / "images.json"

    @property
    def audit_log(self):
        return self.path / "logs" / "audit.log"

    def log(self, component):
        return self.path / "logs" / f"{component}.log"

    def status(self):
        """The supervisor's last words as a dict, or None when there is no such cluster."""
        try:
            return json.loads((self.path / "status.json").read_text())
        except FileNotFoundError:
            return None

    def write_status(self, status):
        write_atomically(self.path / "status.json", json.dumps(status, indent=1) + "\n")

    @contextlib.contextmanager
    def lock(self):
        """One `up` or `down` of this cluster at a time."""
        clusters_dir().mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(clusters_dir() / f".{self.name}.lock", "w", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"cluster {self.name}: waiting for another up or down", file=sys.stderr)
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def write_atomically(path, text, mode=0o600):
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w",
              encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)
