"""What is measured. A case stands on one rig and gives one or more metrics for each contender in each round."""
import dataclasses
import os
import statistics
import time

from . import contenders, sessions
from .contenders import OWN, TUNNEL
from .processes import Child, Failed, find, free_port, wait_for, work
from .rigs import Rig
from .servers import Vsftpd

MIB = 1 << 20


@dataclasses.dataclass(frozen=True)
class Metric:
    """A quantity, its unit, and which way is better."""

    name: str
    unit: str
    more_is_better: bool


class Case:
    name = ""
    title = ""
    rig = Rig()
    metrics = []
    contenders = []
    server = Vsftpd
    programs = ()      # which it needs itself
    ftp_client = None  # by which contenders move files by FTP; None where the benchmark does, or nobody
    seconds = 10  # a round's, roughly, for what is said before the start

    def measure(self, stage, name):
        """One contender's turn: {metric's name: value}."""
        raise NotImplementedError

    def remark(self, name):
        """What must stand beside a contender's figure, or ""."""
        return ""


class Start(Case):
    """From the start of the program until its port takes a connection: connection, key exchange, login, listener."""

    name, title = "start", "start to listening"
    metrics = [Metric("start", "ms", False)]
    contenders = ["culvert", "ssh -L"]
    seconds = 2
    turns = 5

    def measure(self, stage, name):
        server, taken = stage.ftp(), []
        for _ in range(self.turns):
            port = free_port()
            forward = "%s:%d:%s:%d" % (TUNNEL, port, contenders.far_ftp(stage), server.port)
            own = [contenders.CULVERT] if name == "culvert" else [find("ssh"), "-N"]
            forward = "ftp/" + forward if name == "culvert" else forward
            begin = time.perf_counter()
            with Child(own + stage.login() + ["-L", forward, stage.rig.ssh_server]) as child:
                taken.append((wait_for(child, TUNNEL, port) - begin) * 1000)
        return {"start": statistics.median(taken)}


class Bulk(Case):
    """
    One big file. The time of a file of one byte by the same means, taken just before, is subtracted: logging in to FTP or
    starting an sftp session isn't counted, whoever needs how many round trips for it, and a slow peer's smaller file is no disadvantage
    (but on a path, where TCP's slow start is in the figure: there everybody moves the same).
    """

    ftp_client = "curl"

    def __init__(self, way, rig, names, size, slow_size=None, seconds=30):
        self.way, self.rig, self.contenders, self.size, self.slow_size, self.seconds = way, rig, names, size, slow_size or size, seconds
        self.name = "-".join(filter(None, [rig.kind, "capped" if rig.cap else "", "tuned" if rig.buffers else "", way, str(rig.delay or "")]))
        self.title = "%s of one file" % way
        self.metrics = [Metric("speed", "MB/s", True)]
        if not rig.delay:
            self.metrics.append(Metric("CPU", "s/GiB", False))

    def size_for(self, name):
        return self.size if name in (*OWN, "FTP", "FTPS") else min(self.size, self.slow_size)

    def remark(self, name):
        return describe(self.size_for(name))

    def measure(self, stage, name):
        size = self.size_for(name)
        stage.files.make("one", 1)
        source = "%d-bytes" % size
        stage.files.make(source, size)
        with contenders.ALL[name](stage) as standing:
            short, _ = self._move(stage, standing, "one")
            cpu = standing.child.cpu() if standing.child else 0
            long, _ = self._move(stage, standing, source)
            values = {"speed": (size - 1) / longer(short, long) / 1e6}
            if name in ("culvert", "ssh -L") and not self.rig.delay:
                values["CPU"] = (standing.child.cpu() - cpu) * 1024 * MIB / size
        return values

    def _move(self, stage, standing, source):
        files = stage.files
        target = os.path.join(files.received if self.way == "download" else files.incoming, source)
        command = (standing.moves.get(source, target) if self.way == "download" else
                   standing.moves.put(os.path.join(files.served, source), source))
        seconds = work(command, stage.rig.near)
        files.check(target, source)
        return seconds


