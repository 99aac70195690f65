"""An FTP client that spells its commands as it is told: address port user password own-address file verb-for-data.

The verb for data is PASV (the address in the reply is obeyed), PASV2 (so is that of a second transfer), or a spelling of PORT or EPRT in which
@ stands for the argument that names the client's own listener.
"""
import re
import socket
import sys

address, port, user, password, own, name, spelling = sys.argv[1:]
control = socket.create_connection((address, int(port)), timeout=20)
replies = control.makefile("r", encoding="latin-1", newline="\n")


def reply():
    while True:
        line = replies.readline()
        if not line:
            raise SystemExit("the control connection ended")
        print(line.strip(), flush=True)
        if re.match(r"\d\d\d ", line):
            return line


def ask(command):
    print("->", command, flush=True)
    control.sendall(command.encode("latin-1") + b"\r\n")
    for _ in command.split("\r\n")[1:]:
        reply()
    return reply()


def passive():
    numbers = [int(n) for n in re.search(r"(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)", ask("PASV")).groups()]
    data = socket.create_connection((".".join(map(str, numbers[:4])), numbers[4] << 8 | numbers[5]), timeout=5)
    return lambda: data


def active():
    listener = socket.create_server((own, 0))
    listener.settimeout(5)
    number = listener.getsockname()[1]
    extended = "eprt" in spelling.lower()
    words = "|1|%s|%d|" % (own, number) if extended else "%s,%d,%d" % (own.replace(".", ","), number >> 8, number & 255)
    if not ask(spelling.replace("@", words)).startswith("2"):
        raise SystemExit("refused")
    return lambda: listener.accept()[0]


def fetch():
    arranged = passive() if spelling.startswith("PASV") else active()
    print("-> RETR", flush=True)
    control.sendall(b"RETR " + name.encode() + b"\r\n")
    data = arranged()
    data.settimeout(5)
    if not reply().startswith("1"):
        raise SystemExit("refused")
    count = 0
    while True:
        part = data.recv(65536)
        if not part:
            break
        count += len(part)
    data.close()
    print(count, "bytes", flush=True)
    reply()


reply()
ask("USER " + user)
ask("PASS " + password)
ask("TYPE I")
fetch()
if spelling == "PASV2":
    fetch()
ask("QUIT")
