"""Many connections at once: the far end that answers a byte, the opens that are counted, the sessions that idle."""
import contextlib
import ftplib
import queue
import socket
import sys
import threading
import time

from .processes import Child, Failed, free_port, wait_for

ANSWER = """
import socket, sys
listener = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=1024)
while True:
    connection, _ = listener.accept()
    connection.sendall(b"!")
    connection.close()
"""


@contextlib.contextmanager
def answering(stage):
    """A program beside the SSH server that answers each connection with a byte; gives its port."""
    port = free_port(stage.rig.server)
    with Child([sys.executable, "-c", ANSWER, stage.rig.server, str(port)], stage.rig.far) as child:
        wait_for(child, stage.rig.server, port, stage.rig.far)
        yield port


def opens_per_second(port, count, at_once):
    """Connects this often, so many at a time; each waits for its byte and closes."""
    open_one(port)
    places, failures = queue.SimpleQueue(), []
    for _ in range(count):
        places.put(None)

    def go():
        with contextlib.suppress(queue.Empty):
            while not failures:
                places.get_nowait()
                try:
                    open_one(port)
                except (OSError, Failed) as failure:
                    failures.append(failure)

    threads = [threading.Thread(target=go) for _ in range(at_once)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise Failed("a channel did not open: %s" % failures[0])
    return count / (time.perf_counter() - begin)


def open_one(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        if connection.recv(1) != b"!":
            raise Failed("no answer came through the tunnel")


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
