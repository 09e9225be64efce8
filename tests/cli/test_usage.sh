#!/usr/bin/env bash
# What a person meets first: help, versions, and one clear line with exit status 2 for whatever is
# mistyped, before anything is written.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset "${!CDRGEN_@}" 2>/dev/null || true

fail()
{
    echo "FAIL: $*" >&2
    exit 1
}

# refuse STATUS WORDS ARGUMENTS...: that status, nothing on stdout, one line that holds the words.
refuse()
{
    local status=$1 words=$2 got=0
    shift 2
    "$CDRGEN" "$@" >stdout 2>stderr || got=$?
    [ "$got" -eq "$status" ] || fail "'$*' ended with $got, not $status: $(cat stderr)"
    [ ! -s stdout ] || fail "'$*' wrote to stdout: $(head -3 stdout)"
    [ "$(wc -l <stderr)" -eq 1 ] || fail "'$*' said more than one line: $(cat stderr)"
    grep -qF -- "$words" stderr || fail "'$*' said: $(cat stderr)"
    grep -q '^cdrgen: ' stderr || fail "'$*' does not say who speaks: $(cat stderr)"
    [ -z "$(find . -mindepth 1 ! -name stdout ! -name stderr)" ] || fail "'$*' left files"
}

# show WORDS ARGUMENTS...: exit status 0, nothing on stderr, words on stdout.
show()
{
    local words=$1
    shift
    "$CDRGEN" "$@" >stdout 2>stderr || fail "'$*' ended with $?: $(cat stderr)"
    [ ! -s stderr ] || fail "'$*' wrote to stderr: $(cat stderr)"
    grep -qF -- "$words" stdout || fail "'$*' has no '$words'"
}

show 'Examples:'
[ "$(head -1 stdout)" = 'Examples:' ] || fail 'the overview does not start with examples'
[ "$(wc -l <stdout)" -le 36 ] || fail 'the overview does not fit a screen'
show 'Examples:' --help
show 'Examples:' -h
show 'Examples:' help
show '--create-topics' help run
show '--create-topics' run --help
show 'cdrgen cells [FLAGS]' cells -h
! grep -q -- '--brokers' stdout || fail 'help of cells lists a flag that it refuses'
show 'cdrgen trace MSISDN' help trace
version=$(sed -n 's/^project(cdrgen VERSION \([0-9.]*\).*/\1/p' "$SOURCE_DIR/CMakeLists.txt")
show "$version" --version
show 'cdrgen' -V
show '# Configuration' reference
cmp -s stdout "$SOURCE_DIR/docs/configuration.md" || fail 'docs/configuration.md is stale'

refuse 2 'did you mean --subs?' --subz 3
refuse 2 'did you mean run?' rnu
refuse 2 "'cdrgen help run' lists them" --frobnicate
refuse 2 'allowed is 1 to 3660' --days 0
refuse 2 '--days: a value is missing' --subs 5 --days
refuse 2 'February 2025 has 28 days' --start 2025-02-30
refuse 2 'Mars/Olympus' --tz Mars/Olympus
refuse 2 'avro' --format xml
refuse 2 'auto, kafka, file, stdout or null' --sink kafak
refuse 2 '--brokers is not a flag of cells' cells --brokers localhost
refuse 2 'one argument too many' run out
refuse 2 'whose records?' trace
refuse 2 'not an MSISDN' trace abc
refuse 2 'too many' --subs 50M --prefixes 31612
refuse 2 'only one of them' --speed 2 --rate 3
refuse 2 'No such file' --config nowhere.json
refuse 2 'No such file' -F nowhere.properties
refuse 2 'name=value' -X linger.ms
CDRGEN_DAYS=x refuse 2 'CDRGEN_DAYS: "x" is not a whole number' run
CDRGEN_BROKER=x refuse 2 'did you mean CDRGEN_BROKERS?' run
# Control characters of an argument never reach the terminal.
refuse 2 '"\x1b[31m"' --days $'\e[31m'
refuse 2 '--a\nb is not a flag' $'--a\nb'
refuse 2 'cannot read a\nb' --config $'a\nb'
echo ok
