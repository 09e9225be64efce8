#!/usr/bin/env bash
# Once the records were gone in which two mappings differ, a resume with the mapping that had never been written was accepted,
# said that all records were compared, and vouched for all of the log: when the rest was gone, `verify --allow-expired` took
# the topics for those of a run that never was. The same with another dataset where Kafka had forgotten the first one.
#
# A run with --force that went on with LogAppendTime still vouched for the log. Where the topic was set back to CreateTime
# before the last hundred records, the next resume without --force ended with status 0 over records with other times. So it
# could after a run that found such times itself, while right ones were under way after them.
#
# A second copy of a record, which another producer wrote where the log had ended, was "same" as well.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

no_form=00000000000000000000000000000000
# Its last failure lies well before the end of its calls.
dataset=(--subs 300 --partitions 1 --seed 43 --format json)
mapping='{"call":{"cause_for_record_closing":{"source":"cause_for_record_closing","symbols":{"failure":"%s"}}}}'
printf "$mapping" failure >"$WORK/written.map"
printf "$mapping" UNKNOWN >"$WORK/other.map"
echo '{"call":{"cause_for_record_closing":"cause_for_record_closing"}}' >"$WORK/equal.map"

# on COMMAND ARGUMENTS…: with the topics of $prefix.
on()
{
    local command=$1
    shift
    "$CDRGEN" "$command" "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "$@"
}

# id ARGUMENTS…: of the dataset.
id()
{
    "$CDRGEN" run "${dataset[@]}" --sink null --dry-run --quiet "$@" 2>&1 | grep -Eo '\b[0-9a-f]{32}\b' | head -n 1
}

# all_gone: the topics hold nothing any more.
all_gone()
{
    local topic
    for topic in "$prefix"{call,sms,data}; do
        admin trim "$topic" 0 -1
    done
}

# verified STATUS ARGUMENTS…: what verify says of topics that hold nothing.
verified()
{
    local wanted=$1 status=0
    shift
    on verify --allow-expired "$@" >"$WORK/verified" 2>&1 || status=$?
    expect_equal "$status" "$wanted" "the status of verify $*: $(head -n 1 "$WORK/verified")"
}

# said PATTERN: by the last run, to $WORK/stderr.
said()
{
    grep -Eq "$1" "$WORK/stderr" || die "does not say '$1': $(cat "$WORK/stderr")"
}

# differing FILE FILE: the last line, from 0 on, in which they differ.
differing()
{
    diff --old-line-format='%dn
' --new-line-format='' --unchanged-line-format='' "$1" "$2" >"$WORK/lines" || true
    tail -n 1 "$WORK/lines"
}

for name in written other; do
    "$CDRGEN" run "${dataset[@]}" --mapping "$WORK/$name.map" --out "$WORK/$name" --quiet
