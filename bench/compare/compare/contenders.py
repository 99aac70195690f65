"""Culvert and its peers: how each stands before it is measured, and the commands by which it moves files."""
import contextlib
import os
import re

from .processes import REPOSITORY, Child, Failed, find, free_port, lacking, wait_for, work
from .servers import CIPHER, KEY_EXCHANGE, NARROW, TLS_CIPHER, WIDE, Vsftpd

CULVERT = os.path.join(REPOSITORY, "out", "culvert")
TUNNEL = "127.0.0.1"


class Stage:
    """What a contender finds: a rig with its servers, keys and files. FTP servers are started when they are asked for."""

    def __init__(self, rig, keys, files, stack, kind=Vsftpd):
        self.rig, self.keys, self.files = rig, keys, files
        self._stack, self._kind, self._servers = stack, kind, {}

    def ftp(self, tls=False, ports=NARROW):
        if (tls, ports) not in self._servers:
            server = self._kind(self.rig, self.keys, self.files, tls, ports)
            self._stack.enter_context(server.child)
            self._servers[tls, ports] = server
        return self._servers[tls, ports]

    def login(self):
        """The words with which both SSH programs log in, and by which algorithms."""
        return ["-F", "none", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=" + self.keys.path("known"), "-o", "GlobalKnownHostsFile=/dev/null",
                "-o", "StrictHostKeyChecking=yes", "-o", "Ciphers=" + CIPHER, "-o", "KexAlgorithms=" + KEY_EXCHANGE,
                "-o", "IdentitiesOnly=yes", "-o", "IdentityFile=" + self.keys.path("client"), "-o", "Port=%d" % self.rig.ssh_port]


class Ftp:
    """Files by FTP: curl for one, lftp's mirror for a folder of them, one after another."""

    def __init__(self, stage, address, port, tls=False):
        self.stage, self.address, self.port, self.url = stage, address, port, "ftp://%s:%d/" % (address, port)
        self.curl = [find("curl"), "-sS", "--user", "anonymous:bench", "--disable-epsv", "--ftp-skip-pasv-ip"]
        if tls:
            self.curl += ["--ssl-reqd", "--cacert", stage.keys.path("tls.crt"), "--tls-max", "1.2", "--ciphers", TLS_CIPHER]
        self.lftp = "set cmd:fail-exit yes; set net:max-retries 1; set ftp:ssl-allow no; set ftp:prefer-epsv yes; set ftp:use-mdtm no; open -u anonymous,bench -p %d %s; " % (port, address)

    def get(self, name, path):
        return self.curl + ["-o", path, self.url + name]

    def put(self, path, name, times=1):
        return self.curl + ["-T", path, self.url + "incoming/" + name] * times

    def get_folder(self, folder, received):
        return [find("lftp"), "--norc", "-c", self.lftp + "mirror --no-perms %s %s" % (folder, received)]


class Sftp:
    """Files by sftp, over an SSH connection that already stands."""

    def __init__(self, stage, control):
        self.stage, self.control = stage, control

    def _batch(self, *lines):
        path = self.stage.keys.path("batch")
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        return [find("sftp"), "-q", "-F", "none", "-o", "ControlPath=" + self.control, "-b", path, self.stage.rig.ssh_server]

    def _served(self, name):
        return os.path.join(self.stage.files.served, name)

    def get(self, name, path):
        return self._batch("get %s %s" % (self._served(name), path))

    def put(self, path, name):
        return self._batch("put %s %s" % (path, self._served("incoming/" + name)))

    def get_folder(self, folder, received):
        return self._batch("get -r %s %s" % (self._served(folder), received))


class SftpSingly(Sftp):
    """As scripts fetch a list of files by sftp: each with a get of its own, one after another."""

    def get_folder(self, folder, received):
        names = sorted(os.listdir(self._served(folder)))
        return self._batch("lmkdir " + received, *("get %s/%s %s" % (self._served(folder), name, received) for name in names))


class Scp(Sftp):
    """Files by scp (which speaks SFTP since OpenSSH 9.0), over an SSH connection that already stands."""

    def _command(self, source, target):
        return [find("scp"), "-q", "-F", "none", "-o", "ControlPath=" + self.control, source, target]

    def get(self, name, path):
        return self._command("%s:%s" % (self.stage.rig.ssh_server, self._served(name)), path)

    def put(self, path, name):
        return self._command(path, "%s:%s" % (self.stage.rig.ssh_server, self._served("incoming/" + name)))


class Rclone:
    """Files by rclone's SFTP engine, a program of its own in Go, which logs in for each command. sshd leaves it no choice of algorithms."""

    def __init__(self, stage):
        rig, keys = stage.rig, stage.keys
        self.stage = stage
        self.remote = ":sftp,host=%s,port=%d,user=root,key_file=%s,known_hosts_file=%s,shell_type=none,disable_hashcheck=true:" % (
            rig.ssh_server, rig.ssh_port, keys.path("client"), keys.path("known"))
        self.rclone = [find("rclone"), "--config", "/dev/null", "--ignore-checksum", "copyto"]

    def get(self, name, path):
        return self.rclone + [self.remote + os.path.join(self.stage.files.served, name), path]

    def put(self, path, name):
        return self.rclone + [path, self.remote + os.path.join(self.stage.files.incoming, name)]


