"""Runs the cases: every contender once a round, in an order drawn anew for each round."""
import contextlib
import time

from . import contenders, rigs, servers
from .processes import Failed

ATTEMPTS = 2  # a contender that failed in so many rounds of a case takes no more part in it


def run(cases, rounds, chance, limit, folder, say):
    """Returns (measurements, what was skipped and why), as they stand in the JSON."""
    keys, files = servers.Keys(folder), servers.Files(folder)
    measurements, skipped = [], []
    for case in cases:
        reason = rigs.missing(case.rig) or absent(case)
        if reason:
            skipped.append({"what": case.name, "why": reason})
            say("%s: skipped, %s" % (case.name, reason))
            continue
        try:
            values, done, failures = run_case(case, rounds, chance, limit, folder, keys, files, say)
        except Failed as failure:
            skipped.append({"what": case.name, "why": str(failure)})
            say("%s: failed, %s" % (case.name, failure))
            continue
        skipped += [{"what": "%s: %s" % (case.name, name), "why": why} for name, why in failures.items()]
        for metric in case.metrics:
            figures = {name: values[name][metric.name] for name in values if any(v is not None for v in values[name][metric.name])}
            if not figures:
                continue
            measurements.append({
                "id": "%s/%s" % (case.name, metric.name), "title": case.title, "metric": metric.name, "rig": case.rig.name, "unit": metric.unit,
                "more_is_better": metric.more_is_better, "rounds": done, "values": figures,
                "remarks": {name: case.remark(name) for name in figures if case.remark(name)}})
    return measurements, skipped


def absent(case):
    """A case without Culvert or without any peer is none."""
    present = [name for name in case.contenders if contenders.missing(name) is None]
    if case.server.missing():
        return case.server.missing()
    return None if len(present) > 1 and "culvert" in present else "none of its peers is installed"


def run_case(case, rounds, chance, limit, folder, keys, files, say):
    failures = {name: why for name in case.contenders if (why := contenders.missing(name))}
    values = {name: {metric.name: [] for metric in case.metrics} for name in case.contenders if name not in failures}
    failed, done, begin = dict.fromkeys(values, 0), 0, time.monotonic()
    with contextlib.ExitStack() as stack:
        stack.enter_context(case.rig.standing(folder))
        stack.enter_context(servers.sshd(case.rig, keys))
        stage = contenders.Stage(case.rig, keys, files, stack, case.server)
        while done < rounds:
            if done and (time.monotonic() - begin) * (done + 1) / done > limit:
                say("%s: %d rounds, more would take longer than %d s" % (case.name, done, limit))
                break
            order = list(values)
            chance.shuffle(order)
            for name in order:
                figures = {}
                if failed[name] < ATTEMPTS:
                    try:
                        figures = case.measure(stage, name)
                    except (Failed, OSError) as failure:
                        failed[name] += 1
                        failures[name] = "failed in round %d: %s" % (done + 1, failure)
                        say("%s, %s: %s" % (case.name, name, failure))
                for metric, series in values[name].items():
                    series.append(figures.get(metric))
            done += 1
            say("%s on %s, round %d: %s" % (case.name, case.rig.name, done, "  ".join(
                "%s %s" % (name, " ".join("-" if series[-1] is None else "%.4g" % series[-1] for series in values[name].values())) for name in values)))
    return values, done, failures
