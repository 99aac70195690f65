"""The results as text."""
from . import figures


def report(result):
    machine = result["machine"]
    lines = ["%s, %s, %s; TCP %s" % (machine["processor"], machine["memory"], machine["kernel"], machine["congestion control"]),
             "; ".join(machine["versions"].values()), machine["algorithms"],
             "%s, commit %s, %s (seed %d), %d s; load before: %.2f" % (
                 result["date"], machine["commit"], result["command"], result["seed"], result["seconds"], result["load before"]), "",
             "median [quartiles]; ratio: culvert's median over the peer's, with the 95 % interval of a paired bootstrap", ""]
    for measurement in result["measurements"]:
        lines.append("%s, %s, rig: %s (%s, %d rounds)" % (
            measurement["title"], measurement["metric"], measurement["rig"], measurement["unit"], measurement["rounds"]))
        lines += ["  %-8s %s" % (name, line) for name, line in rows(measurement, result["seed"])]
        lines.append("")
    if result["skipped"]:
        lines += ["skipped:"] + ["  %s: %s" % (skip["what"], skip["why"]) for skip in result["skipped"]]
    return "\n".join(lines) + "\n"


def rows(measurement, seed):
    values = measurement["values"]
    for name, series in values.items():
        present = [value for value in series if value is not None]
        _, lower, upper, _ = figures.spread(present)
        line = "%8s [%s … %s]" % (short(figures.median(present)), short(lower), short(upper))
        if name != "culvert" and "culvert" in values:
            line += "   " + compared(values["culvert"], series, measurement["more_is_better"], seed)
        if name in measurement["remarks"]:
            line += "   (%s)" % measurement["remarks"][name]
        yield name, line


def compared(ours, theirs, more_is_better, seed):
    interval = figures.ratio(ours, theirs, seed)
    if interval is None:
        return "can't tell: fewer than three rounds"
    said = {"better": "culvert better", "worse": "culvert worse"}.get(figures.verdict(interval, more_is_better), "can't tell")
    return "ratio %s [%s … %s], %s" % (*map(short, interval), said)


def short(value):
    """Three digits."""
    return "%.0f" % value if value >= 100 else "%.1f" % value if value >= 10 else "%.2f" % value
