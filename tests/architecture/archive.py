#!/usr/bin/env python3
"""Fails when what `git archive` packs would build as another version than the commit it was made from."""
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(sys.argv[1])


def git(*words):
    return subprocess.run(["git", "-C", ROOT, *words], check=True, capture_output=True, text=True).stdout.strip()


def said_by(source, out):
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    subprocess.run(["cmake", f"-DSOURCE={source}", f"-DOUT={out}", "-P", ROOT / "hack/cmake/version.cmake"], check=True, env=environment)
    lines = [line.split(maxsplit=2) for line in out.read_text().splitlines()]
    return {name.removeprefix("DOORBUSTER_"): value.strip('"') for _, name, value in lines}


def main():
    if not (ROOT / ".git").exists():
        print("no checkout: this is an archive")
        return
    with tempfile.TemporaryDirectory(prefix="doorbuster-archive.") as folder:
        folder = pathlib.Path(folder)
        source, bare = folder / "source", folder / "bare"
        with subprocess.Popen(["git", "-C", ROOT, "archive", "HEAD"], stdout=subprocess.PIPE) as archive:
            with tarfile.open(fileobj=archive.stdout, mode="r|") as packed:
                packed.extractall(source)
        assert archive.returncode == 0
        seen = said_by(source, folder / "of-archive")
        described = git("describe", "--tags", "--always", "--abbrev=12").removeprefix("v")
        wanted = described if "." in described else f"0.1.0-dev+{described}"
        assert seen == {"VERSION": wanted, "COMMIT": git("rev-parse", "HEAD"), "SOURCE_EPOCH": git("log", "-1", "--format=%ct")}, seen
        # A copy of the folder without git is no archive: it knows nothing, and says so.
        bare.mkdir()
        (bare / "VERSION").write_text((ROOT / "VERSION").read_text())
        assert said_by(bare, folder / "of-copy") == {"VERSION": "0.0.0-unknown", "COMMIT": "unknown", "SOURCE_EPOCH": "0"}
    print("an archive says of which commit it is")


if __name__ == "__main__":
    main()
