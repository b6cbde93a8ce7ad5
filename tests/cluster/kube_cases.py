"""The C++ tests of the client and the watches that need a real API server: kube_test, which skips them everywhere else."""

import json
import os
import subprocess
import tempfile

from harness import ROOT

KUBE_TEST = os.environ.get("DOORBUSTER_KUBE_TEST", os.path.join(ROOT, "build/dev/tests/kube_test"))


def run_suite(suite):
    """Every test of one GoogleTest suite; fails where one fails, is skipped, or none is left."""
    with tempfile.TemporaryDirectory(prefix="doorbuster-kube-test.") as folder:
        report = os.path.join(folder, "report.json")
        done = subprocess.run([KUBE_TEST, f"--gtest_filter={suite}.*", f"--gtest_output=json:{report}"], text=True, capture_output=True, timeout=300)
        assert os.path.exists(report), f"{KUBE_TEST} ended with {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        with open(report, encoding="utf-8") as text:
            tests = [one for found in json.load(text)["testsuites"] for one in found["testsuite"]]
    assert len(tests) >= LEAST[suite], f"{suite}: {len(tests)} tests, there were {LEAST[suite]}"
    skipped = [one["name"] for one in tests if one["result"] != "COMPLETED"]
    assert not skipped, f"{suite}: not run: {skipped}"
    assert done.returncode == 0, done.stdout[-8000:]


LEAST = {"RealCluster": 9, "ClusterWatch": 7}


def test_the_client_speaks_with_a_real_api_server(api, ns):
    run_suite("RealCluster")


def test_watches_election_and_events_on_a_real_api_server(api, ns):
    run_suite("ClusterWatch")


# One of its tests compacts etcd and starts the API server anew.
test_watches_election_and_events_on_a_real_api_server.alone = True