class SmallFiles(Case):
    """Many files, one after another, in one session, by lftp's mirror, sftp's get -r, or (sftp get) a get for each. The time of a folder with one file is subtracted."""

    metrics = [Metric("files", "files/s", True)]
    ftp_client = "lftp"

    def __init__(self, rig, names, size, count, fewer=None, seconds=20, server=Vsftpd):
        self.rig, self.contenders, self.size, self.count, self.fewer, self.seconds, self.server = rig, names, size, count, fewer or {}, seconds, server
        other = server.__name__.lower() if server is not Vsftpd else ""
        self.name = "-".join(filter(None, ["files", describe(size).replace(" ", ""), rig.kind if rig.delay else "", str(rig.delay or ""), other]))
        self.title = "small files, %s each, in one session" % describe(size) + (", from %s" % other if other else "")

    def remark(self, name):
        return "%d files" % self.fewer.get(name, self.count)

    def measure(self, stage, name):
        count = self.fewer.get(name, self.count)
        files, taken = stage.files, []
        with contenders.ALL[name](stage) as standing:
            for part in (1, count):
                folder = files.many(part, self.size)
                target = os.path.join(files.received, folder)
                seconds, _ = work(standing.moves.get_folder(folder, target), stage.rig.near)
                for served in os.listdir(os.path.join(files.served, folder)):
                    files.check(os.path.join(target, served), "%s/%s" % (folder, served))
                os.rmdir(target)
                taken.append(seconds)
        return {"files": (count - 1) / longer(*taken)}


class Opens(Case):
    """Channel opens: connect through a plain forward, wait for the one byte that the other end answers with, close."""

    contenders = ["culvert", "ssh -L"]
    programs = ["cc"]

    def __init__(self, at_once, count, fewer):
        self.at_once, self.count, self.fewer = at_once, count, fewer
        self.name, self.title, self.seconds = "opens-%d" % at_once, "channel opens, %s" % ("in sequence" if at_once == 1 else "%d at a time" % at_once), 5
        self.metrics = [Metric("opens", "per s", True)]

    def remark(self, name):
        return "%d opens" % (self.count if name == "culvert" else self.fewer)

    def measure(self, stage, name):
        count = self.count if name == "culvert" else self.fewer
        with sessions.answering(stage) as answers:
            port = free_port()
            forward = "%s:%d:%s:%d" % (TUNNEL, port, stage.rig.server, answers)
            own = [contenders.CULVERT, "--max-sessions", "1000"] if name == "culvert" else [find("ssh"), "-N"]
            forward = "tcp/" + forward if name == "culvert" else forward
            with Child(own + stage.login() + ["-L", forward, stage.rig.ssh_server], stage.rig.near, stage.keys.path("opens.log")) as child:
                wait_for(child, TUNNEL, port)
                return {"opens": sessions.opens_per_second(stage, port, count, self.at_once)}


class Sessions(Case):
    """A hundred FTP sessions at once, logged in before, each with a file of 1 MiB."""

    title = "100 sessions at once, 1 MiB each"
    metrics = [Metric("speed", "MB/s", True)]
    count = 100

    def __init__(self, rig, names, seconds):
        self.rig, self.contenders, self.seconds = rig, names, seconds
        self.name = "-".join(filter(None, ["sessions", rig.kind if rig.delay else "", str(rig.delay or "")]))

    def measure(self, stage, name):
        files = stage.files
        folder = files.many(self.count, MIB)
        names = ["%s/%04d" % (folder, index) for index in range(1, self.count + 1)]
        with contenders.ALL[name](stage, contenders.WIDE) as standing:
            seconds, received = sessions.fetch_at_once(standing.moves.address, standing.moves.port, names)
        files.check_bytes(received)
        return {"speed": self.count * MIB / seconds / 1e6}


class Memory(Case):
    """The tunnel's proportional set size with a thousand logged-in, idle FTP sessions, less that with none, over a thousand."""

    name, title = "memory", "memory per idle session"
    metrics = [Metric("memory", "KiB", False)]
    contenders = ["culvert", "ssh -L"]
    seconds = 25
    count = 1000

    def measure(self, stage, name):
        with contenders.ALL[name](stage) as standing:
            before = standing.child.memory()
            with sessions.logged_in(TUNNEL, standing.moves.port, self.count):
                return {"memory": (standing.child.memory() - before) / self.count}


def longer(short, long):
    """By how much the long work took longer; on a machine that is busy with something else it may not have."""
    if long <= short:
        raise Failed("the long work took %.3f s, the short one %.3f s" % (long, short))
    return long - short


def describe(size):
    for unit, name in ((1024 * MIB, "GiB"), (MIB, "MiB"), (1024, "KiB")):
        if size >= unit and size % unit == 0:
            return "%d %s" % (size // unit, name)
    return "%d bytes" % size
