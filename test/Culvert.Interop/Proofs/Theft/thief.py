"""Takes what others listen for: first-port last-port owner-of-the-listeners user-to-be [control-port].

Watches /proc/net/tcp for listeners of that owner in that range, connects to each at once and again as long as it stands, sends a whole file of
one word and reads. Says "ready", then a line for each listener that it got anything from, and at the end of its input how often it came through a door
and how often it was given something. With a control port it connects there instead, says what it reads, and ends.
"""
import os
import select
import socket
import sys

first, last, owner, user = map(int, sys.argv[1:5])
os.setgroups([])
os.setgid(user)
os.setuid(user)

if len(sys.argv) > 5:
    with socket.create_connection(("127.0.0.1", int(sys.argv[5])), timeout=20) as control:
        print(control.makefile("r", encoding="latin-1").readline().strip(), flush=True)
    sys.exit()

WORD = b"stolen\n"
table = os.open("/proc/net/tcp", os.O_RDONLY)
held = {}
doors, seen, given = 0, set(), 0


def listeners():
    # The kernel gives a page at a time, listeners first: the connections behind them need not be read.
    os.lseek(table, 0, os.SEEK_SET)
    text = b""
    while b"0A" in (page := os.read(table, 4096)).split():
        text += page
    for line in (text + page).split(b"\n")[1:]:
        fields = line.split()
        if len(fields) < 10 or fields[3] != b"0A":
            continue
        port = int(fields[1][-4:], 16)
        if first <= port <= last and int(fields[7]) == owner:
            yield port, fields[9]


def read(thief):
    global given
    try:
        got = thief.recv(65536)
    except BlockingIOError:
        return
    except OSError:
        got = b""
    if got and not held[thief][1]:
        given += 1
        held[thief][1] = True
        print("given something by", held[thief][0], flush=True)
    if not got:
        del held[thief]
        thief.close()


print("ready", flush=True)
while True:
    if select.select([sys.stdin], [], [], 0)[0] and not sys.stdin.readline():
        break
    for door in listeners():
        thief = socket.socket()
        try:
            thief.connect(("127.0.0.1", door[0]))
            thief.send(WORD)
            thief.shutdown(socket.SHUT_WR)
        except OSError:
            thief.close()
            continue
        doors += 1
        seen.add(door)
        thief.setblocking(False)
        held[thief] = [door[0], False]
    for thief in list(held):
        read(thief)
print("entered", len(seen), "doors in", doors, "attempts, given something", given, "times", flush=True)
