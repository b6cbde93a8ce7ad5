"""The programs that are measured, and what the system says of them."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(pid):
    """Bytes of a process in memory."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Process:
    """A program with its output in a file; ended by SIGTERM."""

    def __init__(self, command, folder, name):
        self.log = os.path.join(folder, f"{name}.log")
        self.output = open(self.log, "wb")
        self.child = subprocess.Popen(command, stdout=self.output, stderr=subprocess.STDOUT)
        self.pid = self.child.pid

    def wait_for(self, pattern, seconds=60):
        """The match of the first line that the pattern finds; TimeoutError with the end of the log."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                text = file.read()
            found = re.search(pattern, text)
            if found:
                return found
            if self.child.poll() is not None:
                raise RuntimeError(f"{self.log}: ended with {self.child.returncode}: {text[-2000:]}")
            time.sleep(0.02)
        raise TimeoutError(f"{self.log}: no {pattern!r}: {text[-2000:]}")

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.output.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Programs:
    """Where the programs and their credentials are."""

    def __init__(self, build, peer, configs, folder, workers):
        self.build, self.peer_path, self.configs, self.folder, self.workers = build, peer, configs, folder, workers
        self.started = 0

    def _start(self, name, command):
        self.started += 1
        return Process(command, self.folder, f"{self.started:02d}-{name}")

    def operator(self):
        return self._start("operator", [f"{self.build}/doorbuster", "run", "--kubeconfig", self.configs["doorbuster"], "--lease-namespace", "doorbuster-system",
                                        "--workers", str(self.workers), "--bind-address", "127.0.0.1:0"])

    def peer(self, sales=True):
        return self._start("peer", [self.peer_path, "--config", self.configs["peer"], f"--workers={self.workers}", f"--sales={str(sales).lower()}"])

    def volley(self, ns, count, floor, at):
        return self._start("volley", [f"{self.build}/bench_volley", "--kubeconfig", self.configs["volley"], "--namespace", ns, "--count", str(count),
                                      "--floor", str(floor), "--at", str(int(at.timestamp() * 1000)), "--connections", str(self.workers)])

    def sync(self):
        done = subprocess.run([f"{self.build}/bench_sync", "--kubeconfig", self.configs["doorbuster"]], check=True, capture_output=True, text=True)
        out = json.loads(done.stdout)
        out["seconds"] = out.pop("microseconds") / 1e6
        return out

    def curl(self, api, token, targets):
        """One curl, one connection, one page after another, thrown away: (seconds of its transfers, bytes)."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            ca, script = os.path.join(folder, "ca"), os.path.join(folder, "script")
            with open(ca, "wb") as file:
                file.write(api.ca)
            with open(os.open(script, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
                file.write(f'cacert = "{ca}"\nheader = "Authorization: Bearer {token}"\nheader = "Accept: application/json"\n')
                file.write('silent\nfail\nshow-error\nhttp1.1\nwrite-out = "%{time_total} %{size_download} %{num_connects}\\n"\n')
                for target in targets:
                    file.write(f'url = "{api.server}{target}"\noutput = "/dev/null"\n')
            done = subprocess.run(["curl", "--config", script], check=True, capture_output=True, text=True)
        rows = [line.split() for line in done.stdout.splitlines()]
        if len(rows) != len(targets) or sum(int(row[2]) for row in rows) != 1:
            raise RuntimeError(f"curl did not read {len(targets)} pages over one connection: {done.stdout}")
        return sum(float(row[0]) for row in rows), sum(int(row[1]) for row in rows)
