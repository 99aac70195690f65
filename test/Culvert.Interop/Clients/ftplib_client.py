"""Drives ftplib: address port user password passive|active tls|plain verb arguments.

get PATH LOCAL      put PATH LOCAL      many COUNT FOLDER (stores, fetches and compares COUNT files in one session)
abort PATH SMALL LOCAL (aborts a download by urgent data, then gets SMALL)
"""
import ftplib
import hashlib
import io
import os
import sys

address, port, user, password, mode, protection, verb, *rest = sys.argv[1:]


def main():
    ftp = ftplib.FTP_TLS(timeout=60) if protection == "tls" else ftplib.FTP(timeout=60)
    ftp.set_debuglevel(0 if verb == "many" else 1)
    ftp.connect(address, int(port))
    ftp.login(user, password)
    if protection == "tls":
        ftp.prot_p()
    ftp.set_pasv(mode == "passive")
    if verb == "get":
        with open(rest[1], "wb") as file:
            ftp.retrbinary("RETR " + rest[0], file.write)
    elif verb == "put":
        with open(rest[1], "rb") as file:
            ftp.storbinary("STOR " + rest[0], file)
    elif verb == "abort":
        abort(ftp, rest[0])
        with open(rest[2], "wb") as file:
            ftp.retrbinary("RETR " + rest[1], file.write)
    elif verb == "many":
        many(ftp, int(rest[0]), rest[1])
    else:
        raise SystemExit("unknown verb " + verb)
    ftp.quit()


def abort(ftp, path):
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("RETR " + path)
    received = 0
    while received < 100000:
        received += len(data.recv(8192))
    print("abort: " + ftp.abort())
    data.close()
    # One reply or two for the two of them: what comes before the answer to PWD.
    ftp.putcmd("PWD")
    while not ftp.getmultiline().startswith("257"):
        pass


def many(ftp, count, folder):
    ftp.cwd(folder)
    for number in range(count):
        name = "many-%d" % number
        content = os.urandom(number % 3000)
        ftp.storbinary("STOR " + name, io.BytesIO(content))
        received = hashlib.sha256()
        ftp.retrbinary("RETR " + name, received.update)
        if received.digest() != hashlib.sha256(content).digest():
            raise SystemExit("%s came back changed" % name)
        ftp.delete(name)
    print("%d files both ways" % count)


main()
