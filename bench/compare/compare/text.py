"""The results as text."""
from .contenders import label


def report(result):
    machine, binary = result["machine"], result["binary"]
    lines = ["%s, %s, %s; TCP %s" % (machine["processor"], machine["memory"], machine["kernel"], machine["congestion control"]),
             "; ".join(machine["versions"].values()), machine["algorithms"],
             "%s, work tree at %s, %s (seed %d), %d s; load before: %.2f" % (
                 result["date"], machine["commit"], result["command"], result["seed"], result["seconds"], result["load before"]),
             "out/culvert: %d bytes, SHA-256 %s…%s" % (binary["size"], binary["sha256"][:12], "; STALE: older than src/" if binary["stale"] else ""), "",
             "median [quartiles]; ratio: culvert's median over the peer's, with the 95 % interval of a paired bootstrap", ""]
    for measurement in result["measurements"]:
        lines.append("%s, %s, rig: %s (%s, %d rounds)" % (
            measurement["title"], measurement["metric"], measurement["rig"], measurement["unit"], measurement["rounds"]))
        width = max(len(label(name)) for name in measurement["values"])
        lines += ["  %-*s %s" % (width, label(name), row(measurement, name)) for name in measurement["values"]]
        lines.append("")
    if result["skipped"]:
        lines += ["skipped:"] + ["  %s: %s" % (skip["what"], skip["why"]) for skip in result["skipped"]]
    return "\n".join(lines) + "\n"


def row(measurement, name):
    """A contender's figures, and all of Culvert's ratios to it if it is a peer."""
    line = "%8s %-15s" % middle(measurement, name)
    for ours, ratios in measurement["summary"]["ratios"].items():
        if name in ratios:
            line += "   %s %s" % ("ratio" if ours == "culvert" else ours, compared(ratios[name]))
    if name in measurement["remarks"]:
        line += "   (%s)" % measurement["remarks"][name]
    return line.rstrip()


def middle(measurement, name):
    """A contender's median; its quartiles."""
    spread = measurement["summary"]["contenders"][name]
    return short(spread["median"]), "[%s … %s]" % tuple(map(short, spread["quartiles"]))


def compared(ratio):
    if ratio["ratio"] is None:
        return ratio["verdict"]
    return "%s, %s" % (interval((ratio["ratio"], ratio["low"], ratio["high"])), ratio["verdict"])


def interval(figures, edge=1):
    """A figure and its interval in three digits; in more where a bound would read as the edge that decides, and isn't it."""
    shown, decimals = [short(figure) for figure in figures], 2
    while decimals < 6 and any(float(said) == edge != bound for said, bound in zip(shown[1:], figures[1:])):
        decimals += 1
        shown = ["%.*f" % (decimals, figure) for figure in figures]
    return "%s [%s … %s]" % tuple(shown)


def short(value):
    """Three digits."""
    return "%.0f" % value if value >= 100 else "%.1f" % value if value >= 10 else "%.2f" % value
