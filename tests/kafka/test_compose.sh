#!/usr/bin/env bash
# What docker-compose.yml lets cdrgen do succeeds when it is done twice: the second `docker compose up` finds the records of
# the first one in its topics, and adds none. Run here without docker, from the file's own words.
source "$SOURCE_DIR/tests/kafka/lib.sh"
need_cluster registry
prefix=$(fresh_prefix)
export CDRGEN_BROKERS=$CDRGEN_TEST_BROKERS CDRGEN_REGISTRY=$CDRGEN_TEST_REGISTRY

# The command, a scalar folded over lines (`>-`), without the key.
command=$(awk '/^    command: >-$/ { inside = 1; next } inside && !/^      / { exit } inside' "$SOURCE_DIR/docker-compose.yml" |
    tr -s '\n ' ' ')
[[ $command == *' --topic-prefix compose. '* ]] || die "no topic prefix in the command of docker-compose.yml: $command"
read -ra arguments <<<"${command/ compose. / $prefix }"

# The image is named after the version that is built into it.
version=$("$CDRGEN" --version | sed -n 's/^cdrgen \([^,]*\),.*/\1/p')
grep -qx "    image: cdrgen:$version" "$SOURCE_DIR/docker-compose.yml" || die "docker-compose.yml does not name the image cdrgen:$version"

for expected in 196309 0; do
    "$CDRGEN" "${arguments[@]}" --summary "$WORK/summary" 2>"$WORK/words" ||
        die "docker compose up would fail: $(cat "$WORK/words")"
    expect_equal "$(jq .records "$WORK/summary")" "$expected" "records that docker compose up adds"
done
"$CDRGEN" verify --format avro --topic-prefix "$prefix" --subs 10000 >"$WORK/words" || die "$(cat "$WORK/words")"
