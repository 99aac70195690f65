#!/usr/bin/env bash
# Runs all tests: those in memory, and those with real SSH and FTP programs, which it installs when it may.
#   ./test.sh [--long] [filter]    filter: a part of the tests' names; --long: also what takes hours
# Ends with one line, "N passed, N failed, N skipped". With CI=true a real-peer test that can't run fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

arguments=(-noLogo -noColor -diagnostics -longRunning 60)
# A test that hangs is named every minute, fails, and ends its run: none takes a tenth of this many seconds. A run that hangs without one ends, too.
hang=${CULVERT_HANG_LIMIT:-300}
limit=()
filtered=
if command -v timeout >/dev/null && [ -z "${CULVERT_LONG:-}" ]; then limit=(timeout --kill-after=10 1500); fi
while [ $# -gt 0 ]; do
    case $1 in
        --long)
            export CULVERT_LONG=1
            ;;
        -*)
            sed -n '2,4s/^# *//p' "$0" >&2
            exit 2
            ;;
        *)
            filtered=yes
            filter=${1#\*}
            arguments+=(-method "*${filter%\*}*")
            ;;
    esac
    shift
done

if ! command -v dotnet >/dev/null; then
    echo "test.sh: the .NET 10 SDK is missing: https://dotnet.microsoft.com/download" >&2
    exit 1
fi

projects=(Culvert.Tests Culvert.Interop)
results=artifacts/test-results
mkdir -p "$results"
rm -f "$results"/*

# What whole runs have proved, for the pages in docs/proof; CULVERT_PROOF=1 writes them.
rm -rf artifacts/proof
if [ -z "$filtered" ]; then export CULVERT_PROOF_CELLS=$PWD/artifacts/proof; else unset CULVERT_PROOF_CELLS; fi

test/Culvert.Interop/install-peers.sh

# Waits for a test that runs for too long, as the runner reports it; shows what the program's threads do, where there is a tool for that, and ends it.
watch_for_hangs() {
    local place=$1 log=$2 test
    while sleep 5 >/dev/null 2>&1; do
        test=$(awk -v hang="$hang" '
            /\[Long Running Test\] / {
                elapsed = $0
                sub(/.*, Elapsed: /, "", elapsed)
                split(elapsed, part, ":")
                if (part[1] * 3600 + part[2] * 60 + part[3] < hang) next
                sub(/.*\[Long Running Test\] ./, "")
                sub(/., Elapsed: .*/, "")
                print
                exit
            }' "$log")
        [ -n "$test" ] || continue
        {
            command -v dotnet-stack >/dev/null && dotnet-stack report --process-id "$(cat "$place")"
            printf '    %s [FAIL]\n      It ran for more than %s seconds, and its run was ended.\n' "$test" "$hang"
        } 2>&1 | tee -a "$log"
        kill -KILL "$(cat "$place")"
        break
    done
}

passed=0 failed=0 skipped=0
# What measures must go on compiling, too; its figures are no tests.
if [ -z "$filtered" ] && ! dotnet build bench/Culvert.Bench --verbosity quiet -clp:NoSummary; then
    echo "bench/Culvert.Bench does not build"
    failed=1
fi
for project in "${projects[@]}"; do
    printf '\n== %s\n' "$project"
    if ! dotnet build "test/$project" --verbosity quiet -clp:NoSummary; then
        echo "$project does not build"
        failed=$((failed + 1))
        continue
    fi
    status=0
    log=$results/$project.log place=$results/$project.pid watching=
    : >"$log"
    if [ -z "${CULVERT_LONG:-}" ]; then
        watch_for_hangs "$place" "$log" &
        watching=$!
    fi
    # The shell becomes the program: its number is the program's.
    ${limit[@]+"${limit[@]}"} bash -c 'echo $$ >"$0"; exec "$@"' "$place" "test/$project/bin/Debug/net10.0/$project" "${arguments[@]}" -xml "$results/$project.xml" | tee -a "$log" || status=$?
    [ -z "$watching" ] || { kill "$watching" 2>/dev/null || true; wait "$watching" 2>/dev/null || true; }

    # "   Culvert.Tests  Total: 59, Errors: 0, Failed: 3, Skipped: 1, Not Run: 0, Time: 3.4s"; "Total: 0" when none matches.
    summary=$(grep -E '^ +Culvert\.[A-Za-z]+ +Total: ' "$log" | tail -1 || true)
    count() { sed -n "s/.*$1: \([0-9]*\).*/\1/p" <<<"$summary" | grep . || echo 0; }
    its_failed=$(($(count Failed) + $(count Errors)))
    if [ -z "$summary" ] && grep -q ' \[FAIL\]$' "$log"; then
        echo "$project ended with status $status in the middle of its tests"
        its_failed=$(grep -c ' \[FAIL\]$' "$log")
    elif [ -z "$summary" ] || { [ "$status" -ne 0 ] && [ "$its_failed" -eq 0 ] && [ "$(count Total)" -ne 0 ]; }; then
        echo "$project ended with status $status without naming a failed test"
        its_failed=1
    fi
    passed=$((passed + $(count Total) - $(count Failed) - $(count Skipped) - $(count 'Not Run')))
    failed=$((failed + its_failed))
    skipped=$((skipped + $(count Skipped)))
done

if [ -n "${CULVERT_LONG:-}" ] && [ -z "${filter:-}" ]; then
    printf '\n== Coverage of the FTP conversation\n'
    if test/Coverage/measure.sh; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
fi

if [ "$skipped" -gt 0 ]; then
    printf '\nskipped, and why:\n'
    cat "$results"/*.xml | grep -o '<reason><!\[CDATA\[[^]]*' | sed 's/.*\[//' | sort | uniq -c
fi
if [ "$failed" -gt 0 ]; then
    printf '\nfailed:\n'
    sed -n 's/^ *\(.*\) \[FAIL\]$/  \1/p' "$results"/*.log | sort -u
fi
printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