class Standing:
    """A contender that is ready: its tunnel's process, if it has one, and its way to move files."""

    def __init__(self, moves, child=None):
        self.moves, self.child = moves, child


@contextlib.contextmanager
def culvert(stage, ports=NARROW, more=()):
    server, port, log = stage.ftp(ports=ports), free_port(), stage.keys.path("culvert.log")
    command = [CULVERT, "-v", "--max-sessions", "5000"] + stage.login() + [
        *more, "-L", "ftp/%s:%d:%s:%d" % (TUNNEL, port, far_ftp(stage), server.port), stage.rig.ssh_server]
    with Child(command, stage.rig.near, log) as child:
        wait_for(child, TUNNEL, port, stage.rig.near)
        verify(child.said())
        yield Standing(Ftp(stage, TUNNEL, port), child)


def culvert_prefetch(stage):
    """With the option that asks the FTP server for the next passive port ahead."""
    return culvert(stage, more=("--passive-prefetch", "yes"))


def culvert_no_delay(stage):
    """With the option that makes sshd up to 10.0 send small packets at once."""
    return culvert(stage, more=("--server-no-delay", "yes"))


def culvert_no_delay_prefetch(stage):
    """With both."""
    return culvert(stage, more=("--server-no-delay", "yes", "--passive-prefetch", "yes"))


@contextlib.contextmanager
def ssh_forward(stage, ports=NARROW):
    """ssh -L as people use it for FTP: the control port, and by hand every port of the server's passive range."""
    server, port, log = stage.ftp(ports=ports), free_port(), stage.keys.path("ssh.log")
    forwards = ["-L", "%s:%d:%s:%d" % (TUNNEL, port, far_ftp(stage), server.port)]
    for data in server.data_ports:
        forwards += ["-L", "%s:%d:%s:%d" % (TUNNEL, data, far_ftp(stage), data)]
    with Child([find("ssh"), "-v", "-N"] + stage.login() + forwards + [stage.rig.ssh_server], stage.rig.near, log) as child:
        wait_for(child, TUNNEL, server.data_ports[-1], stage.rig.near)
        verify(child.said())
        yield Standing(Ftp(stage, TUNNEL, port), child)


@contextlib.contextmanager
def sftp(stage, moves=Sftp):
    control, log = stage.keys.path("master"), stage.keys.path("master.log")
    with Child([find("ssh"), "-v", "-N", "-M", "-S", control] + stage.login() + [stage.rig.ssh_server], stage.rig.near, log) as child:
        while not os.path.exists(control):
            child.check()
        verify(child.said())
        yield Standing(moves(stage, control), child)


@contextlib.contextmanager
def sftp_singly(stage):
    with sftp(stage, SftpSingly) as standing:
        yield standing


@contextlib.contextmanager
def scp(stage):
    with sftp(stage, Scp) as standing:
        yield standing


@contextlib.contextmanager
def rclone(stage):
    yield Standing(Rclone(stage))


@contextlib.contextmanager
def plain_ftp(stage, ports=NARROW):
    yield Standing(Ftp(stage, stage.rig.server, stage.ftp(ports=ports).port))


@contextlib.contextmanager
def ftps(stage):
    yield Standing(Ftp(stage, stage.rig.server, stage.ftp(tls=True).port, tls=True))


def far_ftp(stage):
    """The FTP server as sshd reaches it."""
    return "127.0.0.2" if stage.rig.bind == "0.0.0.0" else stage.rig.bind


ALL = {"culvert": culvert, "prefetch": culvert_prefetch, "no-delay": culvert_no_delay, "no-delay + prefetch": culvert_no_delay_prefetch,
       "ssh -L": ssh_forward, "sftp": sftp, "sftp get": sftp_singly, "scp": scp, "rclone": rclone, "FTPS": ftps, "FTP": plain_ftp}
OWN = ("culvert", "prefetch", "no-delay", "no-delay + prefetch")  # Culvert without and with options: no peers
PROGRAMS = {"ssh -L": ["ssh"], "sftp": ["ssh", "sftp", "sftp-server"], "sftp get": ["ssh", "sftp", "sftp-server"],
            "scp": ["ssh", "scp", "sftp-server"], "rclone": ["rclone", "sftp-server"]}
BY_SFTP = ("sftp", "sftp get", "scp", "rclone")  # the others move files by FTP


def label(name):
    """A contender's name for people."""
    return "culvert, " + name if name in OWN and name != "culvert" else name


def missing(name, ftp_client):
    """Why a contender can't take part where this program (or None) moves files by FTP, or None."""
    return lacking(PROGRAMS.get(name, []) + ([ftp_client] if ftp_client and name not in BY_SFTP else []))


def verify(log):
    """Both programs say in ssh's own words what was agreed on."""
    agreed = set(re.findall(r"kex: algorithm: (\S+)", log)), set(re.findall(r"cipher: (\S+)", log))
    if agreed != ({KEY_EXCHANGE}, {CIPHER}):
        raise Failed("other algorithms than asked for: %s" % (agreed,))


def version(program, *words):
    """The first line of what a program says of itself."""
    path = program if os.path.isabs(program) else find(program)
    if path is None:
        return None
    try:
        return work([path, *words], limit=10)[1].strip().splitlines()[0]
    except (Failed, IndexError):
        return os.path.basename(path)
