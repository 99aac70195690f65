#!/usr/bin/env bash
# Builds Culvert and shows what it does: ./demo.sh stays up for trying by hand, ./demo.sh --once only verifies.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

if ! command -v dotnet >/dev/null; then
    echo "demo.sh: the .NET 10 SDK is missing: https://dotnet.microsoft.com/download" >&2
    exit 1
fi

printf 'building…' >&2
if ! log=$(dotnet build src/Culvert.Cli --configuration Release --verbosity quiet 2>&1); then
    printf '\r%s\n' "$log" >&2
    exit 1
fi
printf '\r           \r' >&2
exec dotnet src/Culvert.Cli/bin/Release/net10.0/culvert.dll demo "$@"
