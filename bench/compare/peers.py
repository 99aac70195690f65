"""The programs that the comparison runs: one sshd, one small FTP server, and a tunnel by culvert or by ssh."""
import os
import re
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process):
    """Waits until something accepts; returns the seconds since the call."""
    begin = time.perf_counter()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return time.perf_counter() - begin
        except ConnectionRefusedError:
            if process is not None and process.poll() is not None:
                raise SystemExit("a tunnel ended at once: " + " ".join(process.args))
            time.sleep(0.001)


class Sshd:
    """OpenSSH's server with keys of its own, on a free port."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="culvert-compare-")
        self.port = free_port()
        for name in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(name)], check=True)
        shutil.copy(self.path("client.pub"), self.path("authorized"))
        with open(self.path("host.pub")) as key, open(self.path("known"), "w") as known:
            known.write("[127.0.0.1]:%d %s" % (self.port, " ".join(key.read().split()[:2]) + "\n"))
        with open(self.path("config"), "w") as config:
            config.write(
                "Port %d\nListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\n"
                "PermitRootLogin yes\nPidFile none\nMaxSessions 100\n" % (self.port, self.path("host"), self.path("authorized")))
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)  # sshd refuses to start as root without it
        self.process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", self.path("config")], stderr=subprocess.DEVNULL)
        wait_for_port(self.port, self.process)

    def path(self, name):
        return os.path.join(self.folder, name)

    def login(self, cipher):
        return ["-F", "none", "-N", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=" + self.path("known"),
                "-o", "StrictHostKeyChecking=yes", "-o", "Ciphers=" + cipher, "-i", self.path("client"), "-p", str(self.port)]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


class Tunnel:
    """A plain tunnel by one of the two programs, with the seconds from its start until it listens."""

    def __init__(self, program, sshd, cipher, destinations):
        self.ports = [free_port() for _ in destinations]
        kind = "tcp/" if os.path.basename(program) != "ssh" else ""
        forwards = []
        for port, destination in zip(self.ports, destinations):
            forwards += ["-L", "%s127.0.0.1:%d:127.0.0.1:%d" % (kind, port, destination)]
        environment = {name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"}
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [program] + sshd.login(cipher) + forwards + ["127.0.0.1"],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.ports[-1], self.process)
        self.start = time.perf_counter() - begin

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Endpoint(socketserver.ThreadingTCPServer):
    """Beyond the tunnel: greets like an FTP server, or sends or takes a given number of bytes."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, behaviour):
        super().__init__(("127.0.0.1", 0), None)
        self.behaviour = behaviour
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, request, client_address):
        self.behaviour(request)


def greet(request):
    request.sendall(b"220 ready\r\n")


def sender(length):
    block = os.urandom(1 << 20)

    def send(request):
        for _ in range(length // len(block)):
            request.sendall(block)
        request.shutdown(socket.SHUT_WR)
        request.recv(1)

    return send


def taker(request):
    buffer = bytearray(1 << 20)
    total = 0
    while count := request.recv_into(buffer):
        total += count
    request.sendall(b"%d" % total)


def version(program):
    said = subprocess.run([program, "-V"], capture_output=True, text=True)
    return (said.stdout + said.stderr).strip().splitlines()[0]


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        found = re.search(r"model name\s*:\s*(.*)", file.read())
        if found:
            model = found.group(1)
    return "%d × %s, Linux %s" % (os.cpu_count(), model, os.uname().release)
