"""The servers' side: OpenSSH's sshd, vsftpd and pyftpdlib, with keys, certificate and files made in the run."""
import hashlib
import itertools
import os
import shutil
import subprocess
import sys

from .processes import Child, Failed, find, free_port, lacking, wait_for
from .rigs import FAR, PROXY, SERVER

CIPHER = "aes128-gcm@openssh.com"
KEY_EXCHANGE = "curve25519-sha256"
TLS_CIPHER = "ECDHE-RSA-AES128-GCM-SHA256"  # TLS 1.2 names one cipher; 1.3's first choice would be AES-256
NARROW, WIDE = 8, 512                       # passive data ports
_ranges = range(21000, 31000, WIDE)         # outside of what the kernel hands out, apart for the servers of a run, and mostly for runs at once
_data_ports = itertools.islice(itertools.cycle(_ranges), os.getpid() % len(_ranges), None)


PROGRAMS = ["sshd", "ssh-keygen", "openssl"]  # without which nothing can be measured


class Files:
    """What is transferred: random bytes in memory's file system where there is one, their hashes known."""

    def __init__(self, folder):
        self.folder = folder
        self.served, self.incoming, self.received = (os.path.join(folder, name) for name in ("served", "served/incoming", "received"))
        self.hashes = {}
        for path in (self.served, self.incoming, self.received):
            os.mkdir(path)
        if os.geteuid() == 0:
            shutil.chown(self.incoming, "daemon")

    def make(self, name, size):
        """A file of this size, made once; returns its path below the served folder."""
        path = os.path.join(self.served, name)
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            block = os.urandom(1 << 20)
            with open(path, "wb") as file:
                for at in range(0, size, len(block)):
                    file.write(block[:size - at])
                    block = block[1:] + block[:1]
            self.hashes[name] = digest(path)
        return path

    def holes(self, name, size):
        """A file without content, for transfers that don't end; returns its path below the served folder."""
        with open(os.path.join(self.served, name), "ab") as file:
            file.truncate(size)
        return name

    def many(self, count, size):
        """A folder of files; returns its name."""
        name = "%dx%d" % (count, size)
        for index in range(1, count + 1):
            self.make("%s/%04d" % (name, index), size)
        return name

    def check(self, path, name):
        """Whether a file arrived as it is; it is removed."""
        if digest(path) != self.hashes[name]:
            raise Failed("%s arrived with other bytes" % name)
        os.remove(path)

    def check_bytes(self, received):
        """Whether files that were kept in memory arrived as they are: {name: bytes}."""
        for name, content in received.items():
            if hashlib.sha256(content).hexdigest() != self.hashes[name]:
                raise Failed("%s arrived with other bytes" % name)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Keys:
    """Host and client key, known_hosts, and vsftpd's certificate."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("host", "client"):
            subprocess.run([find("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", self.path(name)], check=True)
        shutil.copy(self.path("client.pub"), self.path("authorized"))
        subprocess.run(
            [find("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=bench", "-days", "2", "-keyout", self.path("tls.key"),
             "-out", self.path("tls.crt"), "-addext", "subjectAltName=" + ",".join("IP:" + a for a in (SERVER, FAR))],
            check=True, stderr=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.folder, name)

    def know(self, port):
        with open(self.path("host.pub")) as key, open(self.path("known"), "w") as known:
            public = " ".join(key.read().split()[:2])
            for address in (SERVER, PROXY, FAR):
                known.write("[%s]:%d %s\n" % (address, port, public))


def sshd(rig, keys):
    with open(keys.path("sshd_config"), "w") as config:
        config.write(
            "Port %d\nListenAddress %s\nHostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\n"
            "MaxSessions 1000\nMaxStartups 1000\nSubsystem sftp %s\nCiphers %s\nKexAlgorithms %s\n" % (
                rig.ssh_port, rig.bind, keys.path("host"), keys.path("authorized"), find("sftp-server"), CIPHER, KEY_EXCHANGE))
    keys.know(rig.ssh_port)
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)  # sshd refuses to start as root without it
    child = Child([find("sshd"), "-D", "-e", "-f", keys.path("sshd_config")], rig.far, keys.path("sshd.log"))
    wait_for(child, SERVER if rig.bind != "0.0.0.0" else FAR, rig.ssh_port, rig.far)
    return child


class FtpServer:
    """An FTP server with anonymous logins and a fixed range of data ports."""

    def __init__(self, rig, keys, files, tls=False, ports=NARROW):
        self.port = free_port(SERVER)
        first = next(_data_ports)
        self.data_ports = range(first, first + ports)
        self.child = self._start(rig, keys, files, tls)
        wait_for(self.child, SERVER if rig.bind != "0.0.0.0" else FAR, self.port, rig.far)

    def _start(self, rig, keys, files, tls):
        raise NotImplementedError


class Pyftpdlib(FtpServer):
    """One that doesn't wait for the end of a data connection before it says 226. As it comes: `python3 -m pyftpdlib`."""

    missing = staticmethod(lambda: None if python_with("pyftpdlib") else "not installed: pyftpdlib")

    def _start(self, rig, keys, files, tls):
        command = [python_with("pyftpdlib"), "-B", "-W", "ignore", "-m", "pyftpdlib", "-i", rig.bind, "-p", str(self.port), "-d", files.served,
                   "-r", "%d-%d" % (self.data_ports[0], self.data_ports[-1])]
        return Child(command, rig.far, keys.path("pyftpdlib.log"))


