"""
Culvert and its peers on the same work, in one run, in turns.

  run [--quick | --rounds N] [--cases a,b] [--peers a,b] [--size BYTES] [--files N]
      [--output DIR] [--seed N] [--limit SECONDS]
  run --list       the cases' names
  run --self-test  the statistics' own tests

Writes results.json, results.txt and a chart for each metric to DIR, after each case, and prints the text. Needs Python 3.11, OpenSSH with
sshd, openssl and vsftpd; curl, lftp, pyftpdlib, rclone for the cases and contenders that use them; cc for `opens` and the rigs with a delay;
root for the path rig. What can't be measured is skipped and named.

Ends with 1 if nothing was measured, 2 if it can't begin, 130 or 143 if it was broken off; what was measured until then is written.
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

from . import charts, machine, plan, rounds, servers, text
from .cases import MIB
from .contenders import CULVERT
from .processes import REPOSITORY, lacking

HERE = os.path.dirname(os.path.abspath(__file__))


def at_least(least):
    def number(written):
        if int(written) < least:
            raise argparse.ArgumentTypeError("%s is less than %d" % (written, least))
        return int(written)
    return number


def names(written):
    return [name.strip() for name in written.split(",") if name.strip()]


def options():
    parser = argparse.ArgumentParser(prog="run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 rounds, small files: some minutes")
    parser.add_argument("--rounds", type=at_least(1), help="default 10")
    parser.add_argument("--cases", type=names, default=[], help="names or beginnings of names, with commas; a case's whole name means that case alone: "
                        "sessions isn't sessions-proxy-20, but loopback, which no case is called, is all loopback-…")
    parser.add_argument("--size", type=at_least(MIB), help="of the big file, in bytes; default 1 GiB")
    parser.add_argument("--peers", type=names, default=[], help="only these beside culvert, with commas")
    parser.add_argument("--files", type=at_least(2), default=100, help="how many small files at a delay; default 100")
    parser.add_argument("--output", type=os.path.abspath, default=os.path.join(REPOSITORY, "artifacts", "compare"), help="default artifacts/compare in the repository")
    parser.add_argument("--seed", type=int, help="of the order of turns and of the intervals")
    parser.add_argument("--limit", type=at_least(1), default=3600, help="seconds for the rounds of one case")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    return parser


def main():
    parser = options()
    chosen = parser.parse_args()
    if chosen.self_test:
        return 0 if unittest.TextTestRunner().run(unittest.defaultTestLoader.discover(os.path.join(os.path.dirname(HERE), "tests"))).wasSuccessful() else 1
    size = chosen.size or (64 * MIB if chosen.quick else 1024 * MIB)
    count = chosen.rounds or (3 if chosen.quick else 10)
    cases = plan.quick(size) if chosen.quick else plan.full(size, chosen.files)
    if chosen.list:
        print("\n".join("%-28s %s, %s" % (case.name, case.title, case.rig.name) for case in cases))
        return 0
    try:
        cases = plan.chosen(cases, chosen.cases, chosen.peers)
    except ValueError as unknown:
        parser.error(str(unknown))
    if reason := lacking(servers.PROGRAMS) or (None if os.path.exists(CULVERT) else "there is no %s: run ./build.sh" % CULVERT):
        say("run: " + reason)
        return 2
    # Both run the same way out: children are ended, what was measured is written, folders removed.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1 << 31)
    result = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": "bench/compare/run " + subprocess.list2cmdline(sys.argv[1:]), "seed": seed, "rounds": count, "size": size,
        "machine": machine.describe(), "binary": machine.binary(), "load before": os.getloadavg()[0], "measurements": [], "skipped": []}
    if result["binary"]["stale"]:
        say("\n*** out/culvert IS STALE: it's older than the newest file below src/. These are an old program's figures; ./build.sh makes a new one. ***\n")
    say("%d cases, %d rounds, seed %d; about %d minutes" % (len(cases), count, seed, sum(case.seconds for case in cases) * count / 60 + 1))
    begin, folder = time.monotonic(), tempfile.mkdtemp(prefix="culvert-compare-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)

    def save():
        result["seconds"] = round(time.monotonic() - begin)
        if result["measurements"]:
            write(result, chosen.output)

    try:
        os.chmod(folder, 0o755)  # the FTP server's user looks in; the keys are their owner's
        rounds.run(cases, count, chosen.limit, folder, result, save, say)
    finally:
        shutil.rmtree(folder)
        say("written to " + chosen.output if result["measurements"] else "nothing was measured")
    if not result["measurements"]:
        return 1
    print(text.report(result))
    return 0


def write(result, folder):
    os.makedirs(folder, exist_ok=True)
    for name, content in [("results.json", json.dumps(result, indent=1) + "\n"), ("results.txt", text.report(result)), *charts.all_of(result)]:
        # Another file first: whoever reads, or ends the run, finds whole ones.
        with open(os.path.join(folder, name + ".new"), "w") as file:
            file.write(content)
        os.replace(os.path.join(folder, name + ".new"), os.path.join(folder, name))


def say(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
