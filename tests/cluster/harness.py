"""What the real-cluster tests share: operators as processes, shops in namespaces of their own, sales of a few seconds."""

import base64
import contextlib
import datetime
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

import yaml

from api import APPLY, JSON_PATCH, Api, ApiError, TimedOut, must_become, wait_for  # noqa: F401 (re-exported for the tests)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OPERATOR = os.environ.get("DOORBUSTER_OPERATOR", os.path.join(ROOT, "build/dev/doorbuster"))
SALE = os.environ.get("DOORBUSTER_KUBECTL_SALE", os.path.join(ROOT, "build/dev/kubectl-sale"))
HOLDS, LABEL = "doorbuster.dev/holds", "doorbuster.dev/held"
SYSTEM = "doorbuster-system"


class NotThere(AssertionError):
    """The test did not come to what it is about (the last write of a window that happened to make fewer). Counted as such."""


def utc(seconds=0.0):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


def instant(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + "Z"


def kubectl_sale(*arguments, timeout=90, **more):
    """Exit code, what was printed, and what was said beside it; nobody can be asked anything unless `input` is given."""
    if "input" not in more:
        more["stdin"] = subprocess.DEVNULL
    done = subprocess.run([SALE, *arguments], capture_output=True, text=True, timeout=timeout, check=False, **more)
    return done.returncode, done.stdout, done.stderr


class Operator:
    """One operator process under the shipped service account, through a proxy when given one."""

    def __init__(self, api, name="operator", server=None, namespaces=(), install="tests", lease="doorbuster", extra=(), account=f"{SYSTEM}/doorbuster"):
        self.api, self.name = api, name
        self.folder = tempfile.mkdtemp(prefix=f"doorbuster-{name}.")
        ns, account = account.split("/")
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "t",
            "clusters": [{"name": "t", "cluster": {"server": server or api.server,
                                                   "certificate-authority-data": base64.b64encode(api.ca).decode()}}],
            "users": [{"name": "t", "user": {"token": api.token_for(ns, account)}}],
            "contexts": [{"name": "t", "context": {"cluster": "t", "user": "t"}}],
        }
        self.config = os.path.join(self.folder, "kubeconfig")
        with open(self.config, "w", encoding="utf-8") as out:
            json.dump(config, out)
        self.command = [OPERATOR, "run", "--kubeconfig", self.config, "--install-id", install, "--lease-namespace", SYSTEM, "--lease-name", lease,
                        "--bind-address", "127.0.0.1:0", *extra]
        for one in namespaces:
            self.command += ["--namespace", one]
        self.process = None
        self.log = os.path.join(self.folder, "log")

    def start(self):
        out = open(self.log, "ab")
        self.process = subprocess.Popen(self.command, stdout=out, stderr=subprocess.STDOUT)
        out.close()
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.running():
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self, seconds=10):
        """SIGTERM; the exit code."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(seconds)
        return self.process.returncode if self.process else None

    def tail(self, lines=25):
        try:
            return "".join(open(self.log, encoding="utf-8", errors="replace").readlines()[-lines:])
        except OSError:
            return ""


class Kept:
    """An operator that is started again whenever it ends, as a kubelet would."""

    def __init__(self, operator):
        self.operator, self.deaths, self.ended = operator.start(), 0, False
        self.thread = threading.Thread(target=self._revive, daemon=True)
        self.thread.start()

    def _revive(self):
        while not self.ended:
            if not self.operator.running() and not self.ended:
                self.deaths += 1
                self.operator.start()
            time.sleep(0.05)

    def kill(self):
        self.operator.kill()

    def close(self):
        """Ends it for good; its exit code."""
        self.ended = True
        self.thread.join()
        return self.operator.stop()


def traces_on(found):
    """What of ours stands on an object."""
    meta = found["metadata"]
    marks = [one for one, place in ((HOLDS, "annotations"), (LABEL, "labels")) if one in meta.get(place, {})]
    return marks + [one for one in meta.get("managedFields", []) if one["manager"] == "doorbuster"]


class Shop:
    """A namespace with one workload `checkout` (3 pods) and its autoscaler (3 to 10), and what a sale of it needs."""

    def __init__(self, api, ns, autoscaler=True, replicas=3, most=10, cpu=False):
        self.api, self.ns, self.cpu = api, ns, cpu
        api.create("namespaces", None, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
        self.grant()
        self.deployment("checkout", replicas)
        if autoscaler:
            self.hpa("checkout", replicas, most)
        wait_for(f"{ns}: {replicas} ready pods", lambda: self.ready("checkout") == replicas, 40)

    def role(self, name, rules, *accounts):
        """Rights in the namespace, of service accounts NAME of it or NAMESPACE/NAME."""
        rbac, meta = "rbac.authorization.k8s.io", {"name": name}
        who = [one.rpartition("/") for one in accounts]
        self.api.create("roles", self.ns, {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": meta, "rules": rules})
        self.api.create("rolebindings", self.ns, {
            "apiVersion": f"{rbac}/v1", "kind": "RoleBinding", "metadata": meta,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": ns or self.ns} for ns, _, account in who]})

    def account(self, name, rules):
        """A service account of the namespace with these rights there."""
        self.api.create("serviceaccounts", self.ns, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
        self.role(name, rules, name)

    def somebody(self, name, rules):
        """The API server as such an account sees it."""
        self.account(name, rules)
        who = Api()
        who.context, who.token = self.api.context_without_certificate(), self.api.token_for(self.ns, name)
        return who

    def grant(self):
        rules = [
            {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["get", "patch"]},
            {"apiGroups": ["apps"], "resources": ["deployments", "deployments/scale", "statefulsets", "statefulsets/scale"], "verbs": ["get", "patch"]},
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "patch"]},
        ]
        self.account("sale", rules)

    def allow(self, group, plural):
        """The account of its sales may read and write these too."""
        rule = {"apiGroups": [group], "resources": [plural], "verbs": ["get", "patch"]}
        self.api.patch("roles", self.ns, "sale", [{"op": "add", "path": "/rules/-", "value": rule}], content_type=JSON_PATCH)

    @staticmethod
    def deployment_manifest(name, replicas):
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
                "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                         "template": {"metadata": {"labels": {"app": name}},
                                      "spec": {"terminationGracePeriodSeconds": 0,
                                               "containers": [{"name": "app", "image": f"shop/{name}:v1", "resources": {"requests": {"cpu": "10m"}}}]}}}}

    def deployment(self, name, replicas):
        self.api.create("deployments", self.ns, self.deployment_manifest(name, replicas))

    def hpa_manifest(self, name, low, high):
        # Of a metric that nobody serves the controller says so within one sync; of CPU the first figures take half a minute.
        metric = {"type": "External", "external": {"metric": {"name": "visitors"}, "target": {"type": "Value", "value": "10"}}}
        if self.cpu:
            metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}
        return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name, "namespace": self.ns},
                "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}, "minReplicas": low, "maxReplicas": high,
                         # Pods without metrics count as busy: with the default window of 5 minutes that would keep every sale's peak.
                         "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
                         "metrics": [metric]}}

    def hpa(self, name, low, high, manager="kubectl-create"):
        self.api.create("horizontalpodautoscalers", self.ns, self.hpa_manifest(name, low, high), manager)

    def ready(self, name):
        return self.api.get("deployments", self.ns, name).get("status", {}).get("readyReplicas", 0)

    def autoscaler(self, name="checkout"):
        return self.api.get("horizontalpodautoscalers", self.ns, name)

    def bounds(self, name="checkout"):
        spec = self.autoscaler(name)["spec"]
        return spec["minReplicas"], spec["maxReplicas"]

    def manifest(self, name, start, lasts, prepare="4s", cooldown="4s", targets=None, **spec):
        """A SaleEvent of this shop, not applied."""
        if targets is None:
            targets = [self.target()]
        return {
            "apiVersion": "doorbuster.dev/v1alpha1", "kind": "SaleEvent", "metadata": {"name": name, "namespace": self.ns},
            "spec": {"window": {"start": instant(start), "end": instant(start + datetime.timedelta(seconds=lasts)), "prepare": prepare, "cooldown": cooldown},
                     "serviceAccountName": "sale", "capacity": {"targets": targets}, **spec}}

    def sale(self, name="flash", begins=5.0, lasts=5.0, **more):
        """Applies an event that starts `begins` seconds from now; its manifest."""
        manifest = self.manifest(name, utc(begins), lasts, **more)
        self.api.create("saleevents", self.ns, manifest)
        return manifest

    @staticmethod
    def target(name="checkout", replicas=9, **more):
        return {"name": name, "ref": {"kind": "Deployment", "name": name}, "need": {"replicas": replicas},
                "ramp": {"up": {"over": "2s", "steps": 2, "stepTimeout": "1s"}, "down": {"over": "2s", "steps": 2, "maxPercentPerMinute": 100}}, **more}

    def event(self, name="flash"):
        return self.api.get("saleevents", self.ns, name)

    def phase(self, name="flash"):
        found = self.api.find("saleevents", self.ns, name)
        return (found or {}).get("status", {}).get("phase")

    def reach(self, phase, name="flash", seconds=40):
        return wait_for(f"{self.ns}/{name}: phase {phase}", lambda: self.phase(name) == phase, seconds)

    def reach_floor(self, floor, seconds=30, name="checkout"):
        return wait_for(f"{self.ns}: minReplicas {floor}", lambda: self.bounds(name)[0] == floor, seconds)

    def assert_untouched(self, low=3, high=10, name="checkout"):
        """Every field back, and no trace of us on the object."""
        found = self.autoscaler(name)
        assert (found["spec"]["minReplicas"], found["spec"]["maxReplicas"]) == (low, high), found["spec"]
        assert not traces_on(found), found["metadata"]

    def traces(self, name="checkout"):
        """Fields of the autoscaler of which we are still the manager, by managedFields."""
        return [one for one in self.autoscaler(name)["metadata"].get("managedFields", []) if one["manager"] == "doorbuster"]

    def condition(self, kind, name="flash"):
        for one in self.event(name).get("status", {}).get("conditions", []):
            if one["type"] == kind:
                return one
        return {}

    def reasons(self):
        """Reasons of the Kubernetes Events about this namespace's sales."""
        return {one["reason"] for one in self.api.list("events", self.ns) if one.get("regarding", {}).get("kind") == "SaleEvent"}


