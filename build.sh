#!/usr/bin/env bash
# Publishes the native binary to out/culvert.
#   ./build.sh                     build
#   ./build.sh --install [PREFIX]  build and copy it to PREFIX/bin, its man pages too (/usr/local as root, otherwise ~/.local)
#   ./build.sh --windows           make out/culvert.exe for Windows (x64), from any system; not native code, which needs Windows
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

say() { printf 'build.sh: %s\n' "$*" >&2; }

install=
prefix=
windows=
case "${1:-}" in
    '') ;;
    --install)
        install=yes
        prefix=${2:-}
        if [ -z "$prefix" ]; then
            if [ "$(id -u)" -eq 0 ]; then prefix=/usr/local; else prefix=$HOME/.local; fi
        fi
        ;;
    --windows) windows=yes ;;
    *)
        sed -n '2,5s/^# *//p' "$0" >&2
        exit 2
        ;;
esac

if ! command -v dotnet >/dev/null; then
    say "the .NET 10 SDK is missing: https://dotnet.microsoft.com/download"
    exit 1
fi

if [ -n "$windows" ]; then
    dotnet publish src/Culvert.Cli --configuration Release --runtime win-x64 --self-contained --output artifacts/windows --verbosity quiet \
        -p:PublishAot=false -p:PublishSingleFile=true -p:PublishTrimmed=true -p:NuGetLockFilePath=obj/windows.lock.json
    mkdir -p out
    cp artifacts/windows/culvert.exe out/culvert.exe
    say "out/culvert.exe, $(($(wc -c <out/culvert.exe) / 1000)) kB"
    exit 0
fi

case "$(uname -m)" in
    x86_64 | amd64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) machine=$(uname -m) ;;
esac
case "$(uname -s)" in
    Linux)
        system=linux
        if ldd --version 2>&1 | grep -qi musl; then system=linux-musl; fi
        ;;
    Darwin) system=osx ;;
    *)
        say "on $(uname -s), run: dotnet publish src/Culvert.Cli -c Release -r win-x64 -o out (native), or anywhere ./build.sh --windows"
        exit 1
        ;;
esac

# The native compiler links with clang (or gcc) and zlib, whose headers' package holds the library to link with.
missing() {
    command -v clang >/dev/null || command -v gcc >/dev/null || echo clang
    [ "$system" = osx ] || [ -e /usr/include/zlib.h ] || [ -e /usr/local/include/zlib.h ] || echo zlib1g-dev
}
if [ -n "$(missing)" ]; then
    as_root=()
    may_install=
    if [ "$(id -u)" -eq 0 ]; then
        may_install=yes
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        may_install=yes
        as_root=(sudo -n)
    fi
    if [ -n "$may_install" ] && command -v apt-get >/dev/null; then
        mapfile -t packages < <(missing)
        say "installing ${packages[*]}"
        { "${as_root[@]}" apt-get -q update &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${packages[@]}"
        } >/dev/null 2>&1 || say "apt-get could not install them"
    fi
fi
if [ -n "$(missing)" ]; then
    say "missing for a native binary: $(missing | tr '\n' ' ')(names of Debian's packages)"
    say "the managed build needs neither: dotnet run --project src/Culvert.Cli -c Release -- -L ftp/1234:localhost:21 user@server"
    exit 1
fi

say "compiling for $system-$machine, which takes a minute or two"
# A restore for one machine would rewrite the committed lock files, which hold for every machine: it gets its own.
dotnet publish src/Culvert.Cli --configuration Release --runtime "$system-$machine" --output artifacts/publish --verbosity quiet \
    -p:NuGetLockFilePath=obj/native.lock.json
mkdir -p out
cp artifacts/publish/culvert out/culvert
say "out/culvert, $(($(wc -c <out/culvert) / 1000)) kB"

if [ -n "$install" ]; then
    mkdir -p "$prefix/bin"
    cp out/culvert "$prefix/bin/culvert"
    chmod 755 "$prefix/bin/culvert"
    for page in docs/man/*; do
        mkdir -p "$prefix/share/man/man${page##*.}"
        cp "$page" "$prefix/share/man/man${page##*.}/"
    done
    say "installed as $prefix/bin/culvert"
    case ":$PATH:" in
        *":$prefix/bin:"*) ;;
        *) say "$prefix/bin is not on your PATH" ;;
    esac
fi
