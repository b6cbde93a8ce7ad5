#!/usr/bin/env python3
"""Installs the component `operator` into an empty folder: these files and no others, each as in the sources, and the
program runs from there.

    installed.py --cmake CMAKE --build FOLDER --source FOLDER
"""
import argparse
import os
import pathlib
import subprocess
import tempfile

# Installed file or folder: the source that it is a copy of. Links of README.md lead to docs/ beside it.
COPIES = {
    "share/doorbuster/crds/doorbuster.dev_saleevents.yaml": "crds/doorbuster.dev_saleevents.yaml",
    "share/doorbuster/crds/doorbuster.dev_saleschedules.yaml": "crds/doorbuster.dev_saleschedules.yaml",
    "share/doorbuster/crds/doorbuster.dev_saleactions.yaml": "crds/doorbuster.dev_saleactions.yaml",
    "share/doorbuster/manifests": "charts/manifests",
    "share/doc/doorbuster/README.md": "README.md",
    "share/doc/doorbuster/copyright": "LICENSE",
    "share/doc/doorbuster/docs": "docs",
    "share/doc/doorbuster/examples": "crds/examples",
}


def copied_files(source):
    """Installed name -> source of every file."""
    files = {}
    for name, start in COPIES.items():
        found = [path for path in [source / start, *(source / start).rglob("*")] if path.is_file()]
        files |= {os.path.normpath(os.path.join(name, path.relative_to(source / start))): path for path in found}
    return files


def check(args, stage):
    subprocess.run([args.cmake, "--install", args.build, "--component", "operator", "--prefix", "/usr"],
                   env={**os.environ, "DESTDIR": str(stage)}, check=True, stdout=subprocess.DEVNULL)
    prefix = stage / "usr"
    installed = {str(path.relative_to(stage)) for path in stage.rglob("*") if not path.is_dir()}
    copies = copied_files(args.source)
    expected = {"usr/bin/doorbuster"} | {f"usr/{name}" for name in copies}
    if installed != expected:
        raise SystemExit(f"missing: {sorted(expected - installed)}, too many: {sorted(installed - expected)}")
    for name, source in copies.items():
        if (prefix / name).read_bytes() != source.read_bytes():
            raise SystemExit(f"{name} is not {source}")
    said = subprocess.run([prefix / "bin/doorbuster", "version"], env={}, cwd="/", check=True, capture_output=True, text=True)
    if not said.stdout.startswith("doorbuster ") or said.stderr:
        raise SystemExit(f"doorbuster version said {said}")
    print(f"{len(installed)} files; {said.stdout.splitlines()[0]}")


def main():
    parser = argparse.ArgumentParser()
    for option in ("--cmake", "--build", "--source"):
        parser.add_argument(option, required=True, type=pathlib.Path if option == "--source" else str)
    with tempfile.TemporaryDirectory() as stage:
        check(parser.parse_args(), pathlib.Path(stage))


if __name__ == "__main__":
    main()
