#!/usr/bin/env bash
# One run for CI (GitHub Actions, GitLab CI): collect, judge, gate, and say so.
#
# SOC2_PAC    the program; soc2-pac when left out
# FAIL_ON     least severity of a failure that fails the job: high when left out
# GATE        new (failures since the run before), all, none: new when left out
# INCOMPLETE  false: incomplete evidence fails no job; it does when left out
# SARIF       file for results as SARIF; none when left out
#
# GITHUB_STEP_SUMMARY and GITHUB_OUTPUT are written where they are set.
set -euo pipefail

program=${SOC2_PAC:-soc2-pac}
fail_on=${FAIL_ON:-high}
gate=${GATE:-new}
summary=${GITHUB_STEP_SUMMARY:-/dev/null}
output=${GITHUB_OUTPUT:-/dev/null}
case $gate in
    new | all | none) ;;
    *) echo "GATE must be new, all or none, and is '$gate'" >&2; exit 2 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The last line of the log says the run's number and its exit code.
code=0
"$program" run --fail-on "$fail_on" --log-format json > "$work/summary.txt" 2> "$work/log.jsonl" || code=$?
run=$(sed -n 's/.*"event": "run_finished", "run": \([0-9]*\),.*/\1/p' "$work/log.jsonl" | tail -n 1)
echo "exit-code=$code" >> "$output"
if [ -z "$run" ]; then
    tail -n 20 "$work/log.jsonl" >&2
    echo "The run did not come to its end (exit code $code)." | tee -a "$summary" >&2
    [ "$code" -ne 0 ] || code=2
    exit "$code"
fi
echo "run=$run" >> "$output"
cat "$work/summary.txt"

verdict=0
changes="This is the first run of this store: every failure is new."
if [ "$run" -gt 1 ]; then
    "$program" findings diff --since "$((run - 1))" --fail-on "$fail_on" > "$work/changes.txt" || verdict=$?
    changes=$(cat "$work/changes.txt")
elif [ "$code" -eq 1 ]; then
    verdict=1
fi
[ "$verdict" -le 1 ] || { echo "$changes"; exit "$verdict"; }

# A failure comes before incomplete evidence in the exit code of a run: whether anything was not seen is asked apart.
unseen=0
"$program" gaps > "$work/gaps.txt" || unseen=$?
case $unseen in 0 | 3) ;; *) exit "$unseen" ;; esac
[ "$code" -ne 3 ] || unseen=3

if [ -n "${SARIF:-}" ]; then
    "$program" findings list --format sarif > "$SARIF"
fi

# A fence in a resource's name must not end the block.
fenced() { sed 's/`\{3,\}/(fence)/g'; }

{
    echo "## soc2-pac: run $run, exit code $code"
    echo
    echo '```text'
    fenced < "$work/summary.txt"
    echo '```'
    echo "<details><summary>Since the run before</summary>"
    echo
    echo '```text'
    printf '%s\n' "$changes" | fenced
    echo '```'
    echo "</details>"
    if [ "$unseen" -eq 3 ]; then
        echo "<details open><summary>What could not be seen</summary>"
        echo
        echo '```text'
        fenced < "$work/gaps.txt"
        echo '```'
        echo "</details>"
    fi
} >> "$summary"

case $gate in
    new) [ "$verdict" -eq 0 ] || { echo "New failures at or above $fail_on." >&2; exit 1; } ;;
    all) [ "$code" -ne 1 ] || { echo "Failures at or above $fail_on." >&2; exit 1; } ;;
esac
if [ "$unseen" -eq 3 ] && [ "${INCOMPLETE:-true}" != false ]; then
    echo "The evidence is incomplete." >&2
    exit 3
fi
# Failures that were there before do not fail the job; a wrong configuration or a broken store does.
case $code in 0 | 1 | 3) ;; *) exit "$code" ;; esac
