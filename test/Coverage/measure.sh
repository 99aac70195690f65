#!/usr/bin/env bash
# Measures the branch coverage of FtpConversation by the tests in memory (without fuzzing), and fails below 95 %.
# The report: artifacts/coverage/coverage.cobertura.xml; with CULVERT_LONG=1 or CULVERT_PROOF=1 also docs/proof/coverage.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
dotnet build test/Culvert.Tests --verbosity quiet -clp:NoSummary
dotnet msbuild test/Coverage/Coverage.proj -restore -target:Measure -verbosity:minimal -noLogo
[ -n "${CULVERT_LONG:-}${CULVERT_PROOF:-}" ] || exit 0

report=artifacts/coverage/coverage.cobertura.xml
total() { sed -n "s/.*<coverage .*$1=\"\([0-9.]*\)\".*/\1/p" "$report" | head -1; }
percent() { awk -v part="$(total "$1")" 'BEGIN { printf "%.2f", 100 * part }'; }
cat > docs/proof/coverage.md <<PAGE
# Coverage of the FTP conversation

Written by \`CULVERT_PROOF=1 test/Coverage/measure.sh\` on $(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD), .NET $(dotnet --version).

| what | covered | of | share |
|---|---|---|---|
| branches of \`FtpConversation\` | $(total branches-covered) | $(total branches-valid) | $(percent branch-rate) % |
| lines of \`FtpConversation\` | $(total lines-covered) | $(total lines-valid) | $(percent line-rate) % |

By the tests in memory of \`Culvert.Tests.Ftp\`, \`.Dialogue\` and \`.Tls\` alone, without fuzzing. Below 95 % of the branches the measurement fails.
PAGE
