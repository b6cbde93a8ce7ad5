"""Checks of a sale's health: a condition of a real object, pods and Jobs, a server with a token behind TLS, a real Prometheus."""

import contextlib
import http.server
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request

from harness import SYSTEM, NotThere, Operator, Shop, instant, utc, wait_for

QUICK = ["--lease-duration", "3s", "--renew-deadline", "2s", "--retry-period", "200ms"]
TOKEN = "of-this-test"


@contextlib.contextmanager
def operator_of(shop, *flags):
    """An operator for this namespace alone."""
    operator = Operator(shop.api, shop.ns, namespaces=[shop.ns], install=shop.ns, lease=shop.ns, extra=[*QUICK, *flags])
    operator.start()
    try:
        yield operator
    finally:
        operator.stop()


def sale(shop, *checks):
    """One that is live at once and holds nothing."""
    shop.sale(begins=-1, lasts=600, targets=[], checks=[{"interval": "1s", **one} for one in checks])


def row(shop, name):
    for one in shop.event().get("status", {}).get("checks", []):
        if one["name"] == name:
            return one
    return {}


def says(shop, name, verdict, message=""):
    def does():
        found = row(shop, name)
        return found if found.get("verdict") == verdict and message in found["message"] else None

    return wait_for(f"{name} is {verdict} {message}", does, 20)


class Status(http.server.BaseHTTPRequestHandler):
    """What a shop says of itself, to whoever has the token."""

    protocol_version = "HTTP/1.1"
    rate, asked, moved, gone = 1, 0, False, False

    def do_GET(self):
        kind = type(self)
        if kind.gone:  # also for whoever has a connection still
            self.close_connection = True
            return
        kind.asked += 1
        status = 200 if self.headers.get("Authorization") == f"Bearer {TOKEN}" else 401
        body = json.dumps({"errors": {"rate": kind.rate}}).encode()
        self.send_response(302 if kind.moved else status)
        if kind.moved:
            self.send_header("Location", "https://127.0.0.1:6443/version")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def status_server(handler):
    """Over TLS, with a certificate that is its own authority; its port and that certificate's file."""
    with tempfile.TemporaryDirectory(prefix="doorbuster-check.") as folder:
        key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "ca.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=status",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1], certificate
        finally:
            server.shutdown()
            server.server_close()


def let_the_operator_read(shop, secret):
    """The Role that docs/reference/checks.md tells users to add."""
    rules = [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [secret], "verbs": ["get"]}]
    shop.role("doorbuster-tokens", rules, f"{SYSTEM}/doorbuster", "sale")


