"""What a figure belongs to: the machine, the kernel's settings, the programs and their versions."""
import os
import re
import subprocess

from .contenders import CULVERT, version
from .processes import REPOSITORY, find
from .servers import CIPHER, KEY_EXCHANGE, TLS_CIPHER, digest, python_with


def describe():
    return {
        "processor": "%d × %s" % (os.cpu_count(), first(r"model name\s*:\s*(.*)", "/proc/cpuinfo")),
        "memory": "%.0f GiB" % (int(first(r"MemTotal:\s*(\d+)", "/proc/meminfo")) / 1048576),
        "kernel": "Linux " + os.uname().release,
        "congestion control": first(r"(.*)", "/proc/sys/net/ipv4/tcp_congestion_control"),
        "commit": commit(),
        "algorithms": "%s and %s for every SSH, read from the programs' -v logs; %s for FTPS" % (KEY_EXCHANGE, CIPHER, TLS_CIPHER),
        "versions": {name: said for name, said in {
            "culvert": version(CULVERT, "-V"), "OpenSSH": version("ssh", "-V"), "vsftpd": vsftpd(), "curl": version("curl", "--version"),
            "pyftpdlib": pyftpdlib(), "lftp": version("lftp", "--version"), "rclone": version("rclone", "--version")}.items() if said},
    }


def binary():
    """What was measured. The commit is the work tree's, and tells nothing of when the binary was built."""
    return {"sha256": digest(CULVERT), "size": os.path.getsize(CULVERT), "stale": os.path.getmtime(CULVERT) < last_change()}


def last_change():
    """When a source was changed last; what builds leave beside them isn't one."""
    last = 0
    for folder, folders, files in os.walk(os.path.join(REPOSITORY, "src")):
        folders[:] = [name for name in folders if name not in ("bin", "obj")]
        last = max([last] + [os.path.getmtime(os.path.join(folder, name)) for name in files])
    return last


def vsftpd():
    """vsftpd prints its version to descriptor 0."""
    program = find("vsftpd")
    if program is None:
        return None
    return subprocess.run(["/bin/sh", "-c", "\"$0\" -v 0>&1", program], capture_output=True, text=True).stdout.strip()


def pyftpdlib():
    python = python_with("pyftpdlib")
    return python and subprocess.run([python, "-c", "import pyftpdlib; print('pyftpdlib', pyftpdlib.__ver__)"], capture_output=True, text=True).stdout.strip()


def first(pattern, path):
    with open(path) as file:
        found = re.search(pattern, file.read())
    return found.group(1) if found else "unknown"


def commit():
    said = subprocess.run(["git", "-C", REPOSITORY, "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True)
    return said.stdout.strip() or "unknown"
