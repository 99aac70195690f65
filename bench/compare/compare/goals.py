"""The goals of speed, as ratios of culvert to a peer, and what the figures say of them. A page is made of these."""
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
    Goal("bulk download at 50 ms, tuned TCP", "path-tuned-download-50/speed", "ssh -L", 2),
    Goal("bulk download at 100 ms, tuned TCP", "path-tuned-download-100/speed", "ssh -L", 2),
    Goal("bulk download at 50 ms, 1 Gbit/s: never slower", "path-capped-download-50/speed", "ssh -L", 1),
    Goal("bulk download at 100 ms, 1 Gbit/s: never slower", "path-capped-download-100/speed", "ssh -L", 1),
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
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib", "files-1KiB-proxy-100-pyftpdlib/files", "sftp get", 2.8),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib, no-delay", "files-1KiB-path-100-pyftpdlib/files", "FTP", 1.3, ours="no-delay"),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib, no-delay", "files-1KiB-path-100-pyftpdlib/files", "sftp get", 2.8, ours="no-delay"),
    Goal("1,000 × 1 KiB at 100 ms, from pyftpdlib, no-delay", "files-1KiB-proxy-100-pyftpdlib/files", "sftp get", 2.8, ours="no-delay"),
    Goal("channel opens in sequence", "opens-1/opens", "ssh -L", 100),
    Goal("start to listening, same key exchange", "start/start", "ssh -L", 0.7, False),
    Goal("CPU seconds per GiB, client side, download", "loopback-download/CPU", "ssh -L", 0.9, False),
    Goal("CPU seconds per GiB, client side, upload", "loopback-upload/CPU", "ssh -L", 0.9, False),
    Goal("memory per idle FTP session, KiB", "memory/memory", None, 40, False),
]


def judge(goal, measurements, seed):
    """(rig, interval, verdict) of a goal; the rig and the interval are None when it wasn't measured."""
    measurement = measurements.get(goal.measurement)
    if measurement is None or goal.ours not in measurement["values"] or goal.peer not in (None, *measurement["values"]):
        return None, None, "not measured"
    values = measurement["values"]
    if goal.peer and measurement["rig"].startswith("path") and measurement["remarks"].get(goal.ours) != measurement["remarks"].get(goal.peer):
        return measurement["rig"], None, "not comparable: sizes differ"  # TCP's slow start weighs more on the smaller
    interval = figures.ratio(values[goal.ours], values[goal.peer], seed) if goal.peer else figures.middle(values[goal.ours], seed)
    return measurement["rig"], interval, figures.reached(interval, goal.bound, goal.at_least)
