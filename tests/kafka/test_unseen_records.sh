#!/usr/bin/env bash
# A resume compared the last hundred records of a log of which a run had said that it writes it. What had been stored after
# the last record that this run saw acknowledged was believed: a run that was killed while its topic replaced times for a
# moment left some wrong ones, more than a hundred right ones came after them, and the resume ended with status 0.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

dataset=(--subs 600 --partitions 1 --seed 19 --format json)

# on COMMAND ARGUMENTS…: with the topics of $prefix.
on()
{
    local command=$1
    shift
    "$CDRGEN" "$command" "${dataset[@]}" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" "$@"
}

# arrive FIRST END WRONG LATER_MS: records FIRST to END of the whole dataset's calls arrive in the topic as a run would have
# sent them; the first WRONG of them with a time so much later.
arrive()
{
    PYTHONPATH=$kafka_tests "$PYTHON" - "$CDRGEN_TEST_BROKERS" "${whole}call" "${prefix}call" "$@" <<'END'
import sys
from confluent_kafka import Producer
from damage import read

brokers, source, target = sys.argv[1:4]
first, end, wrong, later_ms = map(int, sys.argv[4:])
settings = {"bootstrap.servers": brokers}
producer = Producer(settings)
for at, (key, value, timestamp, headers) in enumerate(read(settings, source)[0][first:end]):
    producer.produce(target, value, key, 0, timestamp=timestamp + (later_ms if at < wrong else 0), headers=headers)
if producer.flush(30) > 0:
    raise SystemExit("not all was written")
END
}

# word: position up to which a run vouches for its calls; nothing where none does.
word()
{
    admin committed cdrgen-writer "${prefix}call" | awk 'NF == 5 { print $4 }'
}

prefix=$(fresh_prefix) whole=$prefix
on run --create-topics --quiet --days 2
all=$(count_records "${whole}call")
for wrong in 20 0; do
    echo "what arrived after the last record that was seen acknowledged, $wrong of it wrong"
    prefix=$(fresh_prefix)
    on run --create-topics --quiet
    before=$(count_records "${prefix}call")
    ((before + 200 < all)) || die "$before of $all records are of the first day"
    arrive "$before" $((before + 150)) "$wrong" 3600000
    if ((wrong > 0)); then
        expect_failure 2 "call\[0\] has another record at offset $before .*timestamp: expected [0-9]+, found [0-9]+" \
            on run --resume --days 2
        expect_failure 1 'different: .*wrong timestamp' on verify --days 2
        # What was said of the log before that stays; so does the refusal.
        expect_equal "$(word)" "$before" "the run vouches up to"
        on run --resume --days 2 --force --quiet
        # A forced run compares less, and so it vouches for none of it: the next one compares all.
        expect_failure 2 "call\[0\] has another record at offset $before " on run --resume --days 3
    else
        on run --resume --days 2 --quiet 2>"$WORK/stderr"
        ! grep -q 'are compared, not only' "$WORK/stderr" || die "compared all: $(cat "$WORK/stderr")"
        expect_equal "$(word)" "$all" "a resume vouches up to"
        on verify --days 2 --quiet
    fi
done

echo "a run that is killed has said how far it saw its records acknowledged; the next one goes on from there"
prefix=$(fresh_prefix)
on run --create-topics --days 2 --rate 1500 --quiet &
run=$!
admin await 1 "${prefix}call"
for _ in $(seq 300); do
    up_to=$(word)
    [[ -z $up_to ]] || break
    sleep 0.1
done
((${up_to:-0} > 0)) || die "a run vouches for nothing within 30 seconds"
kill -9 "$run"
wait "$run" || true
((up_to <= $(count_records "${prefix}call"))) || die "vouches for $up_to records of $(count_records "${prefix}call")"
on run --resume --days 2 --quiet
expect_equal "$(word)" "$all" "a resume vouches up to"
on verify --days 2 --quiet
echo "a log that is shorter than a run vouched for (an unclean election, say): nothing is said of what comes to its end"
prefix=$(fresh_prefix)
on run --create-topics --quiet
before=$(count_records "${prefix}call")
read -r _ _ id _ form < <(admin committed cdrgen-writer "${prefix}call")
admin sign cdrgen-writer "$id $all $form" "${prefix}call"
on run --resume --quiet
expect_equal "$(word)" "$before" "a resume of a log that is shorter vouches up to"
echo "unseen records: all as promised"
