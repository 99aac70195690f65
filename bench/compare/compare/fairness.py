"""What sessions do to each other: many small ones beside a big transfer, transfers beside a client that reads nothing."""
import contextlib
import os
import statistics
import time

from . import contenders, sessions
from .cases import MIB, Case, Metric, describe, longer
from .contenders import WIDE
from .processes import Child, work
from .rigs import ProxyRig


class Noops(Case):
    """
    NOOPs in fifty FTP sessions, at random moments, 300 a second in all: how long until the reply is there, in the middle and for the slowest in a hundred.
    Beside them: nothing, or a download or upload that lasts longer than they do, whose speed is told too. An upload is of a GiB, over and over: an endless one would fill memory.
    """

    contenders = ["culvert", "ssh -L", "FTP"]
    sessions, count, rate, seconds = 50, 1500, 300, 8

    def __init__(self, way=None):
        self.way = way
        self.name = "noop-beside-" + way if way else "noop"
        self.title = "NOOP in 50 sessions, %s" % ("beside one " + way if way else "and nothing else")
        self.metrics = [Metric("median", "ms", False), Metric("slowest-in-100", "ms", False)]
        if way:
            self.metrics.append(Metric(way, "MB/s", True))
            self.ftp_client = "curl"

    def measure(self, stage, name):
        with contenders.ALL[name](stage) as standing, sessions.logged_in(standing.moves.address, standing.moves.port, self.sessions) as connections:
            with self._beside(stage, standing) as bulk:
                before, begin = bulk.moved() if bulk else 0, time.perf_counter()
                taken = sessions.noops(connections, self.count, self.rate)
                seconds = time.perf_counter() - begin
                values = {"median": statistics.median(taken) * 1000, "slowest-in-100": statistics.quantiles(taken, n=100)[-1] * 1000}
                if bulk:
                    bulk.check()
                    values[self.way] = (bulk.moved() - before) / seconds / 1e6
        return values

    @contextlib.contextmanager
    def _beside(self, stage, standing):
        if not self.way:
            yield None
            return
        if self.way == "download":
            command = standing.moves.get(stage.files.holes("endless", 1 << 40), os.devnull)
        else:
            command = standing.moves.put(os.path.join(stage.files.served, stage.files.holes("gibibyte", 1 << 30)), "gibibyte", times=100)
        with Child(command, stage.rig.near, stage.keys.path("bulk.log")) as child:
            while child.moved() < 64 * MIB:
                child.check()
                time.sleep(0.01)
            yield child
        if self.way == "upload":
            os.remove(os.path.join(stage.files.incoming, "gibibyte"))


class Beside(Case):
    """A download beside others, and the same alone, before it and after: the share is of those two's mean, so that getting faster or slower with each turn counts for neither."""

    ftp_client = "curl"
    metrics = [Metric("speed", "MB/s", True), Metric("share", "% of it alone", True)]
    contenders = ["culvert", "ssh -L"]

    def __init__(self, size, seconds=20):
        self.size, self.seconds = size, seconds

    def others(self, stage, standing):
        raise NotImplementedError

    def remark(self, name):
        return describe(self.size)

    def measure(self, stage, name):
        source = "%d-bytes" % self.size
        stage.files.make("one", 1)
        stage.files.make(source, self.size)
        with contenders.ALL[name](stage) as standing:
            before = self._speed(stage, standing, source)
            with self.others(stage, standing):
                beside = self._speed(stage, standing, source)
            after = self._speed(stage, standing, source)
        return {"speed": beside, "share": 100 * beside / statistics.mean((before, after))}

    def _speed(self, stage, standing, source):
        taken = []
        for name in ("one", source):
            target = os.path.join(stage.files.received, name)
            taken.append(work(standing.moves.get(name, target), stage.rig.near)[0])
            stage.files.check(target, name)
        return (self.size - 1) / longer(*taken) / 1e6


class BesideStalled(Beside):
    """The other one has begun too, but its client reads nothing."""

    name, title = "beside-stalled", "download beside a client that reads nothing"

    def others(self, stage, standing):
        return sessions.stalled(stage, standing, 1)


class BesideIdle(Beside):
    """The others are logged in and say nothing; there's a delay, so that the window that is left for the download shows."""

    name, title = "beside-idle", "download beside 200 idle sessions"
    rig, count = ProxyRig(50), 200

    def others(self, stage, standing):
        return sessions.logged_in(standing.moves.address, standing.moves.port, self.count)


class StalledMemory(Case):
    """The tunnel's proportional set size with two hundred downloads whose clients read nothing, less that with none. What a client doesn't take must lie at the server."""

    name, title = "stalled-memory", "memory of 200 downloads whose clients read nothing"
    metrics = [Metric("memory", "MiB", False)]
    contenders = ["culvert", "ssh -L"]
    seconds, count = 20, 200

    def measure(self, stage, name):
        with contenders.ALL[name](stage, WIDE) as standing:
            before = standing.child.memory()
            with sessions.stalled(stage, standing, self.count):
                return {"memory": (self._settled(standing.child) - before) / 1024}

    @staticmethod
    def _settled(child, still=10):
        """The memory, once it has stopped growing."""
        most, looks = 0, 0
        while looks < still:
            time.sleep(0.1)
            now = child.memory()
            most, looks = (now, 0) if now > most + 256 else (most, looks + 1)
        return most
