#!/usr/bin/env bash
# Brokers that advertise addresses which this machine does not reach: run, verify and doctor name broker, address and reason,
# and do so soon.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"

# doctor STATUS ARGUMENTS…: its findings into $WORK/findings.
doctor()
{
    local wanted=$1 status=0
    shift
    "$CDRGEN" doctor --subs 100 --days 1 "$@" >"$WORK/findings" 2>"$WORK/stderr" || status=$?
    ((status == wanted)) || die "status $status, not $wanted, of doctor $*: $(cat "$WORK/findings" "$WORK/stderr")"
}

# found LEVEL TEXT: a line of the findings.
found()
{
    grep -Eq -- "^$1 +$2" "$WORK/findings" || die "no '$1 $2' among: $(cat "$WORK/findings")"
}

not_found()
{
    ! grep -Eq -- "^$1 +$2" "$WORK/findings" || die "'$1 $2' is among: $(cat "$WORK/findings")"
}

# advertise ID=ADDRESS…: a broker that answers, and advertises them; sets BROKER.
advertise()
{
    rm -f "$WORK/fake.in"
    mkfifo "$WORK/fake.in"
    : >"$WORK/fake"
    "$PYTHON" "$kafka_tests/fake_broker.py" "$@" <"$WORK/fake.in" >"$WORK/fake" &
    exec {fake}>"$WORK/fake.in"
    until [[ -s $WORK/fake ]]; do sleep 0.05; done
    BROKER=$(<"$WORK/fake")
}

nowhere='broker 1 is advertised as kafka-nowhere.invalid:9092, which cannot be resolved: '
advertise 1=kafka-nowhere.invalid:9092 2=127.0.0.1:9
before=$SECONDS
doctor 1 -b "$BROKER"
found ok "brokers: $BROKER answers"
found fail "brokers: ($nowhere.*|broker 2 is advertised as 127.0.0.1:9, which cannot be reached: Connection refused); start it, or set its advertised.listeners"
not_found fail 'topic .*Timed out'
for command in "run --create-topics" verify; do
    status=0
    "$CDRGEN" $command -b "$BROKER" --subs 100 --days 1 --quiet >"$WORK/said" 2>"$WORK/stderr" || status=$?
    expect_equal $status 2 "status of $command"
    # One of them at least: librdkafka may have tried only that.
    grep -Eq "^cdrgen: $BROKER answers, but ($nowhere|broker 2 is advertised as 127.0.0.1:9, ).*; set advertised.listeners" "$WORK/stderr" ||
        die "$command says: $(cat "$WORK/stderr")"
done
((SECONDS - before < 40)) || die "that took $((SECONDS - before)) s"
exec {fake}>&-
# One of several is enough for a run to begin with; the doctor names the other.
advertise 1=kafka-nowhere.invalid:9092 2=self
doctor 1 -b "$BROKER"
found fail "brokers: $nowhere"
not_found fail 'brokers: broker 2'
exec {fake}>&-
