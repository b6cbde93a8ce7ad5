#!/usr/bin/python3
"""Compares planner/statistics with scipy (Debian's python3-scipy) on random tables.

    against_scipy.py PROGRAM

Mann-Whitney with scipy.stats.mannwhitneyu, the sequential ratio with the integral that it stands for, worked out by
scipy.special, and some of them by adding it up. Prints how many were compared and the largest difference.
"""
import math
import random
import subprocess
import sys

import numpy
from scipy import special, stats

TABLES = 1500
CLOSE = 1e-7
SUMMED, SUMMED_EVERY, SUMMED_CLOSE = 400_000, 30, 1e-2
EXPECTED_RATIO, WIDTH = 3.0, 1.0  # of the mixture, as statistics.cpp has them


def error_table(chance):
    candidate = int(10 ** chance.uniform(1, 5))
    stable = int(10 ** chance.uniform(1, 6))
    rate = 10 ** chance.uniform(-4, -0.5)
    worse = chance.choice([0.3, 1, 1, 2, 5])
    errors = numpy.random.default_rng(chance.getrandbits(32))
    return (candidate, int(errors.binomial(candidate, min(1, rate * worse))),
            stable, int(errors.binomial(stable, rate)), chance.choice([1, 1, 1.5, 2]))


def mixture(candidate, stable, tolerated):
    share = tolerated * candidate / (tolerated * candidate + stable)
    return share, WIDTH, WIDTH * (1 - share) / (EXPECTED_RATIO * share)


def evidence(candidate, candidate_errors, stable, stable_errors, tolerated):
    """The logarithm of the mean likelihood ratio over all worse candidates; nothing where scipy has no number for it."""
    share, a, b = mixture(candidate, stable, tolerated)
    above = stats.beta.sf(share, a + candidate_errors, b + stable_errors)
    if above < 1e-290:
        return None
    return (special.betaln(a + candidate_errors, b + stable_errors) - special.betaln(a, b) + math.log(above)
            - stats.beta.logsf(share, a, b) - candidate_errors * math.log(share) - stable_errors * math.log1p(-share))


def evidence_summed(candidate, candidate_errors, stable, stable_errors, tolerated):
    """The same by adding up the likelihood ratios of a great many worse candidates."""
    share, a, b = mixture(candidate, stable, tolerated)
    # Evenly spread over the mixture's own quantiles: each candidate counts as much as another.
    ranks = (numpy.arange(SUMMED) + 0.5) / SUMMED
    q = stats.beta.isf(ranks * stats.beta.sf(share, a, b), a, b)
    q = numpy.clip(q, share, 1 - 1e-16)
    ratios = candidate_errors * numpy.log(q / share) + stable_errors * (numpy.log1p(-q) - math.log1p(-share))
    return float(special.logsumexp(ratios)) - math.log(SUMMED)


def value_table(chance):
    classes = chance.randint(2, 14)
    weights = [chance.random() ** 2 for _ in range(classes)]
    shift = chance.choice([0, 0, 0.2, 0.6])
    counts = []
    for index, weight in enumerate(weights):
        counts.append((int(weight * 10 ** chance.uniform(1, 3) * (1 + shift * index)), int(weight * 10 ** chance.uniform(1, 3))))
    return counts


def ranked(counts):
    candidate, stable = [numpy.repeat(numpy.arange(len(counts)), [pair[side] for pair in counts]) for side in (0, 1)]
    if len(candidate) < 20 or len(stable) < 20:
        return None
    test = stats.mannwhitneyu(candidate, stable, alternative="greater", method="asymptotic", use_continuity=True)
    return float(test.statistic), float(test.pvalue)


def differs(ours, theirs):
    return abs(ours - theirs) / max(1.0, abs(theirs)) if not math.isinf(theirs) else 0.0


def main():
    chance = random.Random(20261126)
    errors = [error_table(chance) for _ in range(TABLES)]
    values = [value_table(chance) for _ in range(TABLES)]
    asked = [" ".join(["errors", *map(str, one)]) for one in errors]
    asked += [" ".join(["values", *(f"{a} {b}" for a, b in one)]) for one in values]
    answers = subprocess.run([sys.argv[1]], input="\n".join(asked) + "\n", capture_output=True, text=True, check=True,
                             timeout=120).stdout.splitlines()
    if len(answers) != len(asked):
        sys.exit(f"{len(asked)} tables, {len(answers)} answers")
    worst, compared, silent, unknown, wrong = 0.0, 0, 0, 0, []
    for line, question, answer in zip(range(len(asked)), asked, answers):
        if line < TABLES:
            made = evidence(*errors[line])
            if made is None:
                unknown += 1
                continue
            theirs = (made,)
        else:
            theirs = ranked(values[line - TABLES])
        if theirs is None or answer == "none":
            silent += 1
            if (theirs is None) != (answer == "none"):
                wrong.append(f"{question}: {answer}, scipy says {theirs}")
            continue
        ours = [float(word) for word in answer.split()][:len(theirs)]
        difference = max(differs(a, b) for a, b in zip(ours, theirs))
        worst, compared = max(worst, difference), compared + 1
        if difference > CLOSE:
            wrong.append(f"{question}: {answer}, scipy says {theirs}")
    summed = [(answer, evidence_summed(*one)) for one, answer in list(zip(errors, answers))[::SUMMED_EVERY]]
    for answer, theirs in summed:
        if differs(float(answer.split()[0]), theirs) > SUMMED_CLOSE:
            wrong.append(f"{answer}, added up {theirs}")
    print(f"{compared} tables compared, {len(summed)} of them added up, "
          f"{silent} on which neither says anything, {unknown} too far out for scipy, largest difference {worst:.1e}")
    if compared < 2000 or wrong:
        sys.exit("\n".join([f"{len(wrong)} differ:", *wrong[:10]]))


if __name__ == "__main__":
    main()
