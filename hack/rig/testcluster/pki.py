"""Certificates and kubeconfigs of one cluster: two authorities of its own, everything verified."""

import base64
import concurrent.futures
import json
import subprocess

DAYS = "3650"
# Client certificates: file name -> (common name, organisation). The name is the user in the audit log.
CLIENTS = {
    "admin": ("rig:admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", None),
    "kube-scheduler": ("system:kube-scheduler", None),
    "kwok": ("rig:kwok", None),
    "metrics-server": ("rig:metrics-server", None),
    "load": ("rig:load", None),
    "node-agent": ("rig:node-agent", None),
    "envoy-gateway": ("rig:envoy-gateway", None),
    "prometheus": ("rig:prometheus", None),
    # The API server's own client certificate towards the kubelets that kwok plays.
    "kubelet-client": ("system:kube-apiserver-kubelet-client", "system:masters"),
}
SERVERS = {
    "apiserver": "IP:127.0.0.1,IP:10.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,"
                 "DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local",
    "kubelet": "IP:127.0.0.1,DNS:localhost",
    # The aggregator asks for the service's name, wherever the service leads.
    "metrics-server-serving": "IP:127.0.0.1,DNS:localhost,DNS:metrics-server.kube-system.svc",
}
SERVER_URL = "https://127.0.0.1:6443"


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()}")


def _authority(folder, name):
    _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", DAYS,
             "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt", "-subj", f"/CN=doorbuster-rig-{name}",
             "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature")


def _certificate(folder, authority, name, subject, extensions):
    request = folder / f"{name}.csr"
    _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / f"{name}.key",
             "-out", request, "-subj", subject)
    settings = folder / f"{name}.ext"
    settings.write_text("basicConstraints=critical,CA:FALSE\n" + extensions, encoding="ascii")
    _openssl("x509", "-req", "-in", request, "-CA", folder / f"{authority}.crt", "-CAkey", folder / f"{authority}.key",
             "-days", DAYS, "-extfile", settings, "-out", folder / f"{name}.crt")
    request.unlink()
    settings.unlink()


def make(folder):
    """Writes all keys and certificates into a new folder."""
    folder.mkdir(mode=0o700)
    client = "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        service_account = pool.submit(_openssl, "genrsa", "-out", folder / "service-account.key", "2048")
        list(pool.map(lambda name: _authority(folder, name), ["ca", "front-proxy-ca"]))
        work = [service_account]
        for name, (user, group) in CLIENTS.items():
            subject = f"/CN={user}" + (f"/O={group}" if group else "")
            work.append(pool.submit(_certificate, folder, "ca", name, subject, client))
        for name, names in SERVERS.items():
            extensions = f"keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName={names}\n"
            work.append(pool.submit(_certificate, folder, "ca", name, f"/CN={name}", extensions))
        work.append(pool.submit(_certificate, folder, "front-proxy-ca", "front-proxy-client",
                                "/CN=front-proxy-client", client))
        for item in work:
            item.result()


def _inline(path):
    return base64.b64encode(path.read_bytes()).decode("ascii")


def kubeconfig(folder, user_name, user, namespace="default"):
    """A kubeconfig as JSON, which is YAML; `user` holds its credential fields."""
    cluster = {"server": SERVER_URL, "certificate-authority-data": _inline(folder / "ca.crt")}
    context = {"cluster": "rig", "user": user_name, "namespace": namespace}
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "rig",
        "clusters": [{"name": "rig", "cluster": cluster}],
        "users": [{"name": user_name, "user": user}],
        "contexts": [{"name": "rig", "context": context}],
    }, indent=1) + "\n"


def client_kubeconfig(folder, name):
    user = {"client-certificate-data": _inline(folder / f"{name}.crt"),
            "client-key-data": _inline(folder / f"{name}.key")}
    return kubeconfig(folder, CLIENTS[name][0], user)


def ca_bundle(folder):
    return _inline(folder / "ca.crt")
