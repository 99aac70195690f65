"""Many connections at once: the far end that answers a byte, the opens that are counted, the sessions that idle."""
import contextlib
import ftplib
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
