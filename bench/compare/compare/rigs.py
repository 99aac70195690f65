"""The networks between client and server. A figure is worth nothing without the rig's name beside it."""
import contextlib
import os
import subprocess

from .processes import Child, Failed, find, free_port, lacking, work

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "native")
SERVER = "127.0.0.2"  # not the address that tunnels listen on: both have the same data ports
PROXY = "127.0.0.3"
NEAR, FAR = "10.99.0.1", "10.99.0.2"
GIGABIT = 1_000_000_000
QUEUE = GIGABIT // 8 // 20  # 50 ms of it
TUNED = 32 << 20            # the largest TCP buffer where an administrator has many long ways: tcp_rmem, tcp_wmem


class Rig:
    """Where programs run and by which address the client reaches the server's side."""

    kind = "loopback"
    buffers = None  # the largest of TCP's, in bytes, where they aren't as usual

    def __init__(self, delay=0, cap=None):
        self.delay, self.cap = delay, cap  # round trip in ms; bits per second
        self.near = self.far = None        # network namespaces
        self.bind = self.server = SERVER   # where servers listen; where the client finds them
        self.ssh_server = SERVER
        self.ssh_port = None

    @property
    def name(self):
        words = [self.kind]
        if self.delay:
            words.append("%d ms" % self.delay)
        if self.cap:
            words.append("1 Gbit/s")
        return " ".join(words)

    @contextlib.contextmanager
    def standing(self, folder):
        self.ssh_port = free_port(SERVER)
        yield self


class ProxyRig(Rig):
    """SSH goes through a proxy that holds every byte back: TCP's own bandwidth-delay limit is absent, SSH's windows show."""

    kind = "proxy"

    @contextlib.contextmanager
    def standing(self, folder):
        self.ssh_port = free_port(SERVER)
        self.ssh_server = PROXY
        command = [build("delayproxy", folder), str(self.delay * 500), PROXY, SERVER, str(self.ssh_port)]
        with Child(command, output=subprocess.PIPE, log=os.path.join(folder, "delayproxy.log")) as child:
            if child.process.stdout.readline() != b"ready\n":
                raise Failed("delayproxy: " + child.said())
            yield self


class PathRig(Rig):
    """Two network namespaces joined by TUN devices: the kernel's real TCP over a path with a delay, with its usual buffers or large ones. Needs root."""

    kind = "path"

    def __init__(self, delay, cap=None, buffers=None):
        super().__init__(delay, cap)
        self.buffers = buffers

    @property
    def name(self):
        return super().name + (", buffers of %d MiB" % (self.buffers >> 20) if self.buffers else "")

    @contextlib.contextmanager
    def standing(self, folder):
        command = [build("delaypath", folder), *(["-b", str(self.buffers)] if self.buffers else []), str(self.delay * 500)]
        if self.cap:
            command += [str(self.cap), str(QUEUE)]
        with Child(command, output=subprocess.PIPE, log=os.path.join(folder, "delaypath.log")) as child:
            words = child.process.stdout.readline().split()
            if len(words) != 3:
                raise Failed("delaypath: " + child.said())
            self.near, self.far = ("/proc/%d/fd/%d" % (child.pid, int(word)) for word in words[1:])
            self.bind, self.server, self.ssh_server, self.ssh_port = "0.0.0.0", FAR, FAR, 2222
            yield self


def build(name, folder):
    """Compiles one of the rigs' programs into the run's folder."""
    program = os.path.join(folder, name)
    if not os.path.exists(program):
        work([find("cc"), "-O2", "-Wall", "-o", program, os.path.join(SOURCES, name + ".c")])
    return program


def missing(rig):
    """Why a rig can't stand on this machine, or None."""
    if rig.kind == "path" and os.geteuid() != 0:
        return "the path rig needs root"
    if rig.kind == "path" and not os.path.exists("/dev/net/tun"):
        return "no /dev/net/tun"
    return lacking(["cc"]) if rig.delay else None  # the delays are made by programs of the benchmark's own
