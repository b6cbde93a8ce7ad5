#!/usr/bin/env python3
"""Sends every manifest of tests/api/corpus to a real API server as a dry run and compares the answer with what the manifest's
own comments say. tests/api/corpus_test.cpp compares the reader with the same comments, so the two verdicts are one.

  hack/cluster run NAME -- python3 tests/cluster/corpus_check.py

Installs the CRDs first. Needs KUBECONFIG (hack/cluster run sets it) and python3-yaml. Fails on the first difference of any
file, after having looked at all of them.
"""
import base64
import http.client
import json
import os
import pathlib
import re
import ssl
import sys
import tempfile
import time
import urllib.parse

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
KINDS = {"SaleEvent": "saleevents", "SaleSchedule": "saleschedules", "SaleAction": "saleactions"}
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
OBJECTS = "/apis/doorbuster.dev/v1alpha1/namespaces/default/"
LEAST_MANIFESTS = 150


class Server:
    """One kept connection to the API server that KUBECONFIG names."""

    def __init__(self, path):
        config = yaml.safe_load(pathlib.Path(path).read_text())
        context = self.named(config["contexts"], config["current-context"])["context"]
        cluster = self.named(config["clusters"], context["cluster"])["cluster"]
        self.user = self.named(config["users"], context["user"])["user"]
        self.folder = pathlib.Path(path).parent
        url = urllib.parse.urlsplit(cluster["server"])
        tls = ssl.create_default_context(cafile=self.file(cluster, "certificate-authority"))
        if self.file(self.user, "client-certificate"):
            tls.load_cert_chain(self.file(self.user, "client-certificate"), self.file(self.user, "client-key"))
        self.connection = http.client.HTTPSConnection(url.hostname, url.port, context=tls, timeout=30)

    @staticmethod
    def named(entries, name):
        return next(entry for entry in entries if entry["name"] == name)

    def file(self, entry, key):
        if key + "-data" in entry:
            with tempfile.NamedTemporaryFile(delete=False) as out:
                out.write(base64.b64decode(entry[key + "-data"]))
            return out.name
        return str(self.folder / entry[key]) if key in entry else None

    def call(self, method, path, body=None, kind="application/json"):
        headers = {"Content-Type": kind, "Accept": "application/json"}
        if "token" in self.user:
            headers["Authorization"] = "Bearer " + self.user["token"]
        self.connection.request(method, path, body=body, headers=headers)
        answer = self.connection.getresponse()
        warnings = [value for name, value in answer.getheaders() if name.lower() == "warning"]
        return answer.status, json.loads(answer.read() or b"{}"), warnings


def install(server, plural):
    crd = yaml.safe_load((ROOT / ("crds/doorbuster.dev_%s.yaml" % plural)).read_text())
    name = crd["metadata"]["name"]
    status, found, _ = server.call("GET", CRDS + "/" + name)
    if status == 404:
        status, answer, _ = server.call("POST", CRDS, json.dumps(crd))
    else:
        crd["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
        status, answer, _ = server.call("PUT", CRDS + "/" + name, json.dumps(crd))
    if status >= 300:
        sys.exit("the CRD is refused: %s" % answer.get("message"))
    for _ in range(100):
        if server.call("GET", OBJECTS + plural)[0] == 200:
            time.sleep(1)  # the new schema is taken up a moment after the old one answered
            return
        time.sleep(0.1)
    sys.exit("the CRD is not served after 10 s")


def collection(text):
    """Where objects of a manifest's kind are; what names no kind of ours is sent as a SaleEvent."""
    found = re.search(r"^kind: (\w+)$", text, re.M)
    return OBJECTS + KINDS.get(found.group(1) if found else "", "saleevents")


def expected(text):
    """What the comments at the top of a manifest say."""
    out = {"refused": set(), "dropped": set(), "server": set()}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        found = re.match(r"# (refused|dropped|server): (.*)$", line)
        if found:
            out[found.group(1)] = set(found.group(2).split())
    return out


def difference(server, path):
    """Nothing, or how the server's answer differs."""
    body = path.read_bytes()
    want = expected(body.decode())
    validation = "Strict" if "strict" in want["server"] else "Warn"
    status, answer, warnings = server.call(
        "POST", collection(body.decode()) + "?dryRun=All&fieldManager=corpus&fieldValidation=" + validation, body, "application/yaml")
    if want["server"]:  # refused as a document: the server names no field
        return None if status == 400 else "status %d instead of 400" % status
    causes = answer.get("details", {}).get("causes", []) if status == 422 else []
    refused = {cause["field"] for cause in causes if cause["field"] != "<nil>"}
    dropped = set()
    for warning in warnings:
        dropped.update(re.findall(r'unknown field \\?"([^"\\]+)', warning))
    if status not in (201, 422):
        return "status %d: %s" % (status, answer.get("message"))
    if refused != want["refused"]:
        return "refused %s, not %s: %s" % (sorted(refused), sorted(want["refused"]), answer.get("message"))
    if dropped != want["dropped"]:
        return "dropped %s, not %s" % (sorted(dropped), sorted(want["dropped"]))
    return None


def main():
    server = Server(os.environ["KUBECONFIG"])
    for plural in KINDS.values():
        install(server, plural)
    manifests = sorted((ROOT / "tests/api/corpus").glob("*/*.yaml"))
    manifests += sorted((ROOT / "crds/examples").glob("*.yaml"))
    wrong = 0
    for path in manifests:
        if path.parent.name == "examples":
            status, answer, _ = server.call(
                "POST", collection(path.read_text()).replace("default", "shop") + "?dryRun=All&fieldValidation=Strict",
                path.read_bytes(), "application/yaml")
            found = None if status == 201 or answer.get("reason") == "NotFound" else answer.get("message")
        else:
            found = difference(server, path)
        if found:
            wrong += 1
            print("%s: %s" % (path.relative_to(ROOT), found))
    print("%d manifests, %d differ" % (len(manifests), wrong))
    sys.exit(1 if wrong or len(manifests) < LEAST_MANIFESTS else 0)


if __name__ == "__main__":
    main()
