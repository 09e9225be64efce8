#!/usr/bin/env bash
# Kafka forgets where an appended dataset begins. --resume --append then wrote it once more, with a warning that the topics
# hold nothing of it: where the group was deleted while it opened, where compaction or retention took the first records, in
# tables, and in transactions that others wrote after.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 800 --start 2025-06-01 --days 1 --seed 3 --partitions 2)
other=(--subs 60 --start 2025-06-01 --days 1 --seed 9 --partitions 2)
forever=message.timestamp.after.max.ms=9223372036854775807

# on COMMAND ARGUMENTS…: with the topics of $prefix.
on()
{
    local command=$1
    shift
    "$CDRGEN" "$command" "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet "$@"
}

# topics ARGUMENTS…: new ones, which hold the other dataset.
topics()
{
    prefix=$(fresh_prefix)
    "$CDRGEN" run "${other[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet --create-topics "$@"
}

id=$("$CDRGEN" run "${dataset[@]}" --sink null --dry-run --quiet 2>&1 | grep -Eo '\b[0-9a-f]{32}\b' | head -n 1)

# forget: what runs of the dataset have committed.
forget()
{
    local group
    for group in "cdrgen-$id" "cdrgen-end-$id" "cdrgen-tx-$id"; do
        admin forget "$group" 2>/dev/null || true
    done
    admin sign cdrgen-writer "" "$prefix"{call,sms,data}
}

# counts TOPIC…: how many records each holds, by offsets.
counts()
{
    local topic
    for topic; do
        count_records "$prefix$topic"
    done
}

# total: of all records, by offsets.
total()
{
    counts call sms data | awk '{ sum += $1 } END { print sum }'
}

echo "the group is deleted while a resume opens"
topics
on run --append
(
    sleep 4
    forget
) &
forgetting=$!
on run --resume --append --days 2 --resume-quiet 8s 2>"$WORK/stderr" || die "resume: $(cat "$WORK/stderr")"
wait $forgetting
! grep -q 'hold nothing of dataset' "$WORK/stderr" || die "took the dataset for missing: $(cat "$WORK/stderr")"
on verify --append --days 2 || die "verify after a group that was deleted while a resume opened: $?"

echo "one topic is missing, and the group forgotten: what a resume finds again, it commits, also with transactions"
for how in "" --transactions; do
    topics
    on run --append $how
    forget
    admin delete "${prefix}sms"
    on run --resume --append --create-topics $how 2>"$WORK/stderr" || die "resume $how: $(cat "$WORK/stderr")"
    ! grep -q 'hold nothing of dataset' "$WORK/stderr" || die "took the dataset for missing: $(cat "$WORK/stderr")"
    on verify --append || die "verify --append after a topic that was missing ($how): $?"
    on verify || die "verify after a topic that was missing ($how): $?"
    on repair --yes $how >"$WORK/words" || die "repair after a topic that was missing ($how): $?"
    grep -q '^nothing to repair' "$WORK/words" || die "the repair of what is right ($how): $(cat "$WORK/words")"
done

echo "compaction took the first record of every log"
prefix=$(fresh_prefix)
for topic in call sms data; do
    admin create "$prefix$topic" 2 segment.bytes=1048576 retention.ms=-1 "$forever"
done
dataset[1]=16000 # more than a segment of each log, which is the least that compaction looks at
id=$("$CDRGEN" run "${dataset[@]}" --sink null --dry-run --quiet 2>&1 | grep -Eo '\b[0-9a-f]{32}\b' | head -n 1)
on run --append
before=$(counts call sms data)
for topic in call sms data; do
    admin compact "$prefix$topic" &
done
wait
expect_failure 1 'lost' on verify
forget
expect_failure 2 "the topics do not hold the beginning of dataset $id" on run --resume --append --days 2
expect_equal "$(counts call sms data)" "$before" "records after a resume that is refused"
expect_failure 1 'different: [0-9,]+ lost' on verify --append
# The same where a part of what was there has expired.
for topic in call sms data; do
    admin trim "$prefix$topic" 0 500
    admin trim "$prefix$topic" 1 500
done
forget
expect_failure 2 "the topics do not hold the beginning of dataset $id|cannot be told" on run --resume --append --days 2
expect_equal "$(total)" "$(($(paste -sd+ <<<"$before" | bc) - 3000))" "records after a refusal"

echo "the first records of every log expired"
dataset[1]=800
id=$("$CDRGEN" run "${dataset[@]}" --sink null --dry-run --quiet 2>&1 | grep -Eo '\b[0-9a-f]{32}\b' | head -n 1)
topics
on run --append
for topic in call sms data; do
    while read -r partition _ end; do
        admin trim "$prefix$topic" "$partition" $((end - 60))
    done < <(admin offsets "$prefix$topic")
