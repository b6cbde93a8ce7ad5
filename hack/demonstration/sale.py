"""The demonstration: one sale through its whole window. Called by hack/demo; standard library only."""

import argparse
import datetime
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(ROOT, "hack/demonstration")
CLUSTER = os.path.join(ROOT, "hack/cluster")
NAME = os.environ.get("DOORBUSTER_DEMO_CLUSTER", "demo")
OPERATOR = os.environ.get("DOORBUSTER_OPERATOR", os.path.join(ROOT, "build/release/doorbuster"))
# What the shop normally runs and what one visitor-thousand costs it, in cores.
SHOP = {"checkout": (3, 12, 1.2), "search": (2, 10, 0.8), "cart": (2, 8, 0.6)}


def cluster(*arguments, **options):
    return subprocess.run([CLUSTER, *arguments], check=True, text=True, **options)


def kubectl(*arguments, data=None):
    done = subprocess.run([CLUSTER, "run", NAME, "--", "kubectl", *arguments], input=data, text=True, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def seen(kind, name):
    return json.loads(kubectl("-n", "shop", "get", kind, name, "-o", "json", "--show-managed-fields"))


def workload(name, replicas, most):
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: app, image: "shop/{name}:v1", resources: {{requests: {{cpu: "1"}}}}}}]}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: {name}, namespace: shop}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}
  minReplicas: {replicas}
  maxReplicas: {most}
  metrics: [{{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 70}}}}}}]
  behavior: {{scaleDown: {{stabilizationWindowSeconds: 15}}}}
