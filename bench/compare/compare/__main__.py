"""
Culvert and its peers on the same work, in one run, in turns.

  run [--quick | --rounds N] [--cases a,b] [--peers a,b] [--size BYTES] [--files N]
      [--output DIR] [--seed N] [--limit SECONDS]
  run --list       the cases' names
  run --self-test  the statistics' own tests

Writes results.json, results.txt and a chart for each metric to DIR, and prints the text. Needs Python 3.11, OpenSSH, vsftpd, curl, lftp,
openssl; pyftpdlib for two cases; cc and root for the rigs with a delay. What is missing is skipped and named.
"""
import argparse
import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from . import charts, machine, plan, rounds, text
from .cases import MIB
from .contenders import CULVERT

HERE = os.path.dirname(os.path.abspath(__file__))


def options():
    parser = argparse.ArgumentParser(prog="run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 rounds, small files: some minutes")
    parser.add_argument("--rounds", type=int, help="default 10")
    parser.add_argument("--cases", default="", help="names or beginnings of names, with commas")
    parser.add_argument("--size", type=int, help="of the big file, in bytes; default 1 GiB")
    parser.add_argument("--peers", default="", help="only these beside culvert, with commas")
    parser.add_argument("--files", type=int, default=100, help="how many small files at a delay; default 100")
    parser.add_argument("--output", default=os.path.join("artifacts", "compare"))
    parser.add_argument("--seed", type=int, help="of the order of turns and of the intervals")
    parser.add_argument("--limit", type=int, default=3600, help="seconds for the rounds of one case")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    return parser.parse_args()


def main():
    chosen = options()
    if chosen.self_test:
        return 0 if unittest.TextTestRunner().run(unittest.defaultTestLoader.discover(os.path.join(os.path.dirname(HERE), "tests"))).wasSuccessful() else 1
    size = chosen.size or (64 * MIB if chosen.quick else 1024 * MIB)
    count = chosen.rounds or (3 if chosen.quick else 10)
    everything = plan.quick(size) if chosen.quick else plan.full(size, chosen.files)
    cases = plan.chosen(everything, [name for name in chosen.cases.split(",") if name])
    if chosen.peers:
        for case in cases:
            case.contenders = [name for name in case.contenders if name in ("culvert", *chosen.peers.split(","))]
    if chosen.list or not cases:
        print("\n".join("%-28s %s, %s" % (case.name, case.title, case.rig.name) for case in everything))
        return 0 if chosen.list else 2
    if not os.path.exists(CULVERT):
        print("there is no %s: run ./build.sh" % CULVERT, file=sys.stderr)
        return 2
    # A kill runs the same way out as Ctrl-C: children are ended, folders removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1 << 31)
    say("%d cases, %d rounds, seed %d; about %d minutes" % (len(cases), count, seed, sum(case.seconds for case in cases) * count / 60 + 1))
    result = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": "bench/compare/run " + subprocess.list2cmdline(sys.argv[1:]), "seed": seed, "rounds": count, "size": size,
        "machine": machine.describe(), "load before": os.getloadavg()[0]}
    begin, folder = time.monotonic(), tempfile.mkdtemp(prefix="culvert-compare-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        os.chmod(folder, 0o755)  # the FTP server's user looks in; the keys are their owner's
        result["measurements"], result["skipped"] = rounds.run(cases, count, random.Random(seed), chosen.limit, folder, say)
    finally:
        shutil.rmtree(folder)
    result["seconds"] = round(time.monotonic() - begin)
    write(result, chosen.output)
    return 0


def write(result, folder):
    os.makedirs(folder, exist_ok=True)
    written = text.report(result)
    with open(os.path.join(folder, "results.json"), "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    with open(os.path.join(folder, "results.txt"), "w") as file:
        file.write(written)
    for name, drawing in charts.all_of(result):
        with open(os.path.join(folder, name), "w") as file:
            file.write(drawing)
    print(written)
    say("written to " + folder)


def say(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
