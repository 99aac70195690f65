#!/usr/bin/env bash
# Brings the real SSH and FTP programs that the tests talk to onto a Debian or Ubuntu machine.
# Programs that can live side by side are installed as packages; the three FTP servers that exclude each other
# are downloaded and unpacked below artifacts/peers/root, where the tests look for them. No service is started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

packages=(openssh-server openssh-client dropbear-bin python3 python3-pyftpdlib python3-openssl python3-cryptography
          python3-nacl python3-bcrypt python3-typing-extensions lftp tnftp inetutils-ftp ncftp
          wget curl ca-certificates openssl iproute2 nftables)
command -v cc >/dev/null || packages+=(gcc libc6-dev) # for the way with a delay
unpacked=(vsftpd proftpd-core proftpd-mod-crypto pure-ftpd)
peers=artifacts/peers
say() { printf 'peers: %s\n' "$*" >&2; }

if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    say "no apt-get on this machine: tests whose programs are missing are skipped"
    exit 0
fi

mkdir -p "$peers/downloads"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=(sudo -n)
    fi
fi
may_install() { [ "$(id -u)" -eq 0 ] || [ "${#as_root[@]}" -gt 0 ]; }
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 "$@"; }

updated=
update_once() {
    if [ -z "$updated" ] && may_install; then
        apt update >"$peers/apt.log" 2>&1 || say "apt-get update failed, going on with what is there (see $peers/apt.log)"
        updated=yes
    fi
}

# A package's maintainer script asks policy-rc.d before it starts a service; 101 means "no".
policy=/usr/sbin/policy-rc.d
policy_is_ours=
forbid_services() {
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
        policy_is_ours=yes
    fi
}
allow_services() {
    if [ -n "$policy_is_ours" ]; then
        "${as_root[@]}" rm -f "$policy"
    fi
}
trap allow_services EXIT

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
    if may_install; then
        say "installing ${missing[*]}"
        update_once
        forbid_services
        for package in "${missing[@]}"; do
            apt install -y --no-install-recommends "$package" >>"$peers/apt.log" 2>&1 \
                || say "$package could not be installed (see $peers/apt.log)"
        done
        allow_services
        policy_is_ours=
    else
        say "not root: as root, apt-get install --no-install-recommends ${missing[*]}"
    fi
fi

# What a package would bring along is what a simulated installation names; only libraries of it are needed to run.
unpack() {
    local package=$1 wanted
    wanted=$(apt-get install --simulate --no-install-recommends "$package" 2>/dev/null | awk '$1 == "Inst" {print $2}' \
        | grep -E "^(lib.*|$package)\$" || true)
    [ -n "$wanted" ] || return 1
    # shellcheck disable=SC2086 # one word per package
    (cd "$peers/downloads" && apt-get -q download $wanted) >>"$peers/apt.log" 2>&1 || return 1
    for name in $wanted; do
        dpkg -x "$peers/downloads/${name}"_*.deb "$peers/root" || return 1
    done
}

# What this release has only in an older version is unpacked from another one, beside what is installed: unpack_from SUITE FOLDER PACKAGE…
unpack_from() {
    local suite=$1 folder=$2 own=$PWD/$peers/$1
    shift 2
    mkdir -p "$own/lists/partial" "$own/empty" "$folder"
    echo "deb http://deb.debian.org/debian $suite main" >"$own/sources.list"
    local from=(-o "Dir::Etc::sourcelist=$own/sources.list" -o "Dir::Etc::sourceparts=$own/empty" -o "Dir::State::lists=$own/lists")
    apt-get -q "${from[@]}" -o APT::Sandbox::User=root update >>"$peers/apt.log" 2>&1 &&
        (cd "$own" && rm -f ./*.deb && apt-get -q "${from[@]}" download "${@/%//$suite}") >>"$peers/apt.log" 2>&1 || return 1
    for file in "$own"/*.deb; do dpkg -x "$file" "$folder" || return 1; done
}

# OpenSSH 10 has what 9.2 lacks, mlkem768x25519-sha256 among it.
if [ ! -e "$peers/newer.unpacked" ] && ! { command -v ssh >/dev/null && ssh -Q kex 2>/dev/null | grep -q mlkem768x25519; }; then
    if unpack_from bookworm-backports "$peers/newer" openssh-server openssh-client; then
        say "unpacked a newer OpenSSH"
        touch "$peers/newer.unpacked"
    else
        say "no newer OpenSSH could be downloaded: its tests are skipped"
    fi
fi

# Plain Python, so that it runs on this release: ssh-audit 3.3, which knows today's algorithms; AsyncSSH 2.20, since 2.10 of Debian 12 sends data
# within a key exchange; Paramiko 3.5.
if [ ! -e "$peers/python.unpacked" ]; then
    if unpack_from trixie "$peers/python" ssh-audit python3-asyncssh python3-paramiko; then
        say "unpacked ssh-audit, AsyncSSH and Paramiko"
        touch "$peers/python.unpacked"
    else
        say "ssh-audit, AsyncSSH and Paramiko could not be downloaded: their tests are skipped"
    fi
fi

for package in "${unpacked[@]}"; do
    if [ -e "$peers/$package.unpacked" ] || installed "$package"; then
        continue
    fi
    update_once
    if unpack "$package"; then
        say "unpacked $package"
        touch "$peers/$package.unpacked"
    else
        say "$package could not be downloaded: its tests are skipped"
    fi
done