class Vsftpd(FtpServer):
    """The one that Debian's administrators use."""

    missing = staticmethod(lambda: lacking(["vsftpd"]))

    def _start(self, rig, keys, files, tls):
        name = "vsftpd%s%d" % ("-tls" if tls else "", len(self.data_ports))
        identity = ("ftp_username=daemon\nnopriv_user=nobody\n" if os.geteuid() == 0 else
                    "run_as_launching_user=YES\nftp_username=%s\n" % os.environ.get("USER", "nobody"))
        empty = keys.path("empty")
        os.makedirs(empty, exist_ok=True)
        with open(keys.path(name + ".conf"), "w") as config:
            config.write(
                "background=NO\nlisten=YES\nlisten_address=%s\nlisten_port=%d\npasv_min_port=%d\npasv_max_port=%d\n%sanon_root=%s\n"
                "secure_chroot_dir=%s\nanonymous_enable=YES\nlocal_enable=NO\nwrite_enable=YES\nanon_upload_enable=YES\n"
                "anon_other_write_enable=YES\nanon_world_readable_only=NO\nanon_umask=022\nconnect_from_port_20=NO\n"
                "seccomp_sandbox=NO\nisolate=NO\nisolate_network=NO\nxferlog_enable=NO\nmax_clients=0\nmax_per_ip=0\nidle_session_timeout=3000\n" % (
                    rig.bind, self.port, self.data_ports[0], self.data_ports[-1], identity, files.served, empty))
            if tls:
                config.write(
                    "ssl_enable=YES\nssl_tlsv1=YES\nallow_anon_ssl=YES\nforce_anon_logins_ssl=YES\nforce_anon_data_ssl=YES\n"
                    "require_ssl_reuse=YES\nssl_ciphers=%s\nrsa_cert_file=%s\nrsa_private_key_file=%s\n" % (
                        TLS_CIPHER, keys.path("tls.crt"), keys.path("tls.key")))
        # vsftpd reports errors in its configuration on descriptor 0.
        return Child(["/bin/sh", "-c", "exec \"$0\" \"$1\" <&1", find("vsftpd"), keys.path(name + ".conf")], rig.far, keys.path(name + ".log"))


def python_with(module):
    """The path of a Python that has a module, or None."""
    for python in filter(None, dict.fromkeys((sys.executable, "/usr/bin/python3"))):
        if os.path.exists(python) and subprocess.run([python, "-c", "import " + module], stderr=subprocess.DEVNULL).returncode == 0:
            return python
    return None

