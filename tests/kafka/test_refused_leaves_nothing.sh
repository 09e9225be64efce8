#!/usr/bin/env bash
# A --resume --create-topics that was refused for what the topics hold left those empty that had been missing.
set -euo pipefail
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster

# on COMMAND SEED ARGUMENTS…: with the topics of $prefix.
on()
{
    local command=$1 seed=$2
    shift 2
    "$CDRGEN" "$command" --subs 300 --partitions 2 --seed "$seed" -b "$CDRGEN_TEST_BROKERS" --topic-prefix "$prefix" --quiet "$@"
}

for how in "" --transactions --dimensions; do
    echo "another dataset in the topics that are left $how"
    prefix=$(fresh_prefix)
    on run 1 --create-topics $how
    missing=("${prefix}data")
    [[ $how != --dimensions ]] || missing+=("${prefix}cell")
    admin delete "${missing[@]}"
    left=$(admin list "$prefix")
    expect_failure 2 "holds dataset|do not hold the beginning of dataset|did not commit" on run 2 --resume --create-topics $how
    sleep 0.5 # a broker creates what a producer asks about in its own time
    expect_equal "$(admin list "$prefix")" "$left" "topics after a resume that is refused"
    # The dataset itself goes on.
    on run 1 --resume --create-topics $how
    on verify 1 ${how/--transactions/} 2>"$WORK/stderr" || die "verify: $(cat "$WORK/stderr")"
done

echo "all topics are missing: nothing to look at"
prefix=$(fresh_prefix)
on run 1 --resume --create-topics
on verify 1
echo "refused, leaves nothing: all as promised"
