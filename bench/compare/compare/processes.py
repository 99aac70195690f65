"""Children: started in a namespace, ended by their number; what the kernel says about them."""
import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
UNPACKED = os.path.join(REPOSITORY, "artifacts", "peers", "root")  # where test/Culvert.Interop/install-peers.sh unpacks FTP servers
NEW_NETWORK = 0x40000000  # CLONE_NEWNET

_libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """A program of the comparison did not do its work; the text says which and why."""


def find(program):
    """The path of a program, or None."""
    folders = [UNPACKED + folder for folder in ("/usr/sbin", "/usr/bin")] + os.get_exec_path() + ["/usr/sbin", "/sbin", "/usr/lib/openssh"]
    return shutil.which(program, path=os.pathsep.join(folders))


def lacking(programs):
    """Which of these programs aren't there, in words, or None."""
    absent = [program for program in programs if find(program) is None]
    return "not installed: " + ", ".join(absent) if absent else None


@contextlib.contextmanager
def inside(namespace):
    """This thread in a network namespace (a path to it, or None for the machine's own)."""
    if namespace is None:
        yield
        return
    own, other = os.open("/proc/thread-self/ns/net", os.O_RDONLY), os.open(namespace, os.O_RDONLY)
    try:
        _enter(other)
        try:
            yield
        finally:
            _enter(own)
    finally:
        os.close(own)
        os.close(other)


def _enter(descriptor):
    if _libc.setns(descriptor, NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def environment():
    """Ours, without an agent whose keys one of the programs might try."""
    return {name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"} | {"HOME": "/nonexistent", "LC_ALL": "C"}


class Child:
    """A running program. It is ended with the block that holds it."""

    running = set()  # all of them, for what comes (a signal, a failed start) before a block holds one

    def __init__(self, command, namespace=None, log=None, output=None):
        self.command, self.log = command, log
        with inside(namespace), open(log or os.devnull, "wb") as messages:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output or messages, stderr=messages, env=environment())
        self.pid = self.process.pid
        Child.running.add(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        Child.running.discard(self)

    def check(self):
        if self.process.poll() is not None:
            raise Failed("%s ended with status %d: %s" % (
                os.path.basename(self.command[0]), self.process.returncode, self.said().strip()[-300:]))

    def said(self):
        if not self.log:
            return ""
        with open(self.log, errors="replace") as messages:
            return messages.read()

    def cpu(self):
        """CPU seconds of the process until now, all its threads, to the nanosecond."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def moved(self):
        """Bytes that it has read from files and written to them (what curl sends and receives isn't in it)."""
        with open("/proc/%d/io" % self.pid) as file:
            return sum(int(line.split()[1]) for line in file if line.startswith(("rchar:", "wchar:")))

    def memory(self):
        """Its proportional set size in KiB."""
        with open("/proc/%d/smaps_rollup" % self.pid) as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))


def work(command, namespace=None, limit=600):
    """Runs a command to its end; returns the seconds it took and what it printed."""
    begin = time.perf_counter()
    with inside(namespace):
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(), text=True, errors="replace")
    try:
        printed, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        raise Failed("%s took longer than %d s" % (os.path.basename(command[0]), limit)) from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    seconds = time.perf_counter() - begin
    if process.returncode != 0:
        raise Failed("%s ended with status %d: %s" % (os.path.basename(command[0]), process.returncode, printed.strip()[-300:]))
    return seconds, printed


def connect(address, port, namespace=None):
    with inside(namespace):
        return socket.create_connection((address, port), timeout=60)


def wait_for(child, address, port, namespace=None, limit=30):
    """Waits until something listens; returns the time at which it was seen."""
    until = time.perf_counter() + limit
    while True:
        try:
            connect(address, port, namespace).close()
            return time.perf_counter()
        except ConnectionRefusedError:
            child.check()
            if time.perf_counter() > until:
                raise Failed("%s does not listen after %d s" % (os.path.basename(child.command[0]), limit)) from None
            time.sleep(0.001)


def free_port(address="127.0.0.1"):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]
