"""The shop of harness.py as a release of a small Helm chart, written and upgraded by a real Helm."""

import json
import os
import subprocess
import tempfile

from harness import Shop, wait_for


class HelmRelease(Shop):
    """Workload and autoscaler belong to a chart with two values: `tag` (of the image) and `low` (minReplicas)."""

    def __init__(self, api, ns, helm):  # pylint: disable=super-init-not-called
        self.api, self.ns, self.cpu, self.helm = api, ns, False, helm
        self.folder = tempfile.TemporaryDirectory(prefix="doorbuster-chart.")
        self.write_chart()
        api.create("namespaces", None, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
        self.grant()
        self.upgrade("--install")
        wait_for(f"{ns}: 3 ready pods", lambda: self.ready("checkout") == 3, 40)

    def write_chart(self):
        deployment = self.deployment_manifest("checkout", 3)
        del deployment["spec"]["replicas"]  # as every chart with an autoscaler does
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "shop/checkout:{{ .Values.tag }}"
        autoscaler = self.hpa_manifest("checkout", "LOW", 10)
        files = {"Chart.yaml": json.dumps({"apiVersion": "v2", "name": "shop", "version": "1.0.0"}),
                 "values.yaml": json.dumps({"tag": "v1", "low": 3}),
                 "templates/deployment.yaml": json.dumps(deployment),
                 "templates/autoscaler.yaml": json.dumps(autoscaler).replace('"LOW"', "{{ .Values.low }}")}
        os.mkdir(os.path.join(self.folder.name, "templates"))
        for name, text in files.items():
            with open(os.path.join(self.folder.name, name), "w", encoding="utf-8") as out:
                out.write(text)

    def upgrade(self, *options, fails=False):
        """`helm upgrade` with these options; what it said. As a person without configuration of their own runs it."""
        home = {f"HELM_{one}_HOME": os.path.join(self.folder.name, one.lower()) for one in ("CACHE", "CONFIG", "DATA")}
        done = subprocess.run([self.helm, "upgrade", "shop", self.folder.name, "--namespace", self.ns, *options],
                              env={**os.environ, **home}, text=True, capture_output=True, check=False, timeout=60)
        assert (done.returncode != 0) == fails, f"{self.helm} upgrade {' '.join(options)}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def image(self):
        return self.api.get("deployments", self.ns, "checkout")["spec"]["template"]["spec"]["containers"][0]["image"]
