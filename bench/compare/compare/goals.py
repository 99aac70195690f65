"""The goals, as ratios of culvert to a peer or figures of its own, and what was measured of them. A page is made of these."""
import dataclasses

from . import figures


@dataclasses.dataclass(frozen=True)
class Goal:
    """A line of the table: which measurement (its id), against whom (None: the figure itself), the bound, and whose figure it is."""

    text: str
    measurement: str
    peer: str | None
    bound: float
    at_least: bool = True
    ours: str = "culvert"


GOALS = [
    Goal("bulk download at loopback", "loopback-download/speed", "ssh -L", 1.05),
    Goal("bulk upload at loopback", "loopback-upload/speed", "ssh -L", 1.2),
    Goal("bulk download at 50 ms", "proxy-download-50/speed", "ssh -L", 5),
    Goal("bulk download at 50 ms", "proxy-download-50/speed", "sftp", 5),
    Goal("bulk download at 100 ms", "proxy-download-100/speed", "ssh -L", 7),
    Goal("bulk download at 100 ms", "proxy-download-100/speed", "sftp", 7),
    Goal("bulk download at 50 ms", "path-download-50/speed", "ssh -L", 2),
    Goal("bulk download at 100 ms", "path-download-100/speed", "ssh -L", 2),
    Goal("bulk download at 50 ms", "path-download-50/speed", "sftp", 2),
    Goal("bulk download at 100 ms", "path-download-100/speed", "sftp", 2),
    Goal("bulk download at 50 ms, tuned TCP", "path-tuned-download-50/speed", "ssh -L", 2),
    Goal("bulk download at 100 ms, tuned TCP", "path-tuned-download-100/speed", "ssh -L", 2),
    Goal("bulk download at 50 ms, tuned TCP", "path-tuned-download-50/speed", "sftp", 2),
    Goal("bulk download at 100 ms, tuned TCP", "path-tuned-download-100/speed", "sftp", 2),
    Goal("bulk download at 50 ms, 1 Gbit/s: never slower", "path-capped-download-50/speed", "ssh -L", 1),
    Goal("bulk download at 100 ms, 1 Gbit/s: never slower", "path-capped-download-100/speed", "ssh -L", 1),
    Goal("bulk download at 50 ms, 1 Gbit/s: never slower", "path-capped-download-50/speed", "sftp", 1),
    Goal("bulk download at 100 ms, 1 Gbit/s: never slower", "path-capped-download-100/speed", "sftp", 1),
    Goal("bulk download at 50 ms, 1 Gbit/s: what TCP gets", "path-capped-download-50/speed", "FTP", 0.95),
    Goal("bulk download at 100 ms, 1 Gbit/s: what TCP gets", "path-capped-download-100/speed", "FTP", 0.95),
    Goal("bulk download at 50 ms, 1 Gbit/s, tuned: what TCP gets", "path-capped-tuned-download-50/speed", "FTP", 0.95),
    Goal("bulk download at 100 ms, 1 Gbit/s, tuned: what TCP gets", "path-capped-tuned-download-100/speed", "FTP", 0.95),
    Goal("bulk upload at 100 ms", "path-upload-100/speed", "ssh -L", 1),
    Goal("bulk upload at 100 ms", "proxy-upload-100/speed", "ssh -L", 1),
    Goal("bulk upload at 100 ms, no-delay", "path-upload-100/speed", "ssh -L", 1, ours="no-delay"),
    Goal("1,000 × 1 KiB at loopback", "files-1KiB/files", "ssh -L", 5),
    Goal("1,000 × 1 KiB at loopback", "files-1KiB/files", "sftp get", 1.5),
    Goal("1,000 × 1 KiB at loopback", "files-1KiB/files", "sftp", 1.5),
    Goal("1,000 × 1 KiB at 100 ms", "files-1KiB-path-100/files", "FTP", 1.3),
    Goal("1,000 × 1 KiB at 100 ms", "files-1KiB-path-100/files", "sftp get", 2.8),
    Goal("1,000 × 1 KiB at 100 ms", "files-1KiB-path-100/files", "sftp", 2.8),
    Goal("1,000 × 1 KiB at 100 ms", "files-1KiB-proxy-100/files", "sftp get", 2.8),
    Goal("1,000 × 1 KiB at 100 ms", "files-1KiB-proxy-100/files", "sftp", 2.8),
    Goal("1,000 × 1 KiB at 100 ms, with prefetch", "files-1KiB-path-100/files", "FTP", 2, ours="prefetch"),
    Goal("1,000 × 1 KiB at 100 ms, with prefetch", "files-1KiB-path-100/files", "sftp get", 5, ours="prefetch"),
    Goal("1,000 × 1 KiB at 100 ms, with prefetch", "files-1KiB-path-100/files", "sftp", 5, ours="prefetch"),
    Goal("1,000 × 1 KiB at 100 ms, with prefetch", "files-1KiB-proxy-100/files", "sftp get", 5, ours="prefetch"),
    Goal("1,000 × 1 KiB at 100 ms, with prefetch", "files-1KiB-proxy-100/files", "sftp", 5, ours="prefetch"),
    Goal("1,000 × 1 KiB at 100 ms, no-delay", "files-1KiB-path-100/files", "FTP", 1.3, ours="no-delay"),
    Goal("1,000 × 1 KiB at 100 ms, no-delay", "files-1KiB-path-100/files", "sftp get", 2.8, ours="no-delay"),
    Goal("1,000 × 1 KiB at 100 ms, no-delay", "files-1KiB-path-100/files", "sftp", 2.8, ours="no-delay"),
    Goal("1,000 × 1 KiB at 100 ms, no-delay, with prefetch", "files-1KiB-path-100/files", "FTP", 2, ours="no-delay + prefetch"),
    Goal("1,000 × 1 KiB at 100 ms, no-delay, with prefetch", "files-1KiB-path-100/files", "sftp get", 5, ours="no-delay + prefetch"),
    Goal("1,000 × 1 KiB at 100 ms, no-delay, with prefetch", "files-1KiB-path-100/files", "sftp", 5, ours="no-delay + prefetch"),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib", "files-1KiB-path-100-pyftpdlib/files", "FTP", 1.3),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib", "files-1KiB-path-100-pyftpdlib/files", "sftp get", 2.8),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib", "files-1KiB-path-100-pyftpdlib/files", "sftp", 2.8),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib", "files-1KiB-proxy-100-pyftpdlib/files", "sftp get", 2.8),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib", "files-1KiB-proxy-100-pyftpdlib/files", "sftp", 2.8),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib, no-delay", "files-1KiB-path-100-pyftpdlib/files", "FTP", 1.3, ours="no-delay"),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib, no-delay", "files-1KiB-path-100-pyftpdlib/files", "sftp get", 2.8, ours="no-delay"),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib, no-delay", "files-1KiB-path-100-pyftpdlib/files", "sftp", 2.8, ours="no-delay"),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib, no-delay", "files-1KiB-proxy-100-pyftpdlib/files", "sftp get", 2.8, ours="no-delay"),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib, no-delay", "files-1KiB-proxy-100-pyftpdlib/files", "sftp", 2.8, ours="no-delay"),
    Goal("channel opens in sequence", "opens-1/opens", "ssh -L", 100),
    Goal("start to listening, same key exchange", "start/start", "ssh -L", 0.7, False),
    Goal("CPU seconds per GiB, client side, download", "loopback-download/CPU", "ssh -L", 0.9, False),
    Goal("CPU seconds per GiB, client side, upload", "loopback-upload/CPU", "ssh -L", 0.9, False),
    Goal("memory per idle FTP session, KiB", "memory/memory", None, 40, False),
    Goal("200 stalled downloads, memory, MiB", "stalled-memory/memory", None, 256, False),  # Culvert.Ssh's WindowBudget: all receive windows
]


FEW = 10  # rounds, below which that stands beside a verdict


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What is said of a goal; no interval and no measurement where there is none."""

    verdict: str
    interval: tuple | None = None
    measurement: dict | None = None
    remark: str = ""


def judge(goal, measurements):
    measurement = measurements.get(goal.measurement)
    if measurement is None or goal.ours not in measurement["values"] or goal.peer not in (None, *measurement["values"]):
        return Judgement("not measured")
    interval, refused = figures.middle(measurement["values"][goal.ours], measurement["seed"]), "can't tell"
    if goal.peer:
        ratio = measurement["summary"]["ratios"][goal.ours][goal.peer]
        interval, refused = (ratio["ratio"], ratio["low"], ratio["high"]) if ratio["ratio"] is not None else None, ratio["verdict"]
    return Judgement(figures.reached(interval, goal.bound, goal.at_least) if interval else refused, interval, measurement,
                     "too few rounds: %d" % measurement["rounds"] if measurement["rounds"] < FEW else "")
