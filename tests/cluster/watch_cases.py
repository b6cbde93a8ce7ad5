"""`kubectl-sale watch`, `wait`, `list` and `status` of a sale of a real cluster; the screen on a terminal of its own."""

import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import termios
import threading

from harness import SALE, Shop, kubectl_sale, wait_for

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *arguments, columns=100, rows=40, **environment):
        self.master, self.slave = os.openpty()
        self.resize(columns, rows)
        self.before, self.written = termios.tcgetattr(self.slave), ""
        # So that the terminal's Ctrl-C and new size go to the program, which setsid becomes.
        self.process = subprocess.Popen(["setsid", "--ctty", SALE, *arguments], stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        env={**os.environ, "TERM": "xterm-256color", **environment})
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            try:
                got = os.read(self.master, 65536)
            except OSError:
                return
            if not got:
                return
            self.written += got.decode(errors="replace")

    def resize(self, columns, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def frame(self):
        """The lines of the last whole redraw, without colours."""
        whole = self.written.rpartition("\x1b[J")[0].rpartition("\x1b[H")[2]
        return [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", one) for one in whole.split("\r\n")]

    def see(self, what, seconds=30):
        return wait_for(f"the screen shows {what}", lambda: any(what in line for line in self.frame()), seconds)

    def press(self, key):
        os.write(self.master, key.encode())

    def end(self):
        """The exit code; everything is as it was before."""
        code = self.process.wait(10)
        wait_for("the last bytes", lambda: self.written.count(LEAVE) == 1, 5)
        after = termios.tcgetattr(self.slave)
        assert after == self.before, (self.before, after)
        tail = self.written.rpartition("\x1b[J")[2]
        assert tail.endswith("\x1b[?7h\x1b[?25h" + LEAVE), repr(tail)
        os.close(self.slave)
        os.close(self.master)
        return code


def test_a_screen_follows_a_sale_and_gives_the_terminal_back(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=10, lasts=12, prepare="4s")
    screen = Terminal("watch", "flash", "-n", ns)
    plain = Terminal("watch", "flash", "-n", ns, "--ascii", NO_COLOR="1")
    screen.see("◷ Scheduled", 15)
    screen.see("Live", 20)
    screen.see("✔ held")
    plain.see("* Live")
    first = screen.frame()
    assert first[0].startswith(f"{ns}/flash   ● Live   mode Live   observed "), first
    assert any(line.startswith("├── ") or line.startswith("└── ") for line in first) and "[q] quit" in first[-1], first
    assert "\x1b[32m" in screen.written and screen.written.count("\x1b[2J") == 1, "cleared once, redrawn in place"
    assert all(ord(c) < 128 for c in plain.written) and "\x1b[3" not in plain.written, plain.frame()
    screen.resize(50, 9)
    wait_for("the new size", lambda: len(screen.frame()) <= 9 and max(map(len, screen.frame())) <= 50, 5)
    plain.press("\x03")
    assert plain.end() == 130
    screen.see("CoolingDown", 40)
    screen.press("q")
    assert screen.end() == 0
    ended = Terminal("watch", "flash", "-n", ns)
    ended.see("flash")
    ended.process.terminate()
    assert ended.end() == 128 + signal.SIGTERM


def test_keys_of_the_screen_roll_a_release_back(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=600, lasts=600, rollouts=[{
        "name": "v2", "target": {"name": "checkout"}, "patch": {"spec": {"priority": 1}}, "start": "manual",
        "strategy": {"canary": {"steps": [{"weight": 10}]}}, "traffic": {"httpRoute": {"name": "shop", "backend": "checkout"}}}])
    screen = Terminal("watch", "flash", "-n", ns, columns=140)
    screen.see("[r] roll back [p] promote [space] pause [q] quit", 20)
    screen.press("r")
    screen.see("Roll back all that it rolls out? [y/N]", 5)
    screen.press("n")
    screen.see("nothing was done", 5)
    assert not api.list("saleactions", ns), "nobody said y"
    screen.press("ry")
    screen.see("saleaction flash-rollback-", 10)
    told = wait_for("the action is answered", lambda: [one for one in api.list("saleactions", ns) if one.get("status", {}).get("completedAt")], 20)
    assert [one["spec"]["action"] for one in told] == ["RollBack"], told
    screen.see("RolledBack", 10)
    screen.press("q")
    assert screen.end() == 0


def test_without_a_terminal_a_change_is_a_line_until_the_sale_is_gone(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=600, lasts=600)
    shop.reach("Scheduled")
    running = subprocess.Popen([SALE, "watch", "flash", "-n", ns], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    assert "flash Scheduled" in running.stdout.readline()
    api.patch("saleevents", ns, "flash", {"spec": {"suspend": True}})
    assert "flash Suspended" in running.stdout.readline()
    api.delete("saleevents", ns, "flash")
    rest, said = running.communicate(timeout=30)
    assert running.returncode == 0 and "it is gone" in said and "\x1b" not in rest, (running.returncode, rest, said)


def test_waiting_ends_with_what_came_of_it(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=8, lasts=9, targets=[shop.target(replicas=4)])
    waiting = [subprocess.Popen([SALE, "wait", "flash", "-n", ns, f"--for={goal}", "--timeout=90s"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
               for goal in ("prepared", "live", "completed", "restored", "condition=Prepared")]
    shop.reach("Live")
    code, out, said = kubectl_sale("wait", "flash", "-n", ns, "--for=completed", "--timeout=1s")
    assert code == 124 and not out and "within 1s" in said, (code, out, said)
    shop.reach("Completed", seconds=60)
    for one in waiting:
        out, said = one.communicate(timeout=30)
        assert one.returncode == 0 and out.startswith("saleevent.doorbuster.dev/flash: "), (one.args, one.returncode, out, said)
        assert said.startswith(f"{ns}/flash "), said
    code, _, said = kubectl_sale("wait", "flash", "-n", ns, "--for=live", "--timeout=0")
    assert code == 10 and "the sale is over" in said, (code, said)
    code, _, said = kubectl_sale("wait", "flash", "-n", ns, "--for=condition=Stalled", "--timeout=0")
    assert code == 124, (code, said)


def test_a_refused_and_an_aborted_sale_are_not_waited_for(api, ns):
    shop = Shop(api, ns)
    shop.sale(begins=600, lasts=600)
    shop.reach("Scheduled")
    with subprocess.Popen([SALE, "wait", "flash", "-n", ns, "--for=live"], stderr=subprocess.PIPE, text=True) as waiting:
        code, _, said = kubectl_sale("abort", "flash", "-n", ns, "--reason", "wrong prices", "-y")
        assert code == 0, said
        said = waiting.communicate(timeout=30)[1]
        assert waiting.returncode == 10 and "the sale is aborted" in said, (waiting.returncode, said)
    for arguments in (["wait", "no-such-sale", "--for=live"], ["watch", "no-such-sale"], ["status", "no-such-sale"]):
        code, out, said = kubectl_sale(*arguments, "-n", ns)
        assert code == 1 and "not found" in said and not out, (arguments, code, out, said)
    code, _, said = kubectl_sale("wait", "flash", "-n", ns, "--for=lively")
    assert code == 2 and "--for must be" in said, (code, said)
    code, _, said = kubectl_sale("status", "flash", "-n", ns, "--operator-lease", "x")
    assert code == 2, (code, said)


def test_sales_are_listed_and_their_state_is_told(api, ns):
    shop = Shop(api, ns)
    code, out, said = kubectl_sale("list", "-n", ns)
    assert (code, out) == (0, "") and f"No SaleEvents in namespace {ns}" in said, (code, out, said)
    shop.sale(begins=6, lasts=600)
    shop.sale(name="later", begins=6000, lasts=600)
    api.patch("saleevents", ns, "later", {"metadata": {"labels": {"team": "till"}}, "spec": {"mode": "DryRun"}})
    shop.reach("Scheduled", name="later")
    shop.reach("Live")
    shop.reach_floor(9)
    wait_for("seen held", lambda: json.loads(kubectl_sale("status", "flash", "-n", ns, "-o", "json")[1])["targets"][0]["state"] == "Held")
    code, out, said = kubectl_sale("list", "-n", ns)
    lines = out.splitlines()
    assert code == 0 and lines[0].split() == ["NAME", "PHASE", "VERDICT", "STARTS", "READY", "AGE"], out
    assert [line.split()[:2] for line in lines[1:]] == [["flash", "Live"], ["later", "Scheduled"]], out
    assert kubectl_sale("list", "-n", ns, "-l", "team=till", "-o", "name")[1] == "saleevent.doorbuster.dev/later\n"
    assert f"{ns} " in kubectl_sale("list", "-A", "--no-headers", "-o", "wide")[1]
    items = json.loads(kubectl_sale("list", "-n", ns, "-o", "json")[1])["items"]
    assert [(one["name"], one["mode"]) for one in items] == [("flash", "Live"), ("later", "DryRun")], items
    code, out, said = kubectl_sale("status", "flash", "-n", ns, "-v")
    assert code == 0 and out.startswith(f"{ns}/flash   ● Live") and "CAPACITY" in out and "HOLDS" in out and "CONDITIONS" in out, (code, out, said)
    assert "\x1b" not in out and "< HorizontalPodAutoscaler checkout" in out and "STALE" not in out, out
    assert re.search(r"checkout +3..10 +9 +9/9 ", out), out
    assert "DRY RUN" in kubectl_sale("status", "later", "-n", ns)[1]
