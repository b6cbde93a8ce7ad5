"""Draws what bench_curves found, and makes its page: curves.py RESULT SVG PAGE.

The same RESULT gives the same bytes. Needs Debian's python3-matplotlib (hack/setup curves).
"""

import json
import math
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "doorbuster", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 9})

from matplotlib import pyplot  # noqa: E402  (after the backend has been chosen)
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator  # noqa: E402

LEVEL = 5           # per cent: what the test is told
ANALYSES = {        # name: in a legend, in a table, colour (Okabe and Ito's), dashes, width
    "sequential": ("sequential test", "sequential test", "#0072B2", "-", 2.4),
    "sequential-tolerant": ("sequential test, twice tolerated", "twice tolerated", "#56B4E9", "--", 1.8),
    "one-look": ("test for one look, at every scrape", "test for one look", "#000000", ":", 1.6),
    "flagger": ("Flagger's example", "Flagger", "#E69F00", "-", 1.5),
    "argo": ("Argo Rollouts' example", "Argo Rollouts", "#D55E00", "-.", 1.5),
    "argo-strict": ("99 % a minute, first failure", "99 %, first failure", "#CC79A7", "-", 1.5),
    "check": ("above 1 % for two minutes", "1 % for 2m", "#009E73", "--", 1.5),
}
SEQUENTIAL = ("sequential", "sequential-tolerant", "sequential-quarter")
PROCESSES = {
    "independent": "independent of each other",
    "outages": "both sides twenty times as often for a minute, once in half an hour",
    "both-vary": "the rate of both sides is drawn anew every minute (spread 100 %)",
    "each-varies-little": "the rate of each side is drawn anew every scrape (spread 50 %)",
    "each-varies": "the same with spread 100 %",
    "each-varies-long": "the rate of each side is drawn anew every minute (spread 50 %)",
    "clumps": "in clumps of three on average, as when clients try again",
    "bursts-daily": "a pod of either side fails half of its requests for 30 s, each of them once a day",
    "bursts": "the same, each of them once in two hours",
}
STEPS = {
    "anew": "four steps of 15 minutes (5, 10, 25, 50 %), counts begin anew at each",
    "load-anew": "5 %, then 50 %, where both sides have 1.5 times the errors; counts begin anew",
    "load-carried": "the same, counts carried over",
}
VALUES = {
    "independent": "no slower",
    "both-vary": "no slower; the median of both sides moves by 10 % every scrape",
    "each-varies": "no slower; the median of each side moves by 10 % every scrape",
}


def panels():
    """What is drawn: title, world. A world is group, name, rate, share, times of stable's errors."""
    false = [
        ("independent errors, 0.5 %", ("rates", "independent", 0.5, 5, 1)),
        ("independent errors, 0.9 %", ("rates", "independent", 0.9, 50, 1)),
        ("outages of both sides", ("processes", "outages", 0.5, 5, 1)),
        ("rates that vary, each by itself", ("processes", "each-varies-little", 0.5, 50, 1)),
        ("errors in clumps of three", ("processes", "clumps", 0.5, 5, 1)),
        ("bursts of single pods", ("processes", "bursts", 0.5, 50, 1)),
    ]
    found = [(f"{times:g} times the errors", ("worse", "times", 0.5, 5, times)) for times in (1.5, 2, 3, 5, 10)]
    return false, found + [("5 % errors, stable 0.1 %", ("worse", "absolute", 0.1, 5, 50))]


