#!/usr/bin/env bash
# The examples of README, tutorial and common tasks work as they are printed: every command runs, one after the other, in a folder that
# looks like a fresh clone with a build, and prints what is shown.
#
# The examples start a cluster of their own, as a reader does: an empty one, at `scripts/kafka`'s default place.
source "$SOURCE_DIR/tests/kafka/lib.sh"

# An empty cluster is the documents' own, not one that other tests share.
unset CDRGEN_TEST_BROKERS CDRGEN_TEST_REGISTRY CDRGEN_TEST_KAFKA_DIR
export TMPDIR=$WORK/tmp
own_clusters+=("$TMPDIR/cdrgen-kafka-$UID") # start_cluster is the examples' affair; stopping it is ours as well

clone=$WORK/clone
mkdir -p "$clone/build" "$WORK/bin" "$TMPDIR"
ln -s "$BUILD_DIR" "$clone/build/release"
for part in config docs schemas scripts; do
    ln -s "$SOURCE_DIR/$part" "$clone/$part"
done

# The program is built; what scripts/demo would build it with stays away from it. Examples in Python need the clients.
printf '#!/bin/sh\n' >"$WORK/bin/cmake"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$PYTHON" >"$WORK/bin/python3"
chmod +x "$WORK/bin/cmake" "$WORK/bin/python3"

PATH=$WORK/bin:$PATH "$PYTHON" "$SOURCE_DIR/tests/kafka/document_examples.py" "$clone" \
    "$SOURCE_DIR/README.md" "$SOURCE_DIR/docs/tasks.md" "$SOURCE_DIR/docs/tutorial.md"
