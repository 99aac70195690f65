#!/usr/bin/env bash
# Measures the branch coverage of FtpConversation by the tests in memory (without fuzzing), and fails below 95 %.
# The report: artifacts/coverage/coverage.cobertura.xml
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
dotnet build test/Culvert.Tests --verbosity quiet -clp:NoSummary
dotnet msbuild test/Coverage/Coverage.proj -restore -target:Measure -verbosity:minimal -noLogo
