"""An API of external metrics that a program on this host serves to the test cluster: external.metrics.k8s.io."""

import subprocess

SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
GROUP, VERSION = "external.metrics.k8s.io", "v1beta1"


def make_certificate(key, certificate):
    """For localhost, by itself."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=30)


def register(post, ns, name, port):
    """By a Service of that name; `post` takes a path and an object."""
    # An external name is how the aggregator reaches this host: endpoints may not hold loopback addresses.
    post(f"/api/v1/namespaces/{ns}/services", {"metadata": {"name": name}, "spec": {
        "type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]}})
    post(SERVICES, {"metadata": {"name": f"{VERSION}.{GROUP}"}, "spec": {
        "group": GROUP, "version": VERSION, "groupPriorityMinimum": 100, "versionPriority": 100, "insecureSkipTLSVerify": True,
        "service": {"name": name, "namespace": ns, "port": port}}})


def are_served(api):
    found = api.request("GET", f"{SERVICES}/{VERSION}.{GROUP}")
    return any(one["type"] == "Available" and one["status"] == "True" for one in found.get("status", {}).get("conditions", []))
