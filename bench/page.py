"""What the sections of docs/performance.md are made with."""

import datetime
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def verdict(value, aim):
    return "met" if value <= aim else "**MISSED**"


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def table(head, rows):
    return row(*head) + row(*["---"] * len(head)) + "".join(row(*one) for one in rows) + "\n"


def quantile(ordered, percent):
    """The smallest value with at least that share of all at or below it."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def commit():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def today():
    return datetime.date.today().isoformat()


def with_section(page, head, text):
    """A page with the section that begins with this head made anew, or put at its end; one that is made of nothing stays as it is."""
    if not text:
        return page
    before, found, after = page.partition("\n" + head)
    later = after.find("\n## ") if found else -1
    rest = "\n" + after[later:].lstrip("\n") if later >= 0 else ""
    return before.rstrip("\n") + "\n\n" + text.strip("\n") + "\n" + rest


def section(page, head):
    """What a page has under this head already, or nothing."""
    _, found, after = page.partition("\n" + head)
    return found.lstrip("\n") + after.split("\n## ")[0] if found else ""
