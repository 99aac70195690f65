"""Paramiko's server, with all that it speaks: address port host-keys authorized-keys user password rekey-bytes."""
import base64
import socket
import sys
import threading

import paramiko
from paramiko.packet import Packetizer

address, port, host_keys, authorized, user, password, rekey = sys.argv[1:8]
Packetizer.REKEY_BYTES = int(rekey)
Packetizer.REKEY_PACKETS = 1 << 29


def load(path):
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key_file(path)
        except paramiko.SSHException:
            pass
    raise SystemExit("no key: " + path)


KEYS = [load(path) for path in host_keys.split(",")]
with open(authorized) as lines:
    AUTHORIZED = {base64.b64decode(line.split()[1]) for line in lines if line.strip()}


def copy(source, sink, end):
    while data := source.recv(65536):
        sink.sendall(data)
    end()


class Server(paramiko.ServerInterface):
    def __init__(self):
        self.targets = {}

    def get_allowed_auths(self, username):
        return "publickey,password,keyboard-interactive"

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL if username == user and key.asbytes() in AUTHORIZED else paramiko.AUTH_FAILED

    def check_auth_password(self, username, given):
        return paramiko.AUTH_SUCCESSFUL if (username, given) == (user, password) else paramiko.AUTH_FAILED

    def check_auth_interactive(self, username, submethods):
        self.asked = username
        return paramiko.InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses):
        return paramiko.AUTH_SUCCESSFUL if (self.asked, list(responses)) == (user, [password]) else paramiko.AUTH_FAILED

    def check_channel_direct_tcpip_request(self, chanid, origin, destination):
        try:
            self.targets[chanid] = socket.create_connection(destination)
        except OSError:
            return paramiko.OPEN_FAILED_CONNECT_FAILED
        return paramiko.OPEN_SUCCEEDED


def serve(connection):
    transport = paramiko.Transport(connection)
    for key in KEYS:
        transport.add_server_key(key)
    server = Server()
    try:
        transport.start_server(server=server)
        while transport.is_active():
            channel = transport.accept(1)
            if channel is not None:
                target = server.targets.pop(channel.get_id())
                threading.Thread(target=copy, args=(channel, target, lambda: target.shutdown(socket.SHUT_WR)), daemon=True).start()
                threading.Thread(target=copy, args=(target, channel, channel.shutdown_write), daemon=True).start()
    except (paramiko.SSHException, EOFError, OSError) as error:
        print(error, flush=True)
    finally:
        transport.close()


paramiko.Transport.load_server_moduli("/etc/ssh/moduli")
listener = socket.create_server((address, int(port)), backlog=64)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
