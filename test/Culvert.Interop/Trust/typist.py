"""Runs a program at a terminal of its own and answers the moment a question shows, as sshpass and expect do.

typist.py UNTIL [QUESTION ANSWER]... -- PROGRAM WORDS...
Ends the program (SIGINT) when UNTIL has shown after the last answer. Prints all that the terminal showed, and exits as the program did.
"""
import os, pty, signal, sys

split = sys.argv.index("--")
until, script, command = sys.argv[1], sys.argv[2:split], sys.argv[split + 1:]
steps = list(zip(script[::2], script[1::2]))
process, terminal = pty.fork()
if process == 0:
    os.execvp(command[0], command)
shown, seen = b"", 0
while True:
    try:
        more = os.read(terminal, 4096)
    except OSError:
        break
    if not more:
        break
    shown += more
    os.write(1, more)
    if steps and steps[0][0].encode() in shown[seen:]:
        seen = len(shown)
        os.write(terminal, steps.pop(0)[1].encode() + b"\n")
    elif not steps and until and until.encode() in shown[seen:]:
        until = ""
        os.kill(process, signal.SIGINT)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) % 256)
