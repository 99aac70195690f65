"""Which cases a run has, with which sizes, and how long that takes."""
from .cases import MIB, Bulk, Memory, Opens, Sessions, SmallFiles, Start
from .rigs import GIGABIT, PathRig, ProxyRig, Rig

# A peer that is bound by a window of 2 MiB moves 2 MiB in a round trip: it gets a file for some ten seconds.
SLOW = {20: 512 * MIB, 50: 256 * MIB, 100: 128 * MIB, 200: 64 * MIB}
FEWER = 100  # files and opens for peers that need 40 ms or more for each


def full(size):
    """Every case. On the path TCP itself is the limit: a quarter of the size is enough for half a minute's stream there."""
    cases = [Start(), Opens(1, 1000, FEWER), Opens(16, 2000, 4 * FEWER)]
    cases += [Bulk(way, Rig(), ["culvert", "ssh -L", "sftp", "scp", "rclone", "FTPS", "FTP"], size, seconds=18) for way in ("download", "upload")]
    cases += [SmallFiles(Rig(), ["culvert", "ssh -L", "sftp", "FTP"], 1024, 1000, {"ssh -L": FEWER}, 12),
              SmallFiles(Rig(), ["culvert", "ssh -L", "sftp", "FTP"], MIB, 100, seconds=12), Sessions(), Memory()]
    for delay in (50, 100, 20, 200):
        names = ["culvert", "ssh -L", "sftp"] + (["scp"] if delay == 100 else [])
        cases.append(Bulk("download", ProxyRig(delay), names, size, SLOW[delay], 35))
    for delay in (50, 100, 20, 200):
        for cap in (None, GIGABIT):
            names = ["culvert", "ssh -L", "sftp", "FTP"] + (["FTPS"] if delay == 100 else [])
            cases.append(Bulk("download", PathRig(delay, cap), names, size // 4, SLOW[delay] // 2, 30))
    for delay in (100, 50, 20, 200):
        for rig in (ProxyRig(delay), PathRig(delay)):
            cases.append(Bulk("upload", rig, ["culvert", "ssh -L", "sftp"], min(size, SLOW[delay]), seconds=35))
    fewer = {name: 100 for name in ("ssh -L", "sftp", "FTP")}
    cases += [SmallFiles(PathRig(100), ["culvert", "ssh -L", "sftp", "FTP"], 1024, 1000, fewer, 450),
              SmallFiles(ProxyRig(100), ["culvert", "ssh -L", "sftp"], 1024, 1000, fewer, 320),
              SmallFiles(PathRig(100), ["culvert", "ssh -L", "sftp", "FTP"], MIB, 100, {name: 30 for name in fewer}, 150)]
    return cases


def quick(size):
    """A look in some minutes: small sizes, one delay a rig."""
    return [Start(), Opens(1, 300, 20), Opens(16, 500, 60),
            Bulk("download", Rig(), ["culvert", "ssh -L", "sftp", "FTPS", "FTP"], size, seconds=6),
            Bulk("upload", Rig(), ["culvert", "ssh -L", "sftp", "FTPS", "FTP"], size, seconds=6),
            Bulk("download", ProxyRig(50), ["culvert", "ssh -L", "sftp"], size, size // 4, 11),
            Bulk("download", PathRig(50), ["culvert", "ssh -L", "FTP"], size // 2, size // 4, 11),
            Bulk("download", PathRig(50, GIGABIT), ["culvert", "ssh -L", "FTP"], size // 2, size // 4, 11),
            Bulk("upload", PathRig(50), ["culvert", "ssh -L"], size // 4, seconds=6),
            SmallFiles(Rig(), ["culvert", "ssh -L", "sftp", "FTP"], 1024, 300, {"ssh -L": 20}, 6),
            SmallFiles(PathRig(100), ["culvert", "sftp", "FTP"], 1024, 10, seconds=20), Sessions()]


def chosen(cases, names):
    """Those whose name is one of these, or begins with one and a hyphen."""
    if not names:
        return cases
    return [case for name in names for case in cases if case.name == name or case.name.startswith(name + "-")]