class Result:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.data = json.load(file)
        self.scrape = self.data["scrape_seconds"]
        self.hour = self.data["looks"] * self.scrape

    def world(self, key):
        group, name, rate, share, times = key
        wanted = (group, name, round(rate * 10_000), share, round(times * 100))
        return next(one for one in self.data["errors"] if
                    (one["group"], one["name"], one["rate_ppm"], one["share_percent"], one["worse_percent"]) == wanted)

    def group(self, group):
        return [one for one in self.data["errors"] if one["group"] == group]

    def alarmed(self, world, analysis, seconds=math.inf):
        """Per cent of the releases that it has rolled back by then."""
        looks = min(self.data["looks"], int(min(seconds, self.hour) // self.scrape))
        return 100 * sum(world["first"][analysis][:looks]) / world["releases"]

    def median(self, world, analysis):
        """Seconds until half of the releases are rolled back; nothing if that is never."""
        seen = 0
        for look, count in enumerate(world["first"][analysis], 1):
            seen += count
            if 2 * seen >= world["releases"]:
                return look * self.scrape
        return None


def clock(seconds, _=None):
    if seconds < 60:
        return f"{seconds:.0f}s" if seconds else "0"
    return f"{seconds / 60:.0f}m" if seconds < 3600 else f"{seconds / 3600:.0f}h"


def corners(times, values):
    """The same line without the points in the middle of its level parts."""
    last = len(values) - 1
    kept = [i for i in range(last + 1) if i in (0, last) or not values[i - 1] == values[i] == values[i + 1]]
    return [times[i] for i in kept], [values[i] for i in kept]


def draw_panel(axes, result, title, key, times, **line):
    world = result.world(key)
    for name, (label, _, colour, dashes, width) in ANALYSES.items():
        axes.plot(*corners(times, [result.alarmed(world, name, one) for one in times]), label=label, color=colour, linestyle=dashes,
                  linewidth=width, clip_on=False, zorder=3 if name == "sequential" else 2, **line)
    axes.set_title(title, fontsize=9)
    axes.set_ylim(0, 100)
    axes.set_xlim(times[0], times[-1])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f} %"))
    axes.xaxis.set_major_formatter(FuncFormatter(clock))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def draw(result, path):
    false, found = panels()
    figure = pyplot.figure(figsize=(10, 11), facecolor="white")
    sides = {"nrows": 2, "ncols": 3, "left": 0.06, "right": 0.975, "wspace": 0.24}
    upper = figure.add_gridspec(top=0.84, bottom=0.485, hspace=0.5, **sides).subplots()
    lower = figure.add_gridspec(top=0.375, bottom=0.03, hspace=0.38, **sides).subplots()
    linear = list(range(0, result.hour + 1, 60))
    steps = 90
    logarithmic = sorted({result.scrape * round((result.hour / result.scrape) ** (i / steps)) for i in range(steps + 1)})
    for axes, (title, key) in zip(upper.flat, false):
        draw_panel(axes, result, f"{title}\ncandidate has {key[3]} % of the traffic", key, linear)
        axes.axhline(LEVEL, color="#666666", linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        axes.xaxis.set_major_locator(FixedLocator(range(0, result.hour + 1, 900)))
    for axes, (title, key) in zip(lower.flat, found):
        axes.set_xscale("log")
        draw_panel(axes, result, title, key, logarithmic, drawstyle="steps-post")
        axes.xaxis.set_major_locator(FixedLocator([5, 15, 60, 300, 900, 3600]))
        axes.xaxis.set_minor_locator(NullLocator())
    handles, labels = upper[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", bbox_to_anchor=(0.5, 0.998), ncol=3, frameon=False, handlelength=3.2)
    heading = {"x": 0.015, "fontsize": 11, "fontweight": "bold", "horizontalalignment": "left"}
    figure.text(y=0.895, s="Rolled back though no worse than stable, by time since the step began (thin: the 5 % that the test is told)", **heading)
    figure.text(y=0.415, s="Worse candidates found, by time (stable has 0.5 % errors or as said, the candidate 5 % of the traffic)", **heading)
    figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None, "Creator": None})


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def table(head, rows):
    return row(*head) + row(*["---"] * len(head)) + "".join(row(*one) for one in rows) + "\n"


def percent(value):
    if 0 < value < 0.05:
        return "< 0.1 %"
    return f"{value:.1f} %" if 0 < value < 99.95 else f"{value:.0f} %"


def chance(rate, releases):
    """By how much a rate of so many releases may be off, 19 times of 20 (all in per cent)."""
    return 1.96 * math.sqrt(rate * (100 - rate) / releases)


def over(rate, releases):
    """A rate of a test that was told not to exceed LEVEL."""
    return f"**{percent(rate)}**" if rate - chance(LEVEL, releases) > LEVEL else percent(rate)


def duration(seconds):
    if seconds is None:
        return "never"
    return f"{seconds} s" if seconds < 120 else f"{seconds / 60:.1f} min".replace(".0 ", " ")


def false_cells(result, world, names=tuple(ANALYSES)):
    rates = [result.alarmed(world, name) for name in names]
    return [over(rate, world["releases"]) if name in SEQUENTIAL else percent(rate) for name, rate in zip(names, rates)]


def short(names=tuple(ANALYSES)):
    return [ANALYSES[name][1] for name in names]


INTRODUCTION = """# What the tests of an analysis get wrong, and when

Written by `hack/bench --curves`; do not edit. Seed {seed}; the same program writes the same page.

The sequential test (`worse_errors` in `controllers/planner/statistics.h`) compares a candidate's errors with stable's and may be looked at as
often as one likes. Told 5 %, it rolls back at most 5 % of the releases that are no worse, **as long as errors come independently of each
other**, at a rate that may change for both sides alike, and for one count, from the beginning of a step to its end. Else it rolls back more of
them; the tables say how many.

![curves](../false-alarms.svg)

Releases are made up (`bench/releases.h`): 500 requests a second on {pods} pods, a scrape every {scrape} s, all of an hour, and every analysis is asked at
every scrape. {releases:,} releases a row where the candidate is no worse, {fewer:,} where it is worse: a rate near 5 % is right to within {error:.1f} points.

| column | rolls back |
|---|---|
| sequential test | p at most 0.05, at any scrape |
| twice tolerated | the same test; no worse is who has at most twice stable's errors |
| test for one look | an ordinary test at 5 % (binomial, normal approximation, from ten errors on), at any scrape: what peeking costs |
| Flagger | its [documented example](https://github.com/fluxcd/flagger/blob/main/docs/gitbook/usage/how-it-works.md): success below 99 % over 1m, every minute; at the run after ten failures in all |
| Argo Rollouts | its [documented example](https://github.com/argoproj/argo-rollouts/blob/master/docs/features/analysis.md): success below 95 % by `irate` (two scrapes), every 5m; `failureLimit: 3`, so at the fourth failure |
| 99 %, first failure | Flagger's limit with Argo's default `failureLimit` of 0, every minute |
| 1 % for 2m | `bad: {{above: "0.01", for: 2m}}` of [checks](checks.md), over 1m |

All but the first three look at the candidate alone. Flagger and Argo would end their analysis with the last step, often before an hour is over.

"""


def introduction(result):
    releases = result.group("rates")[0]["releases"]
    return INTRODUCTION.format(seed=result.data["seed"], pods=result.data["pods"], scrape=result.scrape, releases=releases,
                               fewer=result.group("worse")[0]["releases"], error=chance(LEVEL, releases))


def false_alarms(result):
    text = "## False alarms\n\nReleases that are no worse than stable and are rolled back within the hour. Bold: more than the test was told, by\nmore than the number of releases leaves to chance.\n\n"
    text += "Errors independent of each other:\n\n"
    text += table(["stable's errors", "candidate's share", *short()], [
        [f"{one['rate_ppm'] / 10_000:g} %", f"{one['share_percent']} %", *false_cells(result, one)] for one in result.group("rates")])
    text += ("A fixed limit depends on where the usual rate lies: far below it nothing happens, near it or above it every release goes back.\n\n"
             "Errors of 0.5 % that come otherwise (bursts are besides):\n\n")
    text += table(["errors come", "candidate's share", *short()], [
        [PROCESSES[one["name"]], f"{one['share_percent']} %", *false_cells(result, one)] for one in result.group("processes")])
    return text


KEPT = """In plain words:

- What hits both sides alike does not matter to the test: it asks only whose errors they are. It is what fixed limits trip over.
- What hits one side by chance does: {worst} of harmless releases went back at the worst of these. Rates that differ from scrape to scrape by
  themselves, clients that try again, a pod that fails now and then: the test takes ten errors with one cause for ten proofs.
- A larger share for the candidate makes that worse: there is more to take for proof.
- To tolerate twice stable's errors helps where rates vary or errors clump ({tolerant} at the worst), and does not find what is less than twice
  as bad. Where single pods fail in bursts it is not enough ({bursts}): there let a person decide (`onFailure: Pause`), or a check
  with `for`.

"""


def kept(result):
    def worst(name, bursts):
        return percent(max(result.alarmed(one, name) for one in result.group("processes") if bursts or not one["name"].startswith("bursts")))

    return KEPT.format(worst=worst("sequential", True), tolerant=worst("sequential-tolerant", False), bursts=worst("sequential-tolerant", True))


def steps(result):
    names = ("sequential", "sequential-quarter", "sequential-tolerant", "one-look")
    head = ["independent errors", "stable's errors", "sequential test", "the same told 1.25 %", *short(names[2:])]
    text = ("## Steps\n\nThe 5 % are of one count. Where each step begins a new one, the chances of the steps add up: give each of n steps an n-th part of it.\n"
            "Counts must not be carried over a change of share while errors change for both: then the share decides, and not the candidate.\n\n")
    return text + table(head, [[STEPS[one["name"]], f"{one['rate_ppm'] / 10_000:g} %", *false_cells(result, one, names)] for one in result.group("steps")])


def detection(result):
    text = ("## Detection\n\nWorse candidates that are rolled back within the hour, and after what time half of them are. Errors independent of each other,\n"
            "stable has 0.5 %, in the last rows 0.1 %. (5 % is just where the limit of Argo Rollouts' example lies.)\n\n")
    rows = []
    for one in sorted(result.group("worse"), key=lambda world: (world["name"] != "times", world["worse_percent"], world["share_percent"])):
        what = f"{one['worse_percent'] / 100:g} times" if one["name"] == "times" else "5 % of its requests"
        rows.append([what, f"{one['share_percent']} %", *(
            f"{percent(result.alarmed(one, name))}, {duration(result.median(one, name))}" for name in ANALYSES)])
    return text + table(["candidate's errors", "share", *short()], rows)


def values(result):
    text = ("## Latencies\n\n`higher_values` (Mann and Whitney) on Prometheus' default buckets, lognormal latencies, 5 %. It is a test for one look, here after five\n"
            "minutes; at every scrape of an hour it has the false alarms that peeking has. With hundreds of thousands of values any difference is\n"
            "significant: the limit of 0.55 on `superiority` (the chance that a value of the candidate is the higher one) decides, not p.\n\n")
    rows = []
    for one in result.data["values"]:
        what = VALUES[one["name"]] if one["name"] in VALUES else f"{one['slower_percent'] - 100} % slower"
        no_worse = one["name"] in VALUES
        rates = [100 * one[name] / one["releases"] for name in ("at_one_look", "at_any_look", "at_one_look_limited", "at_any_look_limited")]
        rows.append([what, f"{one['share_percent']} %", *(over(rate, one["releases"]) if no_worse else percent(rate) for rate in rates)])
    return text + table(["candidate", "share", "one look", "at any scrape", "one look, 0.55", "at any scrape after five minutes, 0.55"], rows)


def main():
    result = Result(sys.argv[1])
    draw(result, sys.argv[2])
    page = introduction(result) + false_alarms(result) + kept(result) + steps(result) + detection(result) + values(result)
    with open(sys.argv[3], "w", encoding="utf-8") as file:
        file.write(page.rstrip("\n") + "\n")


if __name__ == "__main__":
    main()
