"""An FTP server of pyftpdlib: address port user password folder advertised-address foreign-flag."""
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

address, port, user, password, folder, advertised, foreign = sys.argv[1:]
authorizer = DummyAuthorizer()
authorizer.add_user(user, password, folder, perm="elradfmwMT")


class Handler(FTPHandler):
    pass


Handler.authorizer = authorizer
Handler.masquerade_address = advertised or None
Handler.permit_foreign_addresses = bool(foreign)
logging.basicConfig(level=logging.WARNING)
server = FTPServer((address, int(port)), Handler, backlog=300)
server.max_cons = 400
server.serve_forever(handle_exit=True)
