"""Third-party CRDs out of pinned Go modules (crds/table.tsv), made ready for a server without webhooks."""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import subprocess
import tempfile
import time

from . import api, paths

TABLE = paths.RIG / "crds" / "table.tsv"
ESTABLISH_SECONDS = 30


@dataclasses.dataclass(frozen=True)
class Source:
    name: str
    module: str
    version: str
    sum: str
    files: tuple


def table():
    sources = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, module, checksum, files = line.split("\t")
            path, _, version = module.partition("@")
            sources[name] = Source(name, path, version, checksum, tuple(files.split(",")))
    return sources


def download(source, go):
    """The module's folder in the module cache, its checksum compared with the table's."""
    with tempfile.TemporaryDirectory() as scratch:
        (pathlib.Path(scratch) / "go.mod").write_text("module doorbuster.dev/hack/crds\n\ngo 1.26.0\n")
        environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
        done = subprocess.run([go, "mod", "download", "-json", f"{source.module}@{source.version}"],
                              cwd=scratch, env=environment, capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout) if done.stdout.strip() else {}
    if done.returncode != 0:
        raise paths.Refusal(f"{source.module}@{source.version}: {answer.get('Error') or done.stderr.strip()}")
    if answer["Sum"] != source.sum:
        raise paths.Refusal(f"{source.module}@{source.version} has checksum {answer['Sum']}, "
                            f"pinned is {source.sum}")
    return pathlib.Path(answer["Dir"])


def definitions_in(folder, patterns):
    """All CRDs in the named files, without conversion webhooks, which nothing here would answer."""
    found = {}
    for pattern in patterns:
        files = sorted(folder.glob(pattern))
        if not files:
            raise paths.Refusal(f"no file matches {pattern} in {folder}")
        for file in files:
            for document in api.documents(file.read_text(encoding="utf-8")):
                if document.get("kind") == "CustomResourceDefinition":
                    if document["spec"].get("conversion", {}).get("strategy") == "Webhook":
                        del document["spec"]["conversion"]
                    document.pop("status", None)
                    found[document["metadata"]["name"]] = document
    return [found[name] for name in sorted(found)]


def load(name):
    """The CRDs of one row of the table. Kept as JSON in the user's cache, as the YAML takes seconds to read."""
    sources = table()
    if name not in sources:
        raise paths.Refusal(f"no CRDs are known as {name!r}; known are {', '.join(sources)}")
    source = sources[name]
    kept = paths.cache_dir() / "crds" / f"{name}-{source.version.replace('/', '_')}.json"
    if kept.exists():
        document = json.loads(kept.read_text(encoding="utf-8"))
        if (document["sum"], document["files"]) == (source.sum, list(source.files)):
            return document["definitions"]
    go = subprocess.run([paths.SETUP_COMMAND, "--quiet", "go"], stdout=subprocess.PIPE, text=True, check=True)
    definitions = definitions_in(download(source, go.stdout.strip()), source.files)
    kept.parent.mkdir(parents=True, exist_ok=True)
    paths.write_atomically(kept, json.dumps(
        {"sum": source.sum, "files": source.files, "definitions": definitions}), 0o644)
    return definitions


def select(wanted):
    """CRDs for a list of "NAME" or "NAME/PLURAL"; the latter keeps a cluster with few kinds quick."""
    chosen = []
    for item in wanted:
        name, _, plural = item.partition("/")
        definitions = load(name)
        if plural:
            definitions = [d for d in definitions if d["spec"]["names"]["plural"] == plural]
            if not definitions:
                raise paths.Refusal(f"{name} has no CRD with the plural {plural!r}")
        chosen += definitions
    return chosen


def install(client, definitions):
    """Applies CRDs and returns when the server serves them all."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(client.apply, definitions))
    deadline = time.monotonic() + ESTABLISH_SECONDS
    for definition in definitions:
        while not _established(client.get(api.path_of(definition))):
            if time.monotonic() > deadline:
                raise paths.Refusal(f"{definition['metadata']['name']} was not established")
            time.sleep(0.05)


def _established(definition):
    conditions = definition.get("status", {}).get("conditions") or []
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)