done
forget
on run --resume --append --days 2 2>"$WORK/stderr" || die "resume of what is left: $(cat "$WORK/stderr")"
on verify --append --days 2 --allow-expired || die "verify of what is left: $?"

echo "in transactions, with another producer's records after them"
topics
on run --append --transactions
forget
for topic in call sms data; do
    for partition in 0 1; do
        echo stray | kcat -b "$CDRGEN_TEST_BROKERS" -P -t "$prefix$topic" -p "$partition"
    done
done
before=$(counts call sms data)
expect_failure 2 '.' on run --resume --append --transactions --days 2
expect_equal "$(counts call sms data)" "$before" "records after a resume in transactions that is refused"
topics
on run --append --transactions
forget
on run --resume --append --transactions --days 2 2>"$WORK/stderr" || die "resume in transactions: $(cat "$WORK/stderr")"
on verify --append --days 2 || die "verify of transactions: $?"

echo "tables"
dimensions=(--dimensions --subs 300)
dataset+=("${dimensions[@]}")
id=$("$CDRGEN" run "${dataset[@]}" --sink null --dry-run --quiet 2>&1 | grep -Eo '\b[0-9a-f]{32}\b' | head -n 1)
topics --dimensions
on run --append
before=$(counts subscriber cell)
forget
on verify --append || die "verify of tables that nobody knows: $?"
forget
on run --resume --append 2>"$WORK/stderr" || die "resume with tables: $(cat "$WORK/stderr")"
expect_equal "$(counts subscriber cell)" "$before" "rows after a resume that has none to write"
on verify --append || die "verify of tables: $?"
forget
on run --resume --append --transactions 2>"$WORK/stderr" || true
expect_equal "$(counts subscriber cell)" "$before" "rows after a resume with --transactions"

echo "the dataset is there in another form, which the group told before Kafka forgot it: it was written once more"
dataset=(--subs 800 --start 2025-06-01 --days 1 --seed 3 --partitions 2)
id=$("$CDRGEN" run "${dataset[@]}" --sink null --dry-run --quiet 2>&1 | grep -Eo '\b[0-9a-f]{32}\b' | head -n 1)
for how in "" --transactions; do
    for form in "--format json" "--fields event_type,start_ts_ms" "--key-format avro"; do
        prefix=$(fresh_prefix)
        read -ra flags <<<"$form $how"
        on run --append --create-topics "${flags[@]}"
        forget
        [[ $form != --key* ]] || # the first records expired
            admin trim "${prefix}call" 0 $(($(admin offsets "${prefix}call" | awk '$1 == 0 { print $3 }') - 100))
        before=$(total)
        expect_failure 2 'append: .*\[[01]\] holds records with the times of this dataset.s, one after the other, but not the messages that .*--force' \
            on run --resume --append --days 2 $how
        expect_equal "$(total)" "$before" "records after a refusal ($form $how)"
    done
done
on run --resume --append --force 2>"$WORK/stderr" --transactions || die "a forced resume: $(cat "$WORK/stderr")"
((before < $(total))) || die "a forced resume wrote nothing"

echo "nothing of the dataset is there: it begins after what is"
dataset=(--subs 300 --start 2025-06-01 --days 1 --seed 3 --partitions 2 --dimensions)
topics --dimensions
on run --resume --append 2>"$WORK/stderr"
grep -q 'warning: append: .* hold nothing of dataset .*: it begins after what they hold' "$WORK/stderr" ||
    die "no warning that there is nothing to resume: $(cat "$WORK/stderr")"
on verify --append || die "verify of what was begun: $?"

echo "a live dataset without records in some of the logs is looked for up to now, not for ever"
prefix=$(fresh_prefix)
few=(--live --subs 2 --seed 3 --partitions 3 --start yesterday -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet)
"$CDRGEN" run --subs 60 --seed 9 --partitions 3 --start 2025-06-01 -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet \
    --create-topics
before=$(total)
"$CDRGEN" run "${few[@]}" --resume --append 2>"$WORK/stderr" &
live=$!
for _ in {1..300}; do
    ((before < $(total))) && break
    kill -0 $live 2>/dev/null || die "the live run ended: $(cat "$WORK/stderr")"
    sleep 0.2
done
((before < $(total))) || die "the live run wrote nothing in a minute"
kill -TERM $live
wait $live || die "the live run: $(cat "$WORK/stderr")"
echo "append, forgotten: all as promised"