---"""


def instant(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def event_manifest(start, end):
    """The example as its author wrote it; only its start and its end are now."""
    text = open(os.path.join(ROOT, "crds/examples/flash-sale.yaml"), encoding="utf-8").read()
    for name, moment in (("start", start), ("end", end)):
        text, count = re.subn(rf'(window: {{.*?\b{name}: )"[^"]*"', rf'\g<1>"{instant(moment)}"', text)
        if count != 1:
            raise RuntimeError(f"flash-sale.yaml: one `{name}` of the window, please")
    return text


def fields_of(objects):
    """What the sale may change and must put back, by a name for people."""
    out = {}
    for name in SHOP:
        spec = objects[f"hpa/{name}"]["spec"]
        for field in ("minReplicas", "maxReplicas"):
            out[f"hpa/{name} {field}"] = spec[field]
    out["catalogue-limit requests/s"] = objects["limit"]["spec"]["rateLimit"]["local"]["rules"][0]["limit"]["requests"]
    return out


def look():
    names = [f"hpa/{name}" for name in SHOP]
    got = json.loads(
        kubectl("-n", "shop", "get", "hpa,deployments,backendtrafficpolicies,saleevents", "-o", "json", "--show-managed-fields")
    )["items"]
    objects = {}
    for one in got:
        name = one["metadata"]["name"]
        key = {"HorizontalPodAutoscaler": f"hpa/{name}", "Deployment": f"deploy/{name}", "SaleEvent": "sale"}.get(one["kind"], "limit")
        objects[key] = one
    missing = [name for name in names if name not in objects]
    if missing:
        raise RuntimeError(f"not there: {missing}")
    return objects


def load_at(phase):
    """Cores that all pods of a workload need together, by where in the sale we are (0 before, 1 at its height)."""
    return {name: round(cost * (replicas * 0.5 + replicas * 3.0 * phase), 2) for name, (replicas, _, cost) in SHOP.items()}


class Screen:
    """One table, redrawn in place on a terminal, one line per change elsewhere."""

    def __init__(self):
        self.live = sys.stdout.isatty() and os.environ.get("TERM") not in (None, "dumb")
        self.last = ""
        if self.live:
            sys.stdout.write("\033[2J")

    def show(self, lines, summary):
        if self.live:
            body = "".join(line + "\033[K\n" for line in lines)
            sys.stdout.write("\033[H" + body + "\033[J")
        elif summary[1] != self.last:
            print("  ".join(summary))
            self.last = summary[1]
        sys.stdout.flush()


def table(objects, baseline, start, end, now):
    status = objects.get("sale", {}).get("status", {})
    rows = {row["name"]: row for row in status.get("targets", [])}
    when = f"starts in {math.ceil((start - now).total_seconds())} s" if now < start else (
        f"ends in {math.ceil((end - now).total_seconds())} s" if now < end else f"ended {int((now - end).total_seconds())} s ago")
    phase = status.get("phase", "")
    lines = [
        f"shop/flash-sale   phase {phase or '-'}   {when}   {now.astimezone(datetime.timezone.utc):%H:%M:%S}Z",
        "",
        f"{'TARGET':<12}{'BASELINE':>9}{'FLOOR NOW':>11}{'READY':>7}{'HPA WANTS':>11}{'CEILING':>9}   STATUS",
    ]
    short = []
    for name in SHOP:
        hpa, deployment = objects[f"hpa/{name}"], objects[f"deploy/{name}"]
        row = rows.get(name, {})
        ready = deployment.get("status", {}).get("readyReplicas", 0)
        minimum, maximum = hpa["spec"]["minReplicas"], hpa["spec"]["maxReplicas"]
        state = " ".join(str(row.get(key, "")) for key in ("state", "step") if row.get(key))
        lines.append(
            f"{name:<12}{baseline[f'hpa/{name} minReplicas']:>9}{minimum:>11}{ready:>7}"
            f"{hpa.get('status', {}).get('desiredReplicas', 0):>11}{maximum:>9}   {state}"
        )
        short.append(f"{name} {minimum}-{maximum} ready {ready}")
    limit = fields_of(objects)["catalogue-limit requests/s"]
    was = baseline["catalogue-limit requests/s"]
    row = next((row for row in status.get("holds", []) if row["name"] == "catalogue-limit"), {})
    held = row.get("requested", "-") if row.get("copy") else "-"
    lines += ["", f"{'RATE LIMIT':<22}{'BASELINE':>9}{'HELD':>8}{'NOW':>8}   STATUS",
              f"{'catalogue-limit':<22}{was:>9}{held:>8}{limit:>8}   {row.get('state', '')}"]
    if status.get("message"):
        lines += ["", status["message"][:100]]
    return lines, (f"{when:<17}", f"{phase or '-':<11} " + "  ".join(short) + f"  limit {limit}/s")


def left_behind(objects):
    """Traces of ours that should be gone."""
    out = []
    for key, one in objects.items():
        if key == "sale":
            continue
        meta = one["metadata"]
        if "doorbuster.dev/holds" in meta.get("annotations", {}) or "doorbuster.dev/held" in meta.get("labels", {}):
            out.append(f"{key}: annotation or label")
        if any(entry["manager"] == "doorbuster" for entry in meta.get("managedFields", [])):
            out.append(f"{key}: managedFields entry")
    return out


def verdict(before, peak, after, objects):
    print("\nWhat was changed, and what it is now")
    good = True
    for name in before:
        changed, back = peak[name] != before[name], after[name] == before[name]
        good = good and changed and back
        print(f"  {name:<30} {before[name]:>5} -> {peak[name]:>5} -> {after[name]:>5}   {'put back' if back else 'NOT PUT BACK'}"
              + ("" if changed else "   (was never changed)"))
    traces = left_behind(objects)
    for trace in traces:
        print(f"  left behind: {trace}")
    phase = objects.get("sale", {}).get("status", {}).get("phase")
    print(f"  SaleEvent: phase {phase}, finalizers {objects['sale']['metadata'].get('finalizers', [])}")
    good = good and not traces and phase == "Completed"
    print("\nVerdict: " + ("every field was raised for the sale and is back." if good else "NOT as promised, see above."))
    return good


class Demo:
    def __init__(self, options):
        self.options = options
        self.operator = None
        self.log = None

    def prepare(self):
        print("demo: starting the cluster")
        cluster("up", NAME, "--crds", "gateway-api,envoy-gateway", "--wait-metrics", stdout=subprocess.DEVNULL)
        kubectl("apply", "--server-side", "-f", os.path.join(ROOT, "crds"))
        for name in sorted(os.listdir(os.path.join(ROOT, "charts/manifests"))):
            if name.endswith(".yaml") and name != "deployment.yaml":
                kubectl("apply", "-f", os.path.join(ROOT, "charts/manifests", name))
        kubectl("apply", "-f", os.path.join(HERE, "shop.yaml"))
        kubectl("apply", "-f", "-", data="".join(workload(name, low, high) for name, (low, high, _) in SHOP.items()))
        self.set_load(0)
        self.start_operator()
        for name, (replicas, _, _) in SHOP.items():
            kubectl("-n", "shop", "rollout", "status", f"deployment/{name}", "--timeout=60s")

    def set_load(self, phase):
        for name, cores in load_at(phase).items():
            cluster("load", NAME, f"shop/{name}", str(cores), stdout=subprocess.DEVNULL)

    def start_operator(self):
        config = cluster("kubeconfig", NAME, "--service-account", "doorbuster-system/doorbuster", stdout=subprocess.PIPE).stdout
        folder = os.environ.get("TMPDIR", "/tmp")
        self.folder = subprocess.check_output(["mktemp", "-d", os.path.join(folder, "doorbuster-demo.XXXXXX")], text=True).strip()
        path = os.path.join(self.folder, "kubeconfig")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as out:
            out.write(config)
        self.log_path = os.path.join(self.folder, "operator.log")
        self.log = open(self.log_path, "w", encoding="utf-8")
        self.operator = subprocess.Popen(
            [CLUSTER, "run", NAME, "--", OPERATOR, "run", "--kubeconfig", path, "--lease-namespace", "doorbuster-system"],
            stdout=self.log, stderr=subprocess.STDOUT)
        print(f"demo: the operator runs, its log is {self.log_path}")

    def run(self):
        before = fields_of(look())
        start = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=48)
        end = start + datetime.timedelta(minutes=self.options.minutes)
        kubectl("apply", "-f", "-", data=event_manifest(start, end))
        peak, screen, loaded = dict(before), Screen(), None
        give_up = end + datetime.timedelta(minutes=5)
        while True:
            now = datetime.datetime.now(datetime.timezone.utc)
            phase = 1.0 if start <= now < end else 0.0
            if phase != loaded:
                self.set_load(phase)
                loaded = phase
            objects = look()
            current = fields_of(objects)
            for name, value in current.items():
                peak[name] = max(peak[name], value)
            screen.show(*table(objects, before, start, end, now))
            done = objects["sale"].get("status", {}).get("phase") in ("Completed", "Failed")
            if done or now > give_up or self.operator.poll() is not None:
                break
            time.sleep(0.7)
        if self.operator.poll() is not None:
            print(f"demo: the operator ended by itself, see {self.log_path}")
        objects = look()
        return verdict(before, peak, fields_of(objects), objects)

    def clean(self):
        if self.options.keep:
            print(f"\nLeft running (--keep). Look around with: hack/cluster run {NAME} -- kubectl get saleevents -A\n"
                  f"End it with: hack/cluster down {NAME}")
            return
        if self.operator and self.operator.poll() is None:
            self.operator.send_signal(signal.SIGTERM)
            try:
                self.operator.wait(10)
            except subprocess.TimeoutExpired:
                self.operator.kill()
        subprocess.run([CLUSTER, "down", NAME], stdout=subprocess.DEVNULL, check=False)
        if getattr(self, "folder", None) and self.good:
            shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="hack/demo")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--minutes", type=float, default=1)
    demo = Demo(parser.parse_args())
    demo.good = False
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        demo.prepare()
        demo.good = demo.run()
    except KeyboardInterrupt:
        print("\ndemo: interrupted")
        return 130
    except (RuntimeError, subprocess.CalledProcessError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    finally:
        demo.clean()
    return 0 if demo.good else 1


if __name__ == "__main__":
    sys.exit(main())
