#!/usr/bin/env bash
# Doctor and run know, before the first record, which faults on purpose a broker or the producer would refuse: records that are
# padded beyond what they take, and timestamps that a topic does not take.
set -euo pipefail
source "${SOURCE_DIR:?}/tests/kafka/lib.sh"
need_cluster

prefix=$(fresh_prefix)
base=(--subs 50 --start 2025-01-01 --days 1 --partitions 1 --brokers "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix")
admin create "${prefix}call" 1 max.message.bytes=50000 >/dev/null
admin create "${prefix}sms" 1 message.timestamp.before.max.ms=1000000000000 >/dev/null
admin create "${prefix}data" 1 >/dev/null

# found WORDS ARGUMENTS…: the doctor fails, and says so.
found()
{
    local words=$1 status=0
    shift
    "$CDRGEN" doctor "${base[@]}" "$@" >"$WORK/doctor" 2>&1 || status=$?
    [[ $status != 0 ]] && grep '^fail' "$WORK/doctor" | grep -qF -- "$words" || die "doctor $*: $status: $(cat "$WORK/doctor")"
}

"$CDRGEN" doctor "${base[@]}" >"$WORK/doctor" || die "without faults: $(cat "$WORK/doctor")"
found 'max.message.bytes=50000 is less than the longest record needs' --fault oversize=0.01 --oversize-bytes 60000
found 'the producer takes 1000000 bytes at most' --fault oversize=0.01 --oversize-bytes 2000000
found 'rejects the messages of 1970 that the fault clock makes' --fault clock=0.01
status=0
"$CDRGEN" run "${base[@]}" --fault oversize=0.01 --oversize-bytes 60000 >"$WORK/run" 2>&1 || status=$?
((status != 0)) && grep -q 'max.message.bytes=50000' "$WORK/run" || die "a run begins: $status: $(cat "$WORK/run")"
expect_equal "$(count_records "${prefix}call")" 0 "records of a run that is refused"