def test_a_condition_is_that_of_a_real_object(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    available = {"object": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"}, "type": "Available"}
    missing = {"object": {"kind": "Deployment", "name": "nobody"}, "type": "Available"}
    forbidden = {"object": {"apiVersion": "v1", "kind": "Service", "name": "any"}, "type": "Ready"}
    with operator_of(shop):
        sale(shop, {"name": "available", "condition": available}, {"name": "missing", "condition": missing, "onMissing": "Bad"},
             {"name": "forbidden", "condition": forbidden})
        good = says(shop, "available", "Good", "Deployment checkout says Available=True")
        says(shop, "missing", "Bad", "Deployment nobody does not exist")
        says(shop, "forbidden", "Unknown", "the service account sale may not get Service any")
        # No pod has been ready for so long: the Deployment controller calls it unavailable.
        api.patch("deployments", ns, "checkout", {"spec": {"minReadySeconds": 500}})
        bad = says(shop, "available", "Bad", "Available=False")
        assert bad["since"] > good["since"], (good, bad)
        api.patch("deployments", ns, "checkout", {"spec": {"minReadySeconds": 0}})
        says(shop, "available", "Good")
        wait_for("told", lambda: {"CheckGood", "CheckBad", "CheckUnknown"} <= shop.reasons())


def killed_for_memory(api, ns, pod):
    """What a kubelet says of a container that was started again; kwok leaves a running pod's status alone."""
    ended = {"exitCode": 137, "reason": "OOMKilled", "startedAt": instant(utc(-40)), "finishedAt": instant(utc(-5)), "containerID": "containerd://a"}
    status = {"conditions": [{"type": "Ready", "status": "False"}],
              "containerStatuses": [{"name": "app", "image": "shop/checkout:v1", "imageID": "", "ready": False, "restartCount": 4, "started": False,
                                     "state": {"running": {"startedAt": instant(utc())}}, "lastState": {"terminated": ended}}]}
    api.request("PATCH", f"/api/v1/namespaces/{ns}/pods/{pod}/status", {"status": status}, "application/strategic-merge-patch+json")


def test_pods_in_trouble_are_counted_by_their_labels(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    labels = {"app": "checkout"}
    with operator_of(shop):
        sale(shop, {"name": "ready", "pods": {"labels": labels, "count": "NotReady"}, "bad": {"above": 0}},
             {"name": "restarts", "pods": {"labels": labels, "count": "Restarts"}, "bad": {"above": 3}},
             {"name": "memory", "pods": {"labels": labels, "count": "OOMKilled", "within": "1m"}, "bad": {"above": 0}},
             {"name": "nobody", "pods": {"labels": {**labels, "tier": "none"}, "count": "NotReady"}, "bad": {"above": 0}})
        says(shop, "ready", "Unknown", "the service account sale may not list pods")
        shop.role("counts-pods", [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}], "sale")
        says(shop, "ready", "Good", "0 is not above 0")
        says(shop, "restarts", "Good", "0 is not above 3")
        says(shop, "nobody", "Unknown", "no data: no pod has these labels")
        pod = api.list("pods", ns, "app=checkout")[0]["metadata"]["name"]
        killed_for_memory(api, ns, pod)
        says(shop, "ready", "Bad", "1 is above 0")
        says(shop, "restarts", "Bad", "4 is above 3")
        says(shop, "memory", "Bad", "1 is above 0")
        api.delete("pods", ns, pod)
        for name in ("ready", "restarts", "memory"):
            says(shop, name, "Good", "0 is not above")


def test_a_job_says_how_it_ended(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    shop.role("reads-jobs", [{"apiGroups": ["batch"], "resources": ["jobs"], "resourceNames": ["smoke", "hopeless", "nobody"], "verbs": ["get"]}], "sale")

    def job(name, pod, **spec):
        template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "test", "image": "shop/test:v1"}], **pod}}
        api.create("jobs", ns, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **spec}})

    job("smoke", {}, suspend=True)
    job("hopeless", {"nodeSelector": {"no": "node"}}, activeDeadlineSeconds=8)
    with operator_of(shop):
        sale(shop, *({"name": name, "job": {"name": name}} for name in ("smoke", "hopeless", "nobody", "others")))
        says(shop, "smoke", "Unknown", "no data: Job smoke is suspended")
        says(shop, "hopeless", "Unknown", "no data: Job hopeless still runs")
        says(shop, "nobody", "Unknown", "no data: Job nobody does not exist")
        says(shop, "others", "Unknown", "the service account sale may not get Job others")
        api.patch("jobs", ns, "smoke", {"spec": {"suspend": False}})
        good = says(shop, "smoke", "Good", "Job smoke is complete")
        assert good["value"] == "complete", good
        says(shop, "hopeless", "Bad", "Job hopeless has failed: DeadlineExceeded")