done
after=$(differing "$WORK"/written/cdr.call/*/part* "$WORK"/other/cdr.call/*/part*) # numbers of lines begin with 1
calls=$(cat "$WORK"/written/cdr.call/*/part* | wc -l)
((after > 0 && after < calls - 20)) || die "the mappings differ last in line $after of $calls"

for how in "" --transactions; do
    echo "a mapping that was never written, once the records are gone that would tell $how"
    prefix=$(fresh_prefix)
    on run --create-topics --quiet --mapping "$WORK/written.map" $how
    admin trim "${prefix}call" 0 "$after"
    expect_failure 2 "call\[0\]: the run of dataset .* another form .* and $after of its $calls records expired" \
        on run --resume --mapping "$WORK/other.map" $how
    # The one that was written goes on.
    on run --resume --quiet --mapping "$WORK/written.map" $how
    all_gone
    verified 0 --mapping "$WORK/written.map"
    verified 2 --mapping "$WORK/other.map"
    expect_failure 2 'another form|no run of it committed that it ended there' on run --resume --mapping "$WORK/other.map" $how
    on run --resume --quiet --mapping "$WORK/written.map" $how 2>"$WORK/stderr"

    echo "one that gives the same messages, while all of them are there: it is the one that counts then $how"
    prefix=$(fresh_prefix)
    on run --create-topics --quiet --mapping "$WORK/written.map" $how
    on run --resume --days 2 --mapping "$WORK/equal.map" $how 2>"$WORK/stderr"
    said 'all of their [0-9,]+ records are compared, not only the last ones$'
    all_gone
    verified 0 --days 2 --mapping "$WORK/equal.map"
    verified 2 --days 2 --mapping "$WORK/written.map"

    echo "a forced run vouches for nothing: then all that is left is compared, as often as somebody resumes $how"
    prefix=$(fresh_prefix)
    few=()
    [[ -z $how ]] || few=(--transaction-records 100) # control records all over the log
    on run --create-topics --quiet --mapping "$WORK/written.map" $how "${few[@]}"
    on run --resume --quiet --force --days 2 --mapping "$WORK/equal.map" $how "${few[@]}"
    middle=$((after / 2))
    admin records "${prefix}call" >"$WORK/records"
    admin trim "${prefix}call" 0 "$(sed -n "$((middle + 1))p" "$WORK/records" | cut -d ' ' -f 2)"
    expect_failure 2 'has another record at offset [0-9]+ .*expected UNKNOWN, found failure|messages have another form' \
        on run --resume --days 2 --mapping "$WORK/other.map" $how
    for round in 1 2; do
        on run --resume --days 2 --mapping "$WORK/written.map" $how 2>"$WORK/stderr"
        said "; $middle before them expired or were deleted, so this run does not vouch for 1 partition"
        said ' partitions? holds? dataset .* records that are left are compared'
    done
    on run --resume --quiet --days 3 --mapping "$WORK/written.map" $how "${few[@]}"
    all_gone
    verified 2 --days 3 --mapping "$WORK/written.map"
    expect_failure 2 'no run (of it )?committed that (it ended there|all of them were in messages of this form)' \
        on run --resume --days 3 --mapping "$WORK/written.map" $how
done

for how in "" --transactions; do
    echo "another producer's copy of the last record, once all records before it are gone $how"
    prefix=$(fresh_prefix)
    on run --create-topics --quiet $how
    last=$(admin records "${prefix}call" | tail -n 1 | cut -d ' ' -f 2)
    end=$(admin offsets "${prefix}call" | cut -d ' ' -f 3)
    admin copy "${prefix}call" 0 "$last"
    admin trim "${prefix}call" 0 "$end"
    verified 2
    grep -Eq "committed that [0-9,]+ records of the dataset came before offset $end of .*call\[0\], .* only [0-9,]+ are missing" \
        "$WORK/verified" || die "verify says $(cat "$WORK/verified")"
done

echo "another dataset, once Kafka has forgotten the first one"
echo '{"apn_share": {"internet": 0.959, "ims": 0.041, "mms": 0}}' >"$WORK/model.json"
first=$(id) second=$(id --config "$WORK/model.json")
[[ $first != "$second" ]] || die "the model is the same"
"$CDRGEN" run "${dataset[@]}" --out "$WORK/first" --quiet
"$CDRGEN" run "${dataset[@]}" --out "$WORK/second" --quiet --config "$WORK/model.json"
prefix=$(fresh_prefix)
on run --create-topics --quiet
gone=$(differing "$WORK"/first/cdr.data/*/part* "$WORK"/second/cdr.data/*/part*)
admin trim "${prefix}data" 0 "$gone"
expect_failure 2 "holds dataset $first, and these settings give dataset $second" on run --resume --config "$WORK/model.json"
admin forget "cdrgen-$first" "cdrgen-end-$first"
admin sign cdrgen-writer "" "$prefix"{call,sms,data}
for round in 1 2; do
    on run --resume --config "$WORK/model.json" 2>"$WORK/stderr"
    said "records that are left are compared, not only the last ones; $(sed -E 's/([0-9]{3})$/,\1/' <<<"$gone") before them"
done
expect_equal "$(admin committed cdrgen-writer "${prefix}data")" "0 0 $second $no_form"
expect_equal "$(admin committed "cdrgen-end-$second" "${prefix}data" | cut -d ' ' -f 2)" -1001 # nothing
all_gone
verified 2
verified 2 --config "$WORK/model.json"
echo "a forced run accepted that a topic replaced times, until it was set back: the next resume compares all of it"
for how in "" "--transactions --transaction-time 200ms"; do
    prefix=$(fresh_prefix)
    on run --create-topics --quiet $how
    before=$(count_records "${prefix}call")
    for topic in "$prefix"{call,sms,data}; do
        admin alter "$topic" message.timestamp.type=LogAppendTime
    done
    on run --resume --force --days 2 --rate 2k --quiet $how 2>"$WORK/forced" &
    forced=$!
    admin await $((before + 200)) "${prefix}call"
    for topic in "$prefix"{call,sms,data}; do
        admin alter "$topic" message.timestamp.type=CreateTime
    done
    wait "$forced" || die "the forced run ended with status $?: $(cat "$WORK/forced")"
    expect_failure 2 'has another record at offset [0-9]+ .*timestamp: expected [0-9]+, found' \
        on run --resume --days 2 $how
done
echo "a run that found times of arrival takes back what was said of its logs: the next resume compares all of them"
prefix=$(fresh_prefix)
on run --create-topics --quiet
before=$(count_records "${prefix}call")
on run --resume --days 9 --rate 4k --quiet 2>"$WORK/stderr" &
run=$!
admin await $((before + 500)) "${prefix}call"
admin alter "${prefix}call" message.timestamp.type=LogAppendTime
status=0
wait "$run" || status=$?
expect_equal "$status" 1 "the status of a run whose topic replaces times"
said 'call(\[0\]: the record at offset [0-9]+ was stored with the time of its arrival|: message.timestamp.type=LogAppendTime)'
for topic in "$prefix"{call,sms,data}; do
    expect_equal "$(admin committed cdrgen-writer "$topic")" "0 0 $(id) $no_form"
done
echo "vouching: all as promised"
