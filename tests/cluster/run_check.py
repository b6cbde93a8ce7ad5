#!/usr/bin/env python3
"""The rules of run.py itself, without a cluster: what is tried again, and what never is."""

import run
from api import TimedOut, must_become, wait_for
from harness import NotThere


class NoCluster:
    def delete(self, *_):
        pass


def outcome(*tries):
    """Of a test that ends like this, try after try; and how often it was tried."""
    left = list(tries)

    def test(_api, _ns):
        problem = left.pop(0)
        if problem:
            raise problem

    return run.Outcome("m.test_it", test, NoCluster()), len(tries) - len(left)


def main():
    passed, count = outcome(None)
    assert (passed.problem, passed.again, count) == (None, None, 1)
    slow, count = outcome(TimedOut("late"), None)
    assert slow.problem is None and slow.again and count == 2, "a time-out is tried again, and remembered"
    slower, count = outcome(TimedOut("late"), TimedOut("later"), None)
    assert slower.problem and count == 2, "once"
    for wrong in (AssertionError("a lost baseline"), KeyError("x"), NotThere("no such write")):
        failed, count = outcome(wrong, None)
        assert failed.problem is wrong and not failed.again and count == 1, f"{wrong!r} is not tried again"
    then_wrong, count = outcome(TimedOut("late"), AssertionError("a lost baseline"))
    assert then_wrong.problem and count == 2
    for wait, kind in ((wait_for, TimedOut), (must_become, AssertionError)):
        try:
            wait("never", lambda: False, 0.01)
        except AssertionError as error:
            assert type(error) is kind, (wait, type(error))
        else:
            raise AssertionError("it waited for nothing")
    print("a time-out is tried again once, a wrong value never")


if __name__ == "__main__":
    main()
