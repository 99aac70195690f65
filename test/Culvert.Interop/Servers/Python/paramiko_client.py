"""Paramiko's client: connects, stays until it is cut off, and comes again. Arguments: address port."""
import socket
import sys

import paramiko

while True:
    try:
        transport = paramiko.Transport(socket.create_connection((sys.argv[1], int(sys.argv[2]))))
        transport.connect(username="somebody", password="something")
        transport.join()
    except (paramiko.SSHException, EOFError, OSError) as error:
        print(error, flush=True)
