"""A TLS proxy between an operator and the API server that counts its writes and can make one of them the last thing that happens.

It looks only at request heads and answer heads; bodies and watches pass through. Cutting happens to whole connections.
"""

import collections
import json
import select
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

BEFORE, FORWARDED, ANSWERED = "before forwarding", "after forwarding", "after answering"
QUIET = ("/leases", "/events", "reviews")  # writes that are not about the sale
FINALIZER_ON, STATUS, VALUES, TRACE, FINALIZER_OFF = "finalizer on", "status", "values", "managedFields", "finalizer off"
Write = collections.namedtuple("Write", "number kind what path")


def what_it_does(verb, path, body):
    """One of the five kinds of write that an operator makes; anything else by its verb and path."""
    if path.endswith("/status"):
        return STATUS
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    if verb == "PATCH" and isinstance(data, list) and all("/managedFields" in one.get("path", "") or one.get("op") == "test" for one in data):
        return TRACE
    if verb == "PATCH" and isinstance(data, dict) and "/saleevents/" in path:
        return FINALIZER_ON if "doorbuster.dev/restore" in data["metadata"]["finalizers"] else FINALIZER_OFF
    return VALUES if verb == "PATCH" else f"{verb} {path}"


class Proxy:
    def __init__(self, api, cluster_dir):
        url = urllib.parse.urlsplit(api.server)
        self.upstream = (url.hostname, url.port)
        self.client = ssl.create_default_context(cadata=api.ca.decode())
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.folder = tempfile.TemporaryDirectory(prefix="doorbuster-proxy.")
        self._certificate(cluster_dir)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.writes = []
        self.kill_at = None  # (which write, when, callback)
        self.killed = None  # the write at which it was called
        self.cut = False
        self.delay = 0.0  # seconds that each request waits here
        self.open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _certificate(self, cluster_dir):
        folder = self.folder.name
        pki = f"{cluster_dir}/pki"
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{folder}/key",
                        "-out", f"{folder}/csr", "-subj", "/CN=proxy"], check=True, capture_output=True)
        with open(f"{folder}/ext", "w", encoding="utf-8") as out:
            out.write("subjectAltName=IP:127.0.0.1\n")
        subprocess.run(["openssl", "x509", "-req", "-in", f"{folder}/csr", "-CA", f"{pki}/ca.crt", "-CAkey", f"{pki}/ca.key", "-set_serial",
                        str(0x1000 + id(self) % 100000), "-days", "2", "-out", f"{folder}/crt", "-extfile", f"{folder}/ext"],
                       check=True, capture_output=True)
        self.server.load_cert_chain(f"{folder}/crt", f"{folder}/key")

    def close(self):
        self.listener.close()
        self.sever()
        self.folder.cleanup()

    def sever(self):
        """Breaks every connection that is open now."""
        with self.lock:
            connections = list(self.open)
        for one in connections:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def partition(self, on):
        """While on, nothing gets through in either direction; new connections are taken and left unanswered."""
        self.cut = on
        if not on:
            self.sever()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, raw):
        near = far = None
        try:
            raw.settimeout(60)
            near = self.server.wrap_socket(raw, server_side=True)
            far = self.client.wrap_socket(socket.create_connection(self.upstream), server_hostname=self.upstream[0])
            near.settimeout(None)
            far.settimeout(None)
            with self.lock:
                self.open.update((near, far))
            self._forth(near, far)
        except (OSError, ssl.SSLError):
            pass
        finally:
            for one in (near, far, raw):
                with self.lock:
                    self.open.discard(one)
                if one:
                    try:
                        one.close()
                    except OSError:
                        pass

    def _note(self, head, body):
        """This write, numbered, or nothing when it is no write about the sale."""
        line = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(line) < 2 or line[0] not in ("POST", "PUT", "PATCH", "DELETE"):
            return None
        path = line[1].split("?")[0]
        if any(path.endswith(quiet) or quiet in path for quiet in QUIET):
            return None
        parts = path.split("/")
        kind = parts[parts.index("namespaces") + 2] if "namespaces" in parts[:-2] else parts[-2]
        with self.lock:
            self.writes.append(Write(len(self.writes) + 1, kind, what_it_does(line[0], path, body), path))
            return self.writes[-1]

    def _killed(self, write, when):
        with self.lock:
            plan = self.kill_at
            if plan is None or when != plan[1] or not plan[0](write):
                return False
            self.kill_at, self.killed = None, write
        plan[2]()
        return True

    def _forth(self, near, far):
        pending = b""
        while True:
            data = near.recv(65536)
            if not data:
                return
            while self.cut:
                time.sleep(0.05)
            pending += data
            # Our client sends one request at a time and waits for its answer, so a buffer starts with a request head.
            end = pending.find(b"\r\n\r\n")
            if end < 0:
                continue
            head = pending[:end]
            length = 0
            for line in head.split(b"\r\n")[1:]:
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            while len(pending) < end + 4 + length:
                more = near.recv(65536)
                if not more:
                    return
                pending += more
            time.sleep(self.delay)
            write = self._note(head, pending[end + 4 :])
            if write and self._killed(write, BEFORE):
                return
            far.sendall(pending)
            pending = b""
            if write:
                # A write: read its whole answer here, so that "after forwarding" and "after answering" are two moments.
                answer = self._answer(far)
                if self._killed(write, FORWARDED):
                    return
                near.sendall(answer)
                if self._killed(write, ANSWERED):
                    return
                continue
            if self._is_watch(head):
                self._watch(near, far)
                return
            near.sendall(self._answer(far))

    @staticmethod
    def _is_watch(head):
        return b"watch=true" in head.split(b"\r\n", 1)[0] or b"watch=1" in head.split(b"\r\n", 1)[0]

    @staticmethod
    def _answer(far):
        data = b""
        while b"\r\n\r\n" not in data:
            more = far.recv(65536)
            if not more:
                raise OSError("the server closed")
            data += more
        end = data.index(b"\r\n\r\n") + 4
        head = data[:end].lower()
        if b"transfer-encoding: chunked" in head:
            while not data.endswith(b"0\r\n\r\n"):
                more = far.recv(65536)
                if not more:
                    raise OSError("the server closed")
                data += more
            return data
        length = 0
        for line in head.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(data) < end + length:
            more = far.recv(65536)
            if not more:
                raise OSError("the server closed")
            data += more
        return data

    def _watch(self, near, far):
        """Passes a stream on until either side ends it; one thread, for one TLS connection must not be used by two."""
        while True:
            if not far.pending():
                readable, _, _ = select.select([near, far], [], [], 1)
                if near in readable:
                    return  # the reader of a watch says nothing more: it is closing
                if far not in readable:
                    continue
            data = far.recv(65536)
            if not data:
                return
            while self.cut:
                time.sleep(0.05)
            near.sendall(data)
