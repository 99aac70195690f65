"""Medians, their spread, and what can be said of a ratio. Pure: numbers in, numbers out."""
import math
import random
import statistics

RESAMPLES = 5000
CONFIDENCE = 0.95


def median(values):
    return statistics.median(values)


def spread(values):
    """Least, lower quartile, upper quartile, most."""
    if len(values) < 2:
        return values[0], values[0], values[0], values[0]
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return min(values), lower, upper, max(values)


def pairs(ours, theirs):
    """The rounds that both have finished: a round without a figure holds None."""
    return [(own, other) for own, other in zip(ours, theirs) if own is not None and other is not None]


def ratio(ours, theirs, seed=0):
    """
    The ratio of the medians and its 95 % interval: (ratio, low, high), or None with fewer than three common rounds.

    A percentile bootstrap. Rounds are drawn as pairs, so that what both had in common in a round (a busy machine)
    stays common.
    """
    rounds = pairs(ours, theirs)
    if len(rounds) < 3:
        return None
    chance = random.Random(seed)
    drawn = sorted(_ratio_of(chance.choices(rounds, k=len(rounds))) for _ in range(RESAMPLES))
    tail = (1 - CONFIDENCE) / 2
    return _ratio_of(rounds), drawn[math.floor(tail * RESAMPLES)], drawn[math.ceil((1 - tail) * RESAMPLES) - 1]


def middle(values, seed=0):
    """The median and its 95 % interval, likewise."""
    present = [value for value in values if value is not None]
    return ratio(present, [1.0] * len(present), seed)


def _ratio_of(rounds):
    return statistics.median(own for own, _ in rounds) / statistics.median(other for _, other in rounds)


def verdict(interval, more_is_better):
    """"better" or "worse" only where the interval excludes 1."""
    if interval is None:
        return "can't tell"
    _, low, high = interval
    if low <= 1 <= high:
        return "can't tell"
    return "better" if (low > 1) == more_is_better else "worse"


def reached(interval, goal, at_least):
    """Whether the whole interval is on the goal's side of it, none of it, or some."""
    if interval is None:
        return "not measured"
    _, low, high = interval
    if low >= goal if at_least else high <= goal:
        return "reached"
    return "not reached" if (high < goal if at_least else low > goal) else "can't tell"