def install(api):
    """The CRDs and the shipped manifests, as an administrator would install them."""
    folder = os.path.join(ROOT, "charts/manifests")
    files = [os.path.join(ROOT, f"crds/doorbuster.dev_{one}.yaml") for one in ("saleevents", "saleschedules", "saleactions")]
    files += [os.path.join(folder, one) for one in sorted(os.listdir(folder)) if one.endswith(".yaml") and "deployment" not in one]
    for one in files:
        subprocess.run(["kubectl", "apply", "--server-side", "--force-conflicts", "-f", one], check=True, capture_output=True)
    wait_for("the CRD is served", lambda: served(api), 20)
    warm(api)


def warm(api):
    """Asks for each custom kind once: of a large schema the API server's first list takes seconds, which are no test's matter."""
    for one in api.request("GET", api.path("customresourcedefinitions"))["items"]:
        spec = one["spec"]
        version = next(which["name"] for which in spec["versions"] if which["served"])
        path = f"/apis/{spec['group']}/{version}/{spec['names']['plural']}"
        wait_for(f"{path} is listed", lambda: listed(api, path), 60)  # pylint: disable=cell-var-from-loop


def listed(api, path):
    try:
        return api.request("GET", path + "?limit=1", timeout=60)
    except ApiError:  # it is still making its storage
        return None


