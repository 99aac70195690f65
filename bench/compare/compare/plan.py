"""Which cases a run has, with which sizes, and how long that takes."""
from .cases import MIB, Bulk, Memory, Opens, Sessions, SmallFiles, Start
from .fairness import BesideIdle, BesideStalled, Noops, StalledMemory
from .rigs import GIGABIT, TUNED, PathRig, ProxyRig, Rig
from .servers import Pyftpdlib

# A peer that is bound by a window of 2 MiB moves 2 MiB in a round trip: it gets a file for some five seconds.
SLOW = {20: 256 * MIB, 50: 128 * MIB, 100: 64 * MIB, 200: 32 * MIB}
FEWER = 100  # files and opens for peers that need 40 ms or more for each
EVERYBODY = ["culvert", "ssh -L", "sftp", "scp", "rclone", "FTPS", "FTP"]


def full(size, files):
    """
    Every case. On the path TCP itself is the limit: an eighth of the size is enough for seconds of a steady stream there,
    and everybody moves the same, since TCP's slow start is in the figure.
    A file of 1 KiB at 100 ms costs some round trips and nothing else: this many files say what a thousand would.
    """
    cases = [Start(), Opens(1, 1000, FEWER), Opens(16, 2000, 4 * FEWER)]
    cases += [Bulk(way, Rig(), EVERYBODY, size, seconds=20) for way in ("download", "upload")]
    cases += [SmallFiles(Rig(), ["culvert", "ssh -L", "sftp get", "sftp", "FTP"], 1024, 1000, {"ssh -L": FEWER}, 16),
              SmallFiles(Rig(), ["culvert", "ssh -L", "sftp", "FTP"], MIB, 100, seconds=12),
              Sessions(Rig(), ["culvert", "ssh -L", "FTP"], 6), Sessions(ProxyRig(20), ["culvert", "ssh -L"], 35), Memory()]
    cases += [Noops(), Noops("download"), Noops("upload"), BesideStalled(size), BesideIdle(size // 8, 27), StalledMemory()]
    for delay in (50, 100, 20, 200):
        cases.append(Bulk("download", ProxyRig(delay), ["culvert", "ssh -L", "sftp", "scp"], size, SLOW[delay], 25))
    for delay in (50, 100, 20, 200):
        for cap in (None, GIGABIT):
            cases.append(Bulk("download", PathRig(delay, cap), ["culvert", "ssh -L", "sftp", "FTP", "FTPS"], size // 8, seconds=30))
    for delay in (50, 100):
        cases.append(Bulk("download", PathRig(delay, buffers=TUNED), ["culvert", "ssh -L", "sftp", "FTP"], size // 4, seconds=60))
        cases.append(Bulk("download", PathRig(delay, GIGABIT, TUNED), ["culvert", "ssh -L", "FTP"], size // 4, seconds=60))
    for delay in (100, 50, 20, 200):
        for rig in (ProxyRig(delay), PathRig(delay)):
            cases.append(Bulk("upload", rig, ["culvert", "no-delay", "ssh -L", "sftp"], min(size, SLOW[delay]), seconds=25))
    cases += [SmallFiles(PathRig(100), ["culvert", "prefetch", "no-delay", "no-delay + prefetch", "ssh -L", "sftp get", "sftp", "FTP"], 1024, files, seconds=15 + 2 * files),
              SmallFiles(ProxyRig(100), ["culvert", "prefetch", "no-delay", "no-delay + prefetch", "ssh -L", "sftp get", "sftp"], 1024, files, seconds=12 + 1.3 * files),
              SmallFiles(PathRig(100), ["culvert", "no-delay", "sftp get", "sftp", "FTP"], 1024, files, seconds=15 + 2 * files, server=Pyftpdlib),
              SmallFiles(ProxyRig(100), ["culvert", "no-delay", "sftp get", "sftp"], 1024, files, seconds=12 + 1.6 * files, server=Pyftpdlib),
              SmallFiles(PathRig(100), ["culvert", "ssh -L", "sftp", "FTP"], MIB, files, seconds=15 + 2.5 * files)]
    return cases


def quick(size):
    """A look in some minutes: small sizes, one delay a rig."""
    return [Start(), Opens(1, 300, 20), Opens(16, 500, 60),
            Bulk("download", Rig(), ["culvert", "ssh -L", "sftp", "FTPS", "FTP"], size, seconds=6),
            Bulk("upload", Rig(), ["culvert", "ssh -L", "sftp", "FTPS", "FTP"], size, seconds=6),
            Bulk("download", ProxyRig(50), ["culvert", "ssh -L", "sftp"], size, size // 4, 11),
            Bulk("download", PathRig(50), ["culvert", "ssh -L", "FTP"], size // 2, seconds=11),
            Bulk("download", PathRig(50, GIGABIT), ["culvert", "ssh -L", "FTP"], size // 2, seconds=11),
            Bulk("upload", PathRig(50), ["culvert", "ssh -L"], size // 4, seconds=6),
            SmallFiles(Rig(), ["culvert", "ssh -L", "sftp get", "sftp", "FTP"], 1024, 300, {"ssh -L": 20}, 6),
            SmallFiles(PathRig(100), ["culvert", "sftp get", "sftp", "FTP"], 1024, 10, seconds=20), Sessions(Rig(), ["culvert", "ssh -L", "FTP"], 6), Noops("download"), BesideStalled(size, 4)]


def chosen(cases, names, peers):
    """
    Each case once that has one of these names, or whose name begins with one that no case has; of its contenders Culvert and these peers.
    Nothing named is everything; what nobody is called is a ValueError.
    """
    known = [case.name for case in cases]
    known_peers = list(dict.fromkeys(name for case in cases for name in case.contenders if name != "culvert"))
    refuse("case", [name for name in names if not any(other.startswith(name) for other in known)], known)
    refuse("peer", [name for name in peers if name not in known_peers], known_peers)
    if names:
        cases = list(dict.fromkeys(case for name in names for case in cases if case.name == name or name not in known and case.name.startswith(name)))
    for case in cases:
        case.contenders = [name for name in case.contenders if not peers or name in ("culvert", *peers)]
    return cases


def refuse(kind, unknown, known):
    if unknown:
        raise ValueError("unknown %s: %s; known are: %s" % (kind, ", ".join(unknown), ", ".join(known)))
