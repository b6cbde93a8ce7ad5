"""Processes known by pid and start time, so that a pid used again is never taken for ours."""

import os
import signal
import time


def start_time(pid):
    """Clock ticks from boot to the start of a process (field 22 of proc(5) stat), None if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def is_alive(record):
    """Whether the process of a record {"pid": …, "start_time": …} still runs."""
    return bool(record and record.get("pid") and record.get("start_time") is not None
                and start_time(record["pid"]) == record["start_time"])


def send(record, number):
    if not is_alive(record):
        return
    try:
        os.kill(record["pid"], number)
    except ProcessLookupError:
        pass


def end(record, grace_seconds):
    """Asks a process to end, and makes it end after the grace. Returns when it is gone."""
    if not is_alive(record):
        return
    send(record, signal.SIGCONT)
    send(record, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while is_alive(record) and time.monotonic() < deadline:
        time.sleep(0.02)
    send(record, signal.SIGKILL)
    while is_alive(record) and time.monotonic() < deadline + 5:
        time.sleep(0.02)


def resident_mib(pid):
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // (1 << 20)
    except (FileNotFoundError, ProcessLookupError):
        return 0
