#!/usr/bin/env bash
# scripts/kafka waits for a broker as long as its process lives and its log grows, so that a start on a busy machine, or one
# that has many logs to recover, is not given up after a fixed time. Java and kcat are stand-ins here: a start is slow, gets
# stuck or dies as the test wants it.
set -euo pipefail

work=$(mktemp -d)
kafka=("$SOURCE_DIR/scripts/kafka")
trap '"${kafka[@]}" stop --dir "$work/cluster"; rm -rf "$work"' EXIT
mkdir -p "$work/bin" "$work/cache/kafka-4.3.1/jars"
touch "$work/cache/kafka-4.3.1/jars/complete"
export CDRGEN_CACHE=$work/cache PATH=$work/bin:$PATH WORK=$work CDRGEN_TEST_KAFKA_QUIET_S=2

# A broker that writes a line every tenth of a second for $(cat busy) of them, and then does what $(cat then) says.
cat >"$work/bin/java" <<'JAVA'
#!/usr/bin/env bash
[[ " $* " == *" kafka.Kafka "* ]] || exit 0
for ((i = 0; i < $(cat "$WORK/busy"); i++)); do
    echo "recovering log $i"
    sleep 0.1
done
source "$WORK/then"
JAVA
cat >"$work/bin/kcat" <<'KCAT'
#!/usr/bin/env bash
[[ ! -e $WORK/answers ]] || echo '  broker 1 at 127.0.0.1:1'
KCAT
chmod +x "$work/bin/java" "$work/bin/kcat"

die()
{
    echo "FAILED: $*" >&2
    exit 1
}

# fails WORDS COMMAND…: it ends with status 1, and says WORDS.
fails()
{
    local words=$1 status=0
    shift
    "$@" >"$work/said" 2>&1 || status=$?
    ((status == 1)) || die "status $status of: $*; it says: $(cat "$work/said")"
    grep -q "$words" "$work/said" || die "not '$words' but: $(cat "$work/said")"
}

echo 40 >"$work/busy"
echo 'touch "$WORK/answers"; exec sleep 600' >"$work/then"
"${kafka[@]}" start --dir "$work/cluster" >/dev/null || die "a start whose log grows for longer than 2 s was given up"

rm "$work/answers"
"${kafka[@]}" restart 1 --dir "$work/cluster" || die "a restart whose log grows for longer than 2 s was given up"

rm "$work/answers"
echo 2 >"$work/busy"
echo 'exec sleep 600' >"$work/then"
fails 'broker 1 did not come up: its log did not grow for 2 s; its log: ' "${kafka[@]}" restart 1 --dir "$work/cluster"

echo 'exit 1' >"$work/then"
fails 'broker 1 did not come up: its process ended; its log: ' "${kafka[@]}" restart 1 --dir "$work/cluster"

# What the scripts say of themselves is asked for, so it is no error.
for script in install-deps demo test kafka; do
    "$SOURCE_DIR/scripts/$script" --help >"$work/said" 2>"$work/errors" || die "scripts/$script --help ends with status $?"
    grep -q "scripts/$script" "$work/said" && [[ ! -s $work/errors ]] || die "scripts/$script --help prints no usage"
done
