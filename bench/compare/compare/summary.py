"""What a measurement says: computed here once, for the results, their text, the charts and the page."""
from . import figures
from .contenders import OWN


def of(measurement, seed):
    """Each contender's median and spread; for Culvert, and for Culvert with options, the ratio to each peer."""
    values = measurement["values"]
    return {"contenders": {name: _spread(series) for name, series in values.items()},
            "ratios": {ours: {peer: _ratio(measurement, ours, peer, seed) for peer in values if peer not in OWN} for ours in OWN if ours in values}}


def _spread(series):
    present = [value for value in series if value is not None]
    least, lower, upper, most = figures.spread(present)
    return {"median": figures.median(present), "quartiles": [lower, upper], "minimum": least, "maximum": most}


def _ratio(measurement, ours, peer, seed):
    """Our median over the peer's, with its interval and what may be said of it; without figures where they'd mislead."""
    interval = None
    if not comparable(measurement, ours, peer):
        verdict = "not comparable: sizes differ"
    else:
        interval = figures.ratio(measurement["values"][ours], measurement["values"][peer], seed)
        verdict = figures.verdict(interval, measurement["more_is_better"])
        verdict = "can't tell: fewer than three rounds" if interval is None else verdict if verdict == "can't tell" else "culvert " + verdict
    value, low, high = interval or (None, None, None)
    return {"ratio": value, "low": low, "high": high, "verdict": verdict}


def comparable(measurement, ours, peer):
    """On a path both must have moved the same: TCP's slow start is in the figure, and weighs more on the smaller."""
    return not measurement["rig"].startswith("path") or measurement["remarks"].get(ours) == measurement["remarks"].get(peer)
