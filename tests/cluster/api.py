"""A small Kubernetes client for the tests: plain HTTPS with the kubeconfig's certificate, errors as exceptions."""

import base64
import http.client
import json
import os
import select
import ssl
import tempfile
import threading
import time
import urllib.parse

import yaml


class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body.get('message', body) if isinstance(body, dict) else body}")
        self.status, self.body = status, body


PATHS = {
    "saleevents": "/apis/doorbuster.dev/v1alpha1",
    "saleschedules": "/apis/doorbuster.dev/v1alpha1",
    "saleactions": "/apis/doorbuster.dev/v1alpha1",
    "deployments": "/apis/apps/v1",
    "statefulsets": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "daemonsets": "/apis/apps/v1",
    "jobs": "/apis/batch/v1",
    "capacitybuffers": "/apis/autoscaling.x-k8s.io/v1beta1",
    "horizontalpodautoscalers": "/apis/autoscaling/v2",
    "configmaps": "/api/v1",
    "pods": "/api/v1",
    "resourcequotas": "/api/v1",
    "serviceaccounts": "/api/v1",
    "roles": "/apis/rbac.authorization.k8s.io/v1",
    "rolebindings": "/apis/rbac.authorization.k8s.io/v1",
    "events": "/apis/events.k8s.io/v1",
    "leases": "/apis/coordination.k8s.io/v1",
    "poddisruptionbudgets": "/apis/policy/v1",
    "verticalpodautoscalers": "/apis/autoscaling.k8s.io/v1",
    "scaledobjects": "/apis/keda.sh/v1alpha1",
    "canaries": "/apis/flagger.app/v1beta1",
    "metrictemplates": "/apis/flagger.app/v1beta1",
    "configurations": "/apis/serving.knative.dev/v1",
    "revisions": "/apis/serving.knative.dev/v1",
    "rollouts": "/apis/argoproj.io/v1alpha1",
    "analysistemplates": "/apis/argoproj.io/v1alpha1",
    "services": "/api/v1",
    "ingresses": "/apis/networking.k8s.io/v1",
    "gateways": "/apis/gateway.networking.k8s.io/v1",
    "endpointslices": "/apis/discovery.k8s.io/v1",
    "grpcroutes": "/apis/gateway.networking.k8s.io/v1",
    "traefikservices": "/apis/traefik.io/v1alpha1",
    "virtualservices": "/apis/networking.istio.io/v1",
    "httproutes": "/apis/gateway.networking.k8s.io/v1",
    "backendtrafficpolicies": "/apis/gateway.envoyproxy.io/v1alpha1",
}
ROOTS = {"ingressclasses": "/apis/networking.k8s.io/v1", "namespaces": "/api/v1", "nodes": "/api/v1", "clusterroles": "/apis/rbac.authorization.k8s.io/v1",
         "clusterrolebindings": "/apis/rbac.authorization.k8s.io/v1",
         "customresourcedefinitions": "/apis/apiextensions.k8s.io/v1"}
MERGE, JSON_PATCH, APPLY = ("application/merge-patch+json", "application/json-patch+json", "application/apply-patch+yaml")


