# For the tests of properties: source "$SOURCE_DIR/tests/property/lib.sh" first.
#
# A property is tried on many small datasets. Dataset number S is made of S alone, so `CDRGEN_TEST_SEEDS=S test_….sh` tries just
# that one again; a list or a range (`1 7 20-30`) does as well. A failing one is named in the last line.
#
# Set here: WORK, a folder that goes when the test has passed; PYTHON, an interpreter with xxhash and fastavro.
set -euo pipefail

PYTHON=${CDRGEN_TEST_PYTHON:-${CDRGEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdrgen}/python/bin/python}
# Memory rather than a disk where there is a choice: parts are synced, and there are thousands.
WORK=$(mktemp -d "${TMPDIR:-$([[ -w /dev/shm ]] && echo /dev/shm || echo /tmp)}/cdrgen-property.XXXXXX")
TEST_SEEDS=${CDRGEN_TEST_SEEDS:-}
TEST_BROKERS=${CDRGEN_TEST_BROKERS:-}
for variable in "${!CDRGEN_@}"; do # settings of whoever runs the test would change what is run
    unset "$variable"
done
current=

end_of_test()
{
    local status=$?
    if ((status == 0)); then
        rm -rf "$WORK"
    else
        [[ -z $current ]] || echo "failing seed: $current; its files are in $WORK" >&2
    fi
}
trap end_of_test EXIT
trap 'exit 130' INT TERM

die()
{
    echo "FAILED${current:+ with seed $current}: $*" >&2
    exit 1
}

# seeds DEFAULT…: the seeds to try, one a line.
seeds()
{
    local item
    for item in ${TEST_SEEDS:-$@}; do
        if [[ $item == *-* ]]; then seq "${item%-*}" "${item#*-}"; else echo "$item"; fi
    done
}

# pick SALT CHOICES…: one of them, by the current seed.
pick()
{
    local salt=$1 hash
    shift
    hash=$(cksum <<<"$current $salt")
    echo "${@:${hash%% *} % $# + 1:1}"
}

# dataset: flags of the current seed's dataset, into the array `model`. P is the number of partitions, ZONE the zone.
dataset()
{
    local start who
    P=$(pick partitions 1 2 3 3 4 6 7 13)
    ZONE=$(pick zone Europe/Amsterdam Europe/Amsterdam Asia/Kolkata Australia/Lord_Howe America/St_Johns Pacific/Apia UTC America/New_York)
    case $ZONE in
        Europe/Amsterdam) start=$(pick start 2025-03-29 2025-03-30 2025-10-25 2025-10-26 2024-12-31) ;;
        Australia/Lord_Howe) start=$(pick start 2025-04-05 2025-04-06 2025-10-04 2025-10-05) ;;
        America/St_Johns) start=$(pick start 2025-03-08 2025-03-09 2025-11-01 2025-11-02) ;;
        Pacific/Apia) start=$(pick start 2011-12-29 2025-06-01 2012-04-01) ;; # no 30 December in 2011
        America/New_York) start=$(pick start 2025-03-09 2025-11-02) ;;
        *) start=$(pick start 2025-01-01 2024-02-28 1999-12-31 2030-06-15) ;;
    esac
    who=$(pick who "--subs 1" "--subs 2" "--subs 30" "--subs 200 --trains 0.5" "--subs 400 --leave-prob 0.05 --vacant-days 3" "--subs 700 --trains 0")
    case $who in
        "--subs 1" | "--subs 2") ;; # of whom one who sends nothing would leave a topic empty
        *) who+=" $(pick behaviours "" "" "--behaviour fraud,machines" "--behaviour simbox_naive=.05,wangiri=.3,irsf=.3,sim_swap=.2" \
            "--behaviour telemarketer=.05,call_centre=.05,meter=.2,a2p=.02,simbox_mimic=.1")" ;;
    esac
    # shellcheck disable=SC2207,SC2206
    model=(--seed "$current" --partitions "$P" --tz "$ZONE" --start "$start"
        --days "$(pick days 1 1 2)" --order "$(pick order end end start)" --activity-sigma "$(pick sigma 0.8 0.8 0 0.5)"
        --late-share "$(pick late 0 0 0.1 1)"
        $(pick parts "--partial 0s" "--partial 1m" "--partial 5m --duration-max 1d" "--duration-max 10m")
        $who)
}

# run FLAGS…: the dataset, quietly.
run()
{
    "$CDRGEN" run "${model[@]}" --quiet "$@" || die "run ${model[*]} --quiet $* ended with $?"
}

# logs SUMMARY…: what must be equal of runs of the same dataset: its id and the logs, of all shards' summaries together.
logs()
{
    jq -S -n '[inputs] | {dataset_id: map(.dataset_id) | unique, logs: [.[].topics | to_entries[] | .key as $topic |
        .value.partitions[] | {topic: $topic, partition, records, bytes, digest, sum}] | sort_by(.topic, .partition)}' "$@"
}

same_logs()
{
    local wanted=$1 got
    shift
    got=$(logs "$@") || die "no summary in $*"
    [[ $got == "$(logs "$wanted")" ]] || die "the logs differ: ${model[*]}: $* against $wanted: $(diff <(logs "$wanted") <(logs "$@") | head -20)"
}
