#!/usr/bin/env bash
# README and tutorial show what the program prints: their digests and dataset ids come from it, and their links lead somewhere.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$SOURCE_DIR"
documents=(./*.md docs/*.md)
status=0

complain()
{
    echo "$*"
    status=1
}

# Runs whose output is shown.
{
    for arguments in '--subs 10000' '--subs 10000 --format avro' '--subs 1000 --format avro' '--subs 10000 --days 7'; do
        # shellcheck disable=SC2086
        "$CDRGEN" run --sink null --summary - $arguments 2>"$work/words"
        cat "$work/words"
    done
    "$CDRGEN" run --subs 1M --days 30 --partitions 48 --dry-run
} >"$work/truth" </dev/null

for document in README.md docs/tutorial.md; do
    shown=$(grep -oE '(dataset|digest|"dataset_id":|"digest":|"sum":) +"?[0-9a-f]{16,32}' "$SOURCE_DIR/$document" |
        grep -oE '[0-9a-f]{16,}' | sort -u)
    [[ -n $shown ]] || complain "$document shows no digest: is this test looking in the right place?"
    for number in $shown; do
        grep -q "$number" "$work/truth" || complain "$document: $number is not what this program gives"
    done
done

# anchors FILE: the names by which links reach its headings.
anchors()
{
    sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

for document in "${documents[@]}"; do
    folder=$(dirname "$SOURCE_DIR/$document")
    for link in $(grep -oE '\]\([^)]+\)' "$SOURCE_DIR/$document" | sed 's/^](//; s/)$//; /^https\{0,1\}:/d'); do
        path=$folder/${link%%#*}
        [[ $link != '#'* ]] || path=$SOURCE_DIR/$document
        [[ -e $path ]] || complain "$document: the link $link leads nowhere"
        [[ $link != *'#'* ]] || anchors "$path" | grep -x -- "${link#*#}" >/dev/null || complain "$document: there is no heading for $link"
    done
done
exit "$status"
