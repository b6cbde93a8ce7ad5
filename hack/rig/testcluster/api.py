"""As much of a Kubernetes client as the rig needs: server-side apply, get, patch over one TLS connection."""

import http.client
import json
import ssl
import threading
import urllib.parse

import yaml

FIELD_MANAGER = "doorbuster-rig"
TIMEOUT_SECONDS = 30


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML as Kubernetes reads it: a bare "=" is a string, not YAML 1.1's key of a default value."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))

# Kinds that the rig itself applies; it needs no discovery for these: kind -> (plural, namespaced).
_PLURALS = {
    "APIService": ("apiservices", False), "ClusterResourceUsage": ("clusterresourceusages", False),
    "ClusterRole": ("clusterroles", False), "ClusterRoleBinding": ("clusterrolebindings", False),
    "ConfigMap": ("configmaps", True), "CustomResourceDefinition": ("customresourcedefinitions", False),
    "EnvoyProxy": ("envoyproxies", True), "GatewayClass": ("gatewayclasses", False),
    "Metric": ("metrics", False), "Namespace": ("namespaces", False), "Node": ("nodes", False),
    "RoleBinding": ("rolebindings", True),
    "Service": ("services", True), "Stage": ("stages", False),
}


class ApiError(Exception):
    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


def documents(text):
    return [d for d in yaml.load_all(text, Loader=_Loader) if d]


def path_of(manifest):
    plural, namespaced = _PLURALS[manifest["kind"]]
    version = manifest["apiVersion"]
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    meta = manifest["metadata"]
    scope = f"/namespaces/{meta.get('namespace', 'default')}" if namespaced else ""
    return f"{base}{scope}/{plural}/{urllib.parse.quote(meta['name'], safe='')}"


class Client:
    """One user's client. Usable from several threads, each with a connection of its own."""

    def __init__(self, pki, user):
        self._context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self._context.load_cert_chain(pki / f"{user}.crt", pki / f"{user}.key")
        self._local = threading.local()

    def _connection(self):
        if getattr(self._local, "connection", None) is None:
            self._local.connection = http.client.HTTPSConnection(
                "127.0.0.1", 6443, context=self._context, timeout=TIMEOUT_SECONDS)
        return self._local.connection

    def close(self):
        if getattr(self._local, "connection", None) is not None:
            self._local.connection.close()
            self._local.connection = None

    def request(self, method, path, body=None, content_type="application/json"):
        """The decoded answer; ApiError for a status of 400 and above, OSError for a broken connection."""
        data = None if body is None else json.dumps(body).encode("utf-8")
        headers = {"Content-Type": content_type, "User-Agent": "doorbuster-rig"}
        try:
            connection = self._connection()
            connection.request(method, path, body=data, headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise error if isinstance(error, OSError) else ConnectionError(repr(error)) from error
        decoded = json.loads(text) if text.startswith("{") else text
        if answer.status >= 400:
            message = decoded.get("message", text) if isinstance(decoded, dict) else decoded
            raise ApiError(answer.status, f"{method} {path}: {message}")
        return decoded

    def get(self, path):
        return self.request("GET", path)

    def find(self, path):
        """The object, or None if there is none."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def apply(self, manifest):
        """Server-side apply: no last-applied annotation, which large CRDs would overflow."""
        return self.request("PATCH", f"{path_of(manifest)}?fieldManager={FIELD_MANAGER}&force=true", manifest,
                            "application/apply-patch+yaml")

    def merge(self, path, patch):
        return self.request("PATCH", f"{path}?fieldManager={FIELD_MANAGER}", patch, "application/merge-patch+json")
