#!/usr/bin/env bash
# A dataset that was stopped could never go on again: a run of another dataset, whose records are the same so far, went on
# after it in transactions. It is refused, and names the dataset that begins there, as without transactions.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

# The first records are the same whether a subscriber makes 3.5 or 3.50001 calls a day.
dataset=(--subs 200 --seed 77 --start 2025-06-01 --days 1 --partitions 1 --sms 2)
similar=(--calls 3.50001)

# on COMMAND ARGUMENTS…: with the topics of $prefix.
on()
{
    local command=$1
    shift
    "$CDRGEN" "$command" "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet "$@"
}

# stopped ARGUMENTS…: a run that a signal stops once it has written some records.
stopped()
{
    local pid records=0
    [[ $* != *--transactions* ]] || set -- "$@" --transaction-time 300ms
    "$CDRGEN" run "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet --rate 400/s "$@" \
        2>"$WORK/stopped" &
    pid=$!
    until ((records > ${already:-0} + 20)); do
        records=$(count_records "${prefix}call" 2>/dev/null) || records=0
        kill -0 $pid 2>/dev/null || die "the run ended before it was stopped: $(cat "$WORK/stopped")"
        sleep 0.1
    done
    kill -TERM $pid
    wait $pid || true
}

id=$("$CDRGEN" run "${dataset[@]}" --sink null --dry-run --quiet 2>&1 | grep -Eo '\b[0-9a-f]{32}\b' | head -n 1)
for how in "" --append --transactions "--append --transactions"; do
    echo "with: ${how:-no options}"
    prefix=$(fresh_prefix)
    # shellcheck disable=SC2086 # options
    {
        already=0
        if [[ $how == *append* ]]; then
            on run --subs 20 --seed 9 --create-topics ${how#*append}
            already=$(count_records "${prefix}call")
        fi
        stopped --create-topics $how
        for again in first second; do
            expect_failure 2 "holds dataset $id, and these settings give dataset" on run "${similar[@]}" --resume $how
        done
        on run --resume $how || die "the dataset that was stopped cannot go on ($how): $?"
    }
    on verify || die "verify ($how): $?"
done

echo "one that is stopped in transactions is not taken for ended: another one is not appended to it"
prefix=$(fresh_prefix)
already=0
stopped --create-topics --transactions
admin forget "cdrgen-end-$id" 2>/dev/null || true
expect_failure 2 "but the beginning of dataset $id, of which no run has committed that it ended there" \
    on run --seed 4 --resume --append --transactions
on run --resume --transactions
on run --seed 4 --resume --append --transactions 2>"$WORK/stderr" || die "after a dataset that ended: $(cat "$WORK/stderr")"
on verify --seed 4 || die "verify of what was appended: $?"
echo "taken over: all as promised"
