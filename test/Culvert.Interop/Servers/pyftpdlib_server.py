"""An FTP server of pyftpdlib: address port user password folder advertised-address foreign-flag certificate key log-flag."""
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

address, port, user, password, folder, advertised, foreign, certificate, key, logs = sys.argv[1:]
authorizer = DummyAuthorizer()
authorizer.add_user(user, password, folder, perm="elradfmwMT")


if certificate:
    from pyftpdlib.handlers import TLS_FTPHandler

    class Handler(TLS_FTPHandler):
        certfile = certificate
        keyfile = key
        tls_control_required = True
        tls_data_required = True
else:
    class Handler(FTPHandler):
        pass


Handler.authorizer = authorizer
Handler.masquerade_address = advertised or None
Handler.permit_foreign_addresses = bool(foreign)
logging.basicConfig(level=logging.INFO if logs else logging.WARNING)
server = FTPServer((address, int(port)), Handler, backlog=300)
server.max_cons = 400
server.serve_forever(handle_exit=True)
