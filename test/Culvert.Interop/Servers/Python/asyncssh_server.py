"""AsyncSSH's server, with all that it speaks: address port host-keys authorized-keys user password rekey-bytes."""
import asyncio
import inspect
import sys

import asyncssh
from asyncssh.encryption import get_encryption_algs
from asyncssh.kex import get_kex_algs
from asyncssh.mac import get_mac_algs
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers

# AsyncSSH 2.20 says how keys are to be checked by a name that cryptography 38 of Debian 12 doesn't have yet: it then checks them all.
if "unsafe_skip_rsa_key_validation" not in inspect.signature(RSAPrivateNumbers.private_key).parameters:
    plain = RSAPrivateNumbers.private_key
    RSAPrivateNumbers.private_key = lambda self, backend=None, unsafe_skip_rsa_key_validation=None: plain(self, backend)

address, port, host_keys, authorized, user, password, rekey = sys.argv[1:8]


class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return True

    def validate_password(self, username, given):
        return username == user and given == password

    def kbdint_auth_supported(self):
        return True

    def get_kbdint_challenge(self, username, lang, submethods):
        return "", "", "en", [("Password: ", False)]

    def validate_kbdint_response(self, username, responses):
        return username == user and responses == [password]

    def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
        return True

    def server_requested(self, listen_host, listen_port):
        return True


async def main():
    await asyncssh.listen(
        address, int(port), server_factory=Server, server_host_keys=host_keys.split(","), authorized_client_keys=authorized,
        kex_algs=[name for name in map(bytes.decode, get_kex_algs()) if not name.startswith("gss-")],
        encryption_algs=[name.decode() for name in get_encryption_algs()],
        mac_algs=[name.decode() for name in get_mac_algs()],
        rekey_bytes=int(rekey))
    await asyncio.get_running_loop().create_future()


asyncio.run(main())
