"""Runs the cases: every contender once a round, in an order drawn anew for each round."""
import contextlib
import random
import time

from . import contenders, rigs, servers, summary
from .processes import Child, Failed, lacking

ATTEMPTS = 2  # a contender that failed in so many rounds of a case takes no more part in it


def run(cases, rounds, limit, folder, result, save, say):
    """
    Puts measurements, and what was skipped and why, into the result, and saves it after each case: what has been measured is lost neither
    by a case that fails, whatever the failure, nor by a run that is broken off.
    """
    keys, files, chance = servers.Keys(folder), servers.Files(folder), random.Random(result["seed"])
    for case in cases:
        values, failures = {}, {}
        try:
            run_case(case, rounds, chance, limit, keys, files, values, failures, say)
        except BaseException as failure:
            failures[None] = describe(failure) if isinstance(failure, Exception) else "broken off"
            say("%s: %s" % (case.name, failures[None]))
            if not isinstance(failure, Exception):
                raise
        finally:
            for child in list(Child.running):
                child.end()
            result["measurements"] += measurements(case, values, result["seed"])
            result["skipped"] += [{"what": "%s: %s" % (case.name, name) if name else case.name, "why": why} for name, why in failures.items()]
            save()


def measurements(case, values, seed):
    """As they stand in the JSON."""
    for metric in case.metrics:
        figures = {name: values[name][metric.name] for name in values if any(v is not None for v in values[name][metric.name])}
        if not figures:
            continue
        measurement = {
            "id": "%s/%s" % (case.name, metric.name), "title": case.title, "metric": metric.name, "rig": case.rig.name, "unit": metric.unit,
            "more_is_better": metric.more_is_better, "rounds": len(next(iter(figures.values()))), "values": figures,
            "remarks": {name: case.remark(name) for name in figures if case.remark(name)}}
        yield measurement | {"summary": summary.of(measurement, seed)}


def describe(failure):
    return str(failure) if isinstance(failure, Failed) else "%s: %s" % (type(failure).__name__, failure)


def absent(case, failures):
    """Why a case can't be measured on this machine, or None. One without Culvert or without any peer is none."""
    if reason := lacking(case.programs) or rigs.missing(case.rig) or case.server.missing():
        return reason
    if len(failures) > len(case.contenders) - 2 or "culvert" in failures:
        return "; ".join(dict.fromkeys(failures.values())) or "none of its peers was asked for"
    return None


def run_case(case, rounds, chance, limit, keys, files, values, failures, say):
    """Adds a value to each series with each round, and tells of the contenders that failed."""
    failures |= {name: why for name in case.contenders if (why := contenders.missing(name, case.ftp_client))}
    if reason := absent(case, failures):
        failures.clear()
        raise Failed(reason)
    for name, why in failures.items():
        say("%s, %s: %s" % (case.name, name, why))
    values |= {name: {metric.name: [] for metric in case.metrics} for name in case.contenders if name not in failures}
    failed, done, begin = dict.fromkeys(values, 0), 0, time.monotonic()
    with contextlib.ExitStack() as stack:
        stack.enter_context(case.rig.standing(keys.folder))
        stack.enter_context(servers.sshd(case.rig, keys))
        stage = contenders.Stage(case.rig, keys, files, stack, case.server)
        while done < rounds:
            if done and (time.monotonic() - begin) * (done + 1) / done > limit:
                say("%s: %d rounds, more would take longer than %d s" % (case.name, done, limit))
                break
            order, figures = list(values), {}
            chance.shuffle(order)
            for name in order:
                if failed[name] < ATTEMPTS:
                    try:
                        figures[name] = case.measure(stage, name)
                    except Exception as failure:
                        failed[name] += 1
                        failures[name] = "failed in round %d: %s" % (done + 1, describe(failure))
                        say("%s, %s: %s" % (case.name, name, describe(failure)))
            for name in values:  # only whole rounds: one that is broken off would leave series of different lengths
                for metric, series in values[name].items():
                    series.append(figures.get(name, {}).get(metric))
            done += 1
            say("%s on %s, round %d: %s" % (case.name, case.rig.name, done, "  ".join(
                "%s %s" % (name, " ".join("-" if series[-1] is None else "%.4g" % series[-1] for series in values[name].values())) for name in values)))
