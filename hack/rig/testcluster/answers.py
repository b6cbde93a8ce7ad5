"""Answers to requests sent at a constant rate, as hack/rig/load keeps them: one line each."""

import dataclasses
import datetime
import json
import typing


@dataclasses.dataclass(frozen=True)
class Answer:
    """When it was asked for (seconds since 1970), how long it took, and what came: status 0 and why when nothing did."""
    sent: float
    milliseconds: float
    status: int
    version: str
    error: str

    def line(self):
        return f"{self.sent:.6f}\t{self.milliseconds:.3f}\t{self.status}\t{self.version}\t{self.error}"


HEADING = "sent\tmilliseconds\tstatus\tversion\terror"


def of_vegeta(text, version_header):
    """One line of `vegeta encode --to json`. An error of HTTP is its status; only what brought no answer is told in words."""
    hit = json.loads(text)
    version = next(iter((hit["headers"] or {}).get(version_header) or []), "-")
    sent = datetime.datetime.fromisoformat(hit["timestamp"])
    error = "" if hit["code"] else " ".join(hit["error"].split())
    return Answer(sent.timestamp(), hit["latency"] / 1e6, hit["code"], version, error or "-")


def of_line(line):
    """As Answer.line() wrote it."""
    sent, milliseconds, status, version, error = line.rstrip("\n").split("\t")
    return Answer(float(sent), float(milliseconds), int(status), version, error)


def read(path) -> typing.List[Answer]:
    """Those of a file that hack/rig/load has written, in the order in which they were asked for."""
    found = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.rstrip("\n") != HEADING:
                found.append(of_line(line))
    return sorted(found, key=lambda answer: answer.sent)


def counts(answers):
    """{(version, status): how many}"""
    found = {}
    for answer in answers:
        found[answer.version, answer.status] = found.get((answer.version, answer.status), 0) + 1
    return dict(sorted(found.items()))


def percentile(answers, share):
    times = sorted(answer.milliseconds for answer in answers)
    return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


def summary(answers):
    """Lines for people."""
    if not answers:
        return ["no answers"]
    # A generator that cannot keep up shows here.
    seconds = max(answer.sent for answer in answers) - min(answer.sent for answer in answers)
    lines = [f"{len(answers)} requests in {seconds:.1f} s, "
             f"{(len(answers) - 1) / seconds if seconds else 0:.1f} a second"]
    for (version, status), count in counts(answers).items():
        what = f"status {status}" if status else "no answer"
        lines.append(f"  version {version}, {what}: {count} ({100 * count / len(answers):.2f} %)")
    shares = ", ".join(f"{name} {percentile(answers, share):.1f}"
                       for name, share in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)])
    return [*lines, f"  milliseconds: {shares}"]
