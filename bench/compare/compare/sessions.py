"""Many connections at once: the far end that answers a byte, the opens that are counted, the sessions that idle."""
import contextlib
import ftplib
import random
import selectors
import socket
import subprocess
import threading
import time

from .processes import Child, Failed, free_port, work
from .rigs import build


@contextlib.contextmanager
def answering(stage):
    """A program beside the SSH server that answers each connection with a byte; gives its port."""
    port = free_port(stage.rig.server)
    with Child([build("channels", stage.keys.folder), "answer", stage.rig.server, str(port)], stage.rig.far, output=subprocess.PIPE) as child:
        child.process.stdout.readline()
        child.check()
        yield port


def opens_per_second(stage, port, count, at_once):
    """Connects this often, so many at a time; each waits for its byte and closes."""
    _, printed = work([build("channels", stage.keys.folder), "open", str(port), str(count), str(at_once)], stage.rig.near)
    return float(printed)


@contextlib.contextmanager
def logged_in(address, port, count):
    """This many FTP sessions, logged in and idle."""
    with contextlib.ExitStack() as stack:
        connections = []
        for begin in range(0, count, 50):
            some = [stack.enter_context(socket.create_connection((address, port), timeout=60)) for _ in range(min(50, count - begin))]
            for say, answer in ((None, b"220"), (b"USER anonymous\r\n", b"331"), (b"PASS bench\r\n", b"230")):
                for connection in some:
                    if say:
                        connection.sendall(say)
                for connection in some:
                    said = connection.recv(4096)
                    if not said.startswith(answer):
                        raise Failed("a session was answered %r" % said[:80])
            connections += some
        yield connections


def noops(connections, count, rate, seed=1):
    """
    Sends so many NOOPs at random moments, so many a second, each in a session in which none is under way; returns the seconds from each one's moment to its reply.
    The moments are drawn beforehand: what is slow makes the next ones wait too, and can't hide by not asking meanwhile.
    """
    chance = random.Random(seed)
    free, under_way, taken = list(connections), {}, []
    chance.shuffle(free)
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        due = time.perf_counter()
        while len(taken) < count:
            left = due - time.perf_counter() if len(taken) + len(under_way) < count and free else None
            if left is not None and left <= 0:
                connection = free.pop(0)
                connection.sendall(b"NOOP\r\n")
                under_way[connection] = due
                due += chance.expovariate(rate)
                continue
            ready = selector.select(60 if left is None else left)
            if left is None and not ready:
                raise Failed("no answer to NOOP within 60 s")
            for key, _ in ready:
                said = key.fileobj.recv(4096)
                if not said.startswith(b"200") or not said.endswith(b"\r\n"):
                    raise Failed("NOOP was answered %r" % said[:80])
                taken.append(time.perf_counter() - under_way.pop(key.fileobj))
                free.append(key.fileobj)
    return taken


@contextlib.contextmanager
def stalled(stage, standing, count):
    """So many downloads that have begun and whose clients read nothing."""
    source = stage.files.holes("endless", 1 << 40)
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(contextlib.closing(ftplib.FTP(timeout=60)))  # as a context of its own it would say QUIT, and wait for the end
            client.connect(standing.moves.address, standing.moves.port)
            client.login("anonymous", "bench")
            client.voidcmd("TYPE I")
            stack.enter_context(client.transfercmd("RETR " + source))
        yield


def fetch_at_once(address, port, names):
    """Each file in an FTP session of its own, already logged in, all at the same time; returns the seconds and the files' bytes."""
    received, failures = {}, []

    def fetch(client, name):
        try:
            blocks = []
            client.retrbinary("RETR " + name, blocks.append, 65536)
            received[name] = b"".join(blocks)
        except (OSError, EOFError, ftplib.Error) as failure:
            failures.append(failure)

    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(ftplib.FTP(timeout=60)) for _ in names]
        for client in clients:
            client.connect(address, port)
            client.login("anonymous", "bench")
        threads = [threading.Thread(target=fetch, args=pair) for pair in zip(clients, names)]
        begin = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - begin
    if failures:
        raise Failed("%d of %d sessions failed: %s" % (len(failures), len(names), failures[0]))
    return seconds, received
