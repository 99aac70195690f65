"""Drives a session in a terminal of its own, as a person would: terminal.py SCENARIO PROGRAM ARGUMENT...

Says what it saw as one line for each fact; ends with 1 when something that was waited for didn't come."""
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

PATIENCE = 30


class Person:
    def __init__(self, arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "vt100"
            os.execv(arguments[0], arguments)
        self.size(33, 101)
        self.usual = termios.tcgetattr(self.fd)
        self.seen = b""

    def size(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text)

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self.fd, 65536)
        except OSError:
            piece = b""
        self.seen += piece
        return piece != b""

    def wait(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            if time.monotonic() > end or not self.read(end - time.monotonic()):
                sys.exit("%r did not come: %r" % (text, self.seen))
        at = self.seen.index(text) + len(text)
        before, self.seen = self.seen[:at], self.seen[at:]
        return before

    def prompt(self, mark=[0]):
        """Waits for the shell to have done all that was typed."""
        mark[0] += 1
        self.type(b"echo mark-$((%d+0))-\n" % (1000 + mark[0]))
        self.wait(b"mark-%d-" % (1000 + mark[0]))

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                sys.exit(what + " did not come about")
            self.read(0.02)

    def state(self):
        with open("/proc/%d/stat" % self.pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0]

    def is_usual(self):
        return termios.tcgetattr(self.fd) == self.usual

    def end(self):
        status = []

        def ended():
            done, code = os.waitpid(self.pid, os.WNOHANG)
            if done:
                status.append(os.waitstatus_to_exitcode(code))
            return done != 0

        self.until(ended, "its end")
        print("exit", status[0])
        print("terminal", "restored" if self.is_usual() else "raw")


def shell(person):
    person.prompt()
    print("terminal", "restored" if person.is_usual() else "raw")
    person.type(b"echo size $(stty size) type $TERM.\n")
    person.wait(b"size 33 101 type vt100.")
    person.size(50, 132)
    # The window's change and what is typed are on the same way, but the shell may be slow to hear of it.
    person.type(b"until [ \"$(stty size)\" = '50 132' ]; do sleep 0.05; done; echo $(stty size) now.\n")
    person.wait(b"50 132 now.")
    print("size followed")
    person.type(b"sleep 1000\n")
    person.wait(b"sleep 1000")
    time.sleep(0.3)
    person.type(b"\x03")
    person.prompt()
    print("interrupted")
    person.type(b"exit 5\n")


def escapes(person):
    person.prompt()
    person.type(b"\r~?")
    person.wait(b"the escape character itself")
    person.type(b"\r~#")
    person.wait(b"The following connections are open:")
    person.wait(b"ftp")
    person.type(b"\r~s")
    person.wait(b", 1 exchanges so far")
    person.type(b"\r~r")
    person.prompt()
    person.type(b"\r~s")
    person.wait(b", 2 exchanges so far")
    person.type(b"\r~c")
    person.wait(b"channel 0: session, window 65536 with ")
    person.type(b"\r~u")
    person.wait(b"ssh-copy-id")
    person.type(b"\r~V")
    person.wait(b"culvert ")
    person.type(b"\r~~tilde\r")
    person.wait(b"~tilde")
    print("all heard")
    person.type(b"\r~.")


def suspend(person):
    person.prompt()
    person.type(b"\r~\x1a")
    person.until(lambda: person.state() == "T", "the stop")
    print("terminal", "restored" if person.is_usual() else "raw")
    os.kill(person.pid, signal.SIGCONT)
    person.until(lambda: not person.is_usual(), "raw mode")
    person.prompt()
    print("goes on")
    person.type(b"exit\n")


def secret(person):
    """Something that mustn't show is asked for, and told when it doesn't show."""
    person.wait(b": ")
    person.until(lambda: not termios.tcgetattr(person.fd)[3] & termios.ECHO, "silence")
    person.type(os.environ["CULVERT_TEST_SECRET"].encode() + b"\n")


def terminate(person):
    person.prompt()
    os.kill(person.pid, signal.SIGTERM)


def stuck(person):
    """The server doesn't read any more: the program is still to be reached."""
    person.type(b"echo server-$PPID-\n")
    person.until(lambda: re.search(rb"server-\d+-", person.seen), "the server's number")
    server = int(re.search(rb"server-(\d+)-", person.seen).group(1))
    os.kill(server, signal.SIGSTOP)
    try:
        for _ in range(200):
            person.type(b"x")
        person.type(b"\r~.")
        person.end()
    finally:
        os.kill(server, signal.SIGKILL)
    sys.exit(0)


person = Person(sys.argv[2:])
globals()[sys.argv[1]](person)
person.end()