class Api:
    """Calls as the cluster's administrator, who writes as field manager `kubectl-edit` unless told otherwise."""

    def __init__(self, kubeconfig=None):
        config = yaml.safe_load(open(kubeconfig or os.environ["KUBECONFIG"], encoding="utf-8"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.server = cluster["server"]
        self.ca = base64.b64decode(cluster["certificate-authority-data"])
        self.context = ssl.create_default_context(cadata=self.ca.decode())
        if "client-certificate-data" in user:
            with tempfile.NamedTemporaryFile("wb", suffix=".pem") as pem:
                pem.write(base64.b64decode(user["client-certificate-data"]) + b"\n" + base64.b64decode(user["client-key-data"]))
                pem.flush()
                self.context.load_cert_chain(pem.name)
        self.token = user.get("token")
        self.local = threading.local()

    def context_without_certificate(self):
        """For another user than the administrator, who has a token."""
        return ssl.create_default_context(cadata=self.ca.decode())

    def request(self, method, path, body=None, content_type="application/json", timeout=30):
        url = urllib.parse.urlsplit(self.server)
        headers = {"Content-Type": content_type, "User-Agent": "doorbuster-tests"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
        for attempt in (0, 1):
            connection = getattr(self.local, "connection", None)
            if connection is not None and connection.sock and select.select([connection.sock], [], [], 0)[0]:
                connection.close()  # the server ended it meanwhile
                connection = None
            if connection is None:
                connection = http.client.HTTPSConnection(url.hostname, url.port, context=self.context, timeout=timeout)
                self.local.connection = connection
            try:
                connection.request(method, path, body=data, headers=headers)
                answer = connection.getresponse()
                text = answer.read()
                break
            except (OSError, http.client.HTTPException):
                connection.close()
                self.local.connection = None
                if attempt or method != "GET":
                    raise
        try:
            out = json.loads(text) if text else {}
        except ValueError:
            out = text.decode("utf-8", "replace")
        if answer.status >= 400:
            raise ApiError(answer.status, out)
        return out

    def lines(self, path):
        """The lines of an answer that goes on, as of a watch, on a connection of its own."""
        url = urllib.parse.urlsplit(self.server)
        connection = http.client.HTTPSConnection(url.hostname, url.port, context=self.context)
        connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"} if self.token else {})
        answer = connection.getresponse()
        if answer.status >= 400:
            raise ApiError(answer.status, answer.read().decode("utf-8", "replace"))
        while line := answer.readline():
            yield line

    def path(self, kind, ns=None, name=None, subresource=None):
        out = ROOTS.get(kind) or PATHS[kind]
        if ns is not None and kind in PATHS:
            out += f"/namespaces/{ns}"
        out += f"/{kind}"
        if name:
            out += f"/{name}"
        return out + (f"/{subresource}" if subresource else "")

    def get(self, kind, ns, name, **options):
        return self.request("GET", self.path(kind, ns, name), **options)

    def find(self, kind, ns, name):
        """The object, or nothing when it does not exist."""
        try:
            return self.get(kind, ns, name)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(self, kind, ns, selector=""):
        query = f"?labelSelector={urllib.parse.quote(selector)}" if selector else ""
        return self.request("GET", self.path(kind, ns) + query)["items"]

    def create(self, kind, ns, body, manager="kubectl-create"):
        return self.request("POST", self.path(kind, ns) + f"?fieldManager={manager}", body)

    def patch(self, kind, ns, name, body, manager="kubectl-edit", content_type=MERGE, subresource=None, force=False):
        query = f"?fieldManager={manager}" + ("&force=true" if force else "")
        return self.request("PATCH", self.path(kind, ns, name, subresource) + query, body, content_type)

    def replace(self, kind, ns, name, body, manager="kubectl-replace"):
        return self.request("PUT", self.path(kind, ns, name) + f"?fieldManager={manager}", body)

    def delete(self, kind, ns, name, propagation="Background"):
        try:
            return self.request("DELETE", self.path(kind, ns, name) + f"?propagationPolicy={propagation}")
        except ApiError as error:
            if error.status != 404:
                raise

    def token_for(self, ns, account, seconds=7200):
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": seconds}}
        return self.request("POST", f"/api/v1/namespaces/{ns}/serviceaccounts/{account}/token", body)["status"]["token"]


class TimedOut(AssertionError):
    """Something that was waited for did not come. On a machine that others use this alone may be tried again (run.py)."""


def wait_for(what, condition, seconds=30, every=0.1):
    """The first true answer of `condition`; TimedOut naming `what` and the last answer when it does not come."""
    deadline, last = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        last = condition()
        if last:
            return last
        time.sleep(every)
    raise TimedOut(f"did not happen within {seconds} s: {what} (last seen: {last!r})")


def must_become(what, condition, seconds=30):
    """wait_for where a miss is a wrong value (a baseline, a trace of ours) rather than a slow machine: never tried again."""
    try:
        return wait_for(what, condition, seconds)
    except TimedOut as error:
        raise AssertionError(str(error)) from None
