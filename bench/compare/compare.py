"""Start, bulk and channel opens: culvert against ssh -L through the same sshd, in turns, with the same cipher.

    compare.py [--runs N] [--megabytes N] [--opens N] [--cipher NAME]

Prints a table and asserts nothing: times belong to a machine, ratios to a comparison. A ratio above 1 means that
Culvert is better. The data port is forwarded by hand for both programs, so both only carry bytes.
"""
import argparse
import os
import socket
import statistics
import time

from peers import REPOSITORY, Endpoint, Sshd, Tunnel, greet, machine, sender, taker, version

PROGRAMS = {"culvert": os.path.join(REPOSITORY, "out", "culvert"), "ssh -L": "/usr/bin/ssh"}


def download(port, length):
    buffer = bytearray(1 << 20)
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        total = 0
        while count := connection.recv_into(buffer):
            total += count
    if total != length:
        raise SystemExit("%d of %d bytes arrived" % (total, length))
    return length / (time.perf_counter() - begin) / 1e6


def upload(port, length, block=os.urandom(1 << 20)):
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(length // len(block)):
            connection.sendall(block)
        connection.shutdown(socket.SHUT_WR)
        total = int(connection.recv(64))
    if total != length:
        raise SystemExit("%d of %d bytes arrived" % (total, length))
    return length / (time.perf_counter() - begin) / 1e6


def opens(port, count):
    begin = time.perf_counter()
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            if not connection.recv(64).startswith(b"220"):
                raise SystemExit("no greeting came through the tunnel")
    return count / (time.perf_counter() - begin)


def measure(options):
    length = options.megabytes << 20
    endpoints = [Endpoint(greet), Endpoint(sender(length)), Endpoint(taker)]
    figures = {case: {name: [] for name in PROGRAMS} for case in CASES}
    sshd = Sshd()
    try:
        for run in range(options.runs + 1):
            # Who goes first changes from run to run; the first run only warms up.
            names = list(PROGRAMS) if run % 2 else list(reversed(PROGRAMS))
            for name in names:
                with Tunnel(PROGRAMS[name], sshd, options.cipher, [endpoint.port for endpoint in endpoints]) as tunnel:
                    results = (tunnel.start * 1000, download(tunnel.ports[1], length), upload(tunnel.ports[2], length),
                               opens(tunnel.ports[0], options.opens))
                if run > 0:
                    for case, result in zip(CASES, results):
                        figures[case][name].append(result)
    finally:
        sshd.stop()
    return figures


# name → (unit, whether more is better)
CASES = {
    "start to listening": ("ms", False),
    "bulk, server to client": ("MB/s", True),
    "bulk, client to server": ("MB/s", True),
    "channel opens in sequence": ("per s", True),
}


def report(figures, options):
    print("%s; %s; %s" % (version(PROGRAMS["culvert"]), version(PROGRAMS["ssh -L"]), machine()))
    print("%s, %d MiB, %d opens, median of %d runs in turns [least … most]\n" % (
        options.cipher, options.megabytes, options.opens, options.runs))
    print("| case | unit | culvert | ssh -L | ratio |")
    print("|---|---|---|---|---|")
    for case, (unit, more) in CASES.items():
        ours, theirs = figures[case]["culvert"], figures[case]["ssh -L"]
        ratio = statistics.median(ours) / statistics.median(theirs)
        print("| %s | %s | %s | %s | %.2f |" % (case, unit, spread(ours), spread(theirs), ratio if more else 1 / ratio))


def spread(values):
    return "%.0f [%.0f … %.0f]" % (statistics.median(values), min(values), max(values))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--opens", type=int, default=200)
    parser.add_argument("--cipher", default="aes128-gcm@openssh.com")
    options = parser.parse_args()
    report(measure(options), options)


main()
