# For the tests with real brokers: source "$SOURCE_DIR/tests/kafka/lib.sh" first.
#
# A test finds a running cluster of one broker in CDRGEN_TEST_BROKERS and a registry in CDRGEN_TEST_REGISTRY (scripts/test
# starts them; by hand: scripts/kafka start --registry && eval "$(scripts/kafka env)"). The cluster is shared: each test
# uses topics under a prefix of its own. What needs other brokers starts them with start_cluster. ctest runs a test that
# calls need_cluster beside one that does not, and never two of either kind (tests/CMakeLists.txt): a test must bear
# another one's load, and waits for what it needs to see rather than for a time.
#
# Set here: WORK, a folder that goes when the test ends; PYTHON, an interpreter that has the foreign clients.
set -euo pipefail

kafka_tests=$SOURCE_DIR/tests/kafka
PYTHON=${CDRGEN_TEST_PYTHON:-${CDRGEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdrgen}/python/bin/python}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/cdrgen-test.XXXXXX")
own_clusters=()

# keep_broker_logs FOLDER: what is left of a cluster after a failure: which of its brokers ran, and their logs.
keep_broker_logs()
{
    local kept log
    kept=$WORK/logs-$(basename "$1")
    [[ -f $1/cluster ]] || return 0
    mkdir -p "$kept"
    "$SOURCE_DIR/scripts/kafka" status --dir "$1" >"$kept/status" 2>&1 || true
    for log in "$1"/*/log; do
        [[ ! -f $log ]] || cp "$log" "$kept/$(basename "$(dirname "$log")").log"
    done
    echo "the brokers' logs are in $kept:" >&2
    cat "$kept/status" >&2
    # Where the machine is gone after the test, its output is all that is left.
    [[ -z ${CI:-} ]] || tail -n 40 "$kept"/*.log >&2
}

end_of_test()
{
    local status=$? folder job
    for job in $(jobs -pr); do # they would keep the brokers, and ctest, which waits for their output
        kill "$job" 2>/dev/null || true
    done
    for folder in "${own_clusters[@]}"; do
        ((status == 0)) || keep_broker_logs "$folder" || true
        "$SOURCE_DIR/scripts/kafka" stop --dir "$folder"
    done
    # Gone only if the test passed: what it left helps to see why it failed.
    if ((status == 0)); then
        rm -rf "$WORK"
    else
        echo "test failed with status $status; its files are in $WORK" >&2
    fi
}
trap end_of_test EXIT
trap 'exit 130' INT TERM

die()
{
    echo "FAILED: $*" >&2
    exit 1
}

# need_cluster [registry]: a test without its cluster fails; it does not pass for having done nothing.
need_cluster()
{
    [[ -n ${CDRGEN_TEST_BROKERS:-} ]] ||
        die "CDRGEN_TEST_BROKERS is not set; scripts/kafka start --registry; eval \"\$(scripts/kafka env)\""
    [[ ${1:-} != registry || -n ${CDRGEN_TEST_REGISTRY:-} ]] ||
        die "CDRGEN_TEST_REGISTRY is not set; scripts/kafka start --registry starts one"
    [[ -x $PYTHON ]] || die "$PYTHON is missing; scripts/install-deps --tests makes it"
}

# fresh_prefix: a prefix of topic names that nobody used before, with the dot.
fresh_prefix()
{
    echo "t$(date +%s%N)$RANDOM."
}

# start_cluster ARGUMENTS…: brokers of the test's own (arguments of scripts/kafka start), stopped when it ends. Sets
# CLUSTER, their folder for scripts/kafka --dir, and CDRGEN_TEST_BROKERS, CDRGEN_TEST_REGISTRY for them.
start_cluster()
{
    CLUSTER=$WORK/cluster-${#own_clusters[@]}
    own_clusters+=("$CLUSTER")
    "$SOURCE_DIR/scripts/kafka" start --dir "$CLUSTER" "$@" >/dev/null
    eval "$("$SOURCE_DIR/scripts/kafka" env --dir "$CLUSTER")"
}

# admin COMMAND ARGUMENTS…: create, delete, list, partitions, config, offsets, committed; see admin.py.
admin()
{
    "$PYTHON" "$kafka_tests/admin.py" "$@"
}

# compare_topics OUT [ARGUMENTS…]: the topics against the file sink's parts, record by record; see read_topics.py.
compare_topics()
{
    local out=$1
    shift
    "$PYTHON" "$kafka_tests/read_topics.py" compare --files "$out" "$@"
}

# kafka_digests [ARGUMENTS…] TOPIC…: counts and digests as a foreign client computes them; --summary FILE compares.
kafka_digests()
{
    "$PYTHON" "$kafka_tests/read_topics.py" digests "$@"
}

# read_log TOPIC [PARTITION]: raw records, one a line: partition, offset, timestamp, key, value in hexadecimal.
read_log()
{
    "$PYTHON" "$kafka_tests/read_topics.py" dump "$@"
}

# count_records TOPIC: how many records all partitions hold, by their offsets.
count_records()
{
    admin offsets "$1" | awk '{ n += $3 - $2 } END { print n + 0 }'
}

# newer_cdrgen: the path of a cdrgen that is built with the librdkafka of scripts/install-deps --librdkafka. It is made
# beside the build that is tested, and kept there.
newer_cdrgen()
{
    local prefix=${CDRGEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdrgen}/librdkafka folder=$BUILD_DIR/newer-librdkafka
    [[ -f $prefix/version ]] || die "$prefix is missing; scripts/install-deps --librdkafka makes it"
    {
        flock 9
        cmake -S "$SOURCE_DIR" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCDRGEN_TESTS=OFF \
            -DCDRGEN_LIBRDKAFKA_PREFIX="$prefix" && cmake --build "$folder" --target cdrgen
    } >"$WORK/newer.log" 2>&1 9>"$BUILD_DIR/newer-librdkafka.lock" ||
        die "cdrgen could not be built with $prefix: $(tail -n 20 "$WORK/newer.log")"
    echo "$folder/cdrgen"
}

# expect_failure STATUS TEXT COMMAND…: it must exit with STATUS and say TEXT (an extended regular expression) on stderr.
expect_failure()
{
    local wanted=$1 text=$2 status=0
    shift 2
    "$@" >"$WORK/stdout" 2>"$WORK/stderr" || status=$?
    ((status == wanted)) || die "status $status, not $wanted, of: $*; it says: $(cat "$WORK/stderr")"
    grep -Eq -- "$text" "$WORK/stderr" || die "no '$text' from: $*; it says: $(cat "$WORK/stderr")"
}

expect_equal()
{
    [[ $1 == "$2" ]] || die "${3:-values differ}: '$1', not '$2'"
}