def served(api):
    try:
        api.request("GET", PATH_ALL)
        return True
    except ApiError:
        return False


PATH_ALL = "/apis/doorbuster.dev/v1alpha1/saleevents"


class Played(threading.Thread):
    """Somebody else's controller of one namespace, which `look` plays again and again. The sale's account may write what it goes by."""

    def __init__(self, shop, group, plural):
        super().__init__(daemon=True)
        self.shop, self.api, self.ns, self.ended = shop, shop.api, shop.ns, False
        shop.allow(group, plural)

    def run(self):
        while not self.ended:
            with contextlib.suppress(ApiError, OSError):
                self.look()
            time.sleep(0.2)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.join()


class Watcher(threading.Thread):
    """Remembers every minReplicas and maxReplicas that an autoscaler ever had."""

    def __init__(self, shop, name="checkout"):
        super().__init__(daemon=True)
        self.shop, self.name, self.seen, self.ended = shop, name, [], False

    def look(self):
        try:
            now = self.shop.bounds(self.name)
            if not self.seen or self.seen[-1] != now:
                self.seen.append(now)
        except (ApiError, OSError):
            pass

    def start(self):
        self.look()
        super().start()

    def run(self):
        while not self.ended:
            self.look()
            time.sleep(0.05)

    def stop(self):
        self.ended = True
        self.join()
        self.look()  # what somebody else has seen already belongs to it
        return self.seen


def writes_of(ns, account="doorbuster"):
    """What the operators that run as this account wrote in a namespace, by the audit log; Events about it count, leases are elsewhere."""
    return [one for one in writes_that_name(ns, account) if (one.get("objectRef") or {}).get("namespace") == ns]


def writes_that_name(ns, account="doorbuster"):
    """The same of everything that has its name, the one of a namespace or of an object in none."""
    path = os.path.join(os.environ["DOORBUSTER_CLUSTER_DIR"], "logs/audit.log")
    out = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if f'"{ns}"' not in line:  # the log of a whole run is long
                continue
            try:
                one = json.loads(line)
            except ValueError:
                continue
            if one["user"]["username"] != f"system:serviceaccount:{SYSTEM}:{account}":
                continue
            if one.get("verb") in ("create", "update", "patch", "delete") and one.get("stage") == "ResponseComplete":
                out.append(one)
    return out


def load_yaml(text):
    return yaml.safe_load(text)


def load_documents(text):
    return [one for one in yaml.safe_load_all(text) if one]