def test_a_server_is_asked_with_a_token_and_an_outage_is_never_bad(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    handler = type("OfThisTest", (Status,), {})
    for secret in ("status", "others"):
        api.request("POST", f"/api/v1/namespaces/{ns}/secrets",
                    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": secret}, "stringData": {"token": TOKEN + "\n"}})
    let_the_operator_read(shop, "status")
    with contextlib.ExitStack() as stack:
        outage = stack.enter_context(contextlib.ExitStack())
        port, ca = outage.enter_context(status_server(handler))
        stack.enter_context(operator_of(shop, "--allow-check-hosts", f"127.0.0.1:{port}", "--check-ca-file", ca))
        http_check = {"url": f"https://127.0.0.1:{port}/status", "pointer": "/errors/rate"}
        bad = {"above": 10}
        sale(shop, {"name": "no-token", "http": http_check, "bad": bad},
             *({"name": name, "http": {**http_check, "tokenFrom": {"secret": secret, "key": "token"}}, "bad": bad}
               for name, secret in (("rate", "status"), ("forbidden", "others"))))
        says(shop, "no-token", "Unknown", "status 401")
        says(shop, "forbidden", "Unknown", "the service account sale may not get Secret others")
        says(shop, "rate", "Good", "1 is not above 10")
        # Measured every second, written once.
        time.sleep(1)
        version, asked = shop.event()["metadata"]["resourceVersion"], handler.asked
        wait_for("more questions", lambda: handler.asked >= asked + 4)
        assert shop.event()["metadata"]["resourceVersion"] == version, shop.event()["status"]["checks"]
        handler.rate = 12
        says(shop, "rate", "Bad", "12 is above 10")
        handler.moved = True
        says(shop, "rate", "Unknown", "status 302, a redirect, which is not followed")
        handler.moved, handler.rate = False, 2
        says(shop, "rate", "Good")
        outage.close()
        handler.gone = True
        says(shop, "rate", "Unknown", "cannot be measured")
        assert row(shop, "rate")["value"] == "2", row(shop, "rate")


def test_a_host_that_the_operator_does_not_allow_is_refused_by_name(api, ns):
    shop = Shop(api, ns, autoscaler=False)
    with operator_of(shop, "--allow-check-hosts", "*.monitoring.svc"):
        sale(shop, {"name": "metadata", "http": {"url": "http://169.254.169.254/latest", "pointer": "/a"}, "bad": {"above": 1}})
        wait_for("not accepted", lambda: shop.condition("Accepted").get("reason") == "CheckHostNotAllowed")
        assert "spec.checks[0].http.url the operator's --allow-check-hosts does not name 169.254.169.254" in shop.condition("Accepted")["message"]


def free_port():
    with http.server.HTTPServer(("127.0.0.1", 0), Status) as server:
        return server.server_address[1]


def is_up(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?query=up", timeout=2) as answer:
            return [one["value"][1] for one in json.load(answer)["data"]["result"]] == ["1"]
    except OSError:
        return False


@contextlib.contextmanager
def prometheus():
    """A real one that scrapes itself, as a process; its port and that process."""
    program = shutil.which("prometheus")
    if not program:
        raise NotThere("no prometheus on PATH")
    with tempfile.TemporaryDirectory(prefix="doorbuster-prometheus.") as folder:
        port, config = free_port(), os.path.join(folder, "prometheus.yml")
        with open(config, "w", encoding="utf-8") as out:
            out.write("global: {scrape_interval: 1s}\nscrape_configs: [{job_name: self, static_configs: [{targets: ['127.0.0.1:%d']}]}]\n" % port)
        with open(os.path.join(folder, "log"), "wb") as log:
            process = subprocess.Popen([program, f"--config.file={config}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"],
                                       stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for("Prometheus has scraped itself", lambda: is_up(port), 30)
            yield port, process
        finally:
            process.terminate()
            process.wait(20)


def test_a_real_prometheus_answers_and_goes_away(api, ns):
    with prometheus() as (port, process):
        shop = Shop(api, ns, autoscaler=False)
        with operator_of(shop, "--prometheus-address", f"http://127.0.0.1:{port}"):
            sale(shop, *({"name": name, "prometheus": query, "bad": bad} for name, query, bad in (
                ("up", {"query": 'min(up{job="self"})'}, {"below": 1}),
                ("many", {"query": "{__name__=~'prometheus_.*'}"}, {"above": 1}),
                ("none", {"query": "no_such_series"}, {"above": 1}),
                ("nan", {"query": "vector(0) / vector(0)"}, {"above": 1}),
                ("scalar", {"query": "scalar(vector(3))"}, {"above": "2.5"}),
                ("range", {"query": "vector(time() > bool 0)", "range": {"duration": "5s", "step": "1s"}}, {"above": 1}),
                ("broken", {"query": "sum("}, {"above": 1}))))
            says(shop, "up", "Good", "1 is not below 1")
            says(shop, "many", "Unknown", "series instead of one")
            says(shop, "none", "Unknown", "no data: the query finds no series")
            says(shop, "nan", "Unknown", "no data: the value is NaN")
            says(shop, "scalar", "Bad", "3 is above 2.5")
            says(shop, "range", "Good")
            says(shop, "broken", "Unknown", "Prometheus says bad_data")
            process.terminate()
            process.wait(20)
            for name in ("up", "scalar", "range"):
                says(shop, name, "Unknown", "cannot be measured")


test_a_real_prometheus_answers_and_goes_away.only_all = True
