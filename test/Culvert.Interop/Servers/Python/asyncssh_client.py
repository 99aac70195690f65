"""AsyncSSH's client, with all that it speaks: connects, stays until it is cut off, and comes again. Arguments: address port."""
import asyncio
import sys

import asyncssh
from asyncssh.encryption import get_encryption_algs
from asyncssh.kex import get_kex_algs
from asyncssh.mac import get_mac_algs


async def main():
    while True:
        try:
            connection = await asyncssh.connect(
                sys.argv[1], int(sys.argv[2]), username="somebody", password="something", known_hosts=None, client_keys=None, config=None,
                server_host_key_algs=["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256"],
                kex_algs=[name for name in map(bytes.decode, get_kex_algs()) if not name.startswith("gss-")],
                encryption_algs=[name.decode() for name in get_encryption_algs()],
                mac_algs=[name.decode() for name in get_mac_algs()])
            await connection.wait_closed()
        except asyncssh.DisconnectError as error:
            print(error, flush=True)
        except OSError as error:
            print(error, flush=True)


asyncio.run(main())
