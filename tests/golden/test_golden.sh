#!/usr/bin/env bash
# The program's digests are the pinned ones.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
env -u CDRGEN_BROKERS python3 "$here/digests.py" "$CDRGEN" >"$temporary/digests.txt"
diff -u "$here/digests.txt" "$temporary/digests.txt" || {
    echo "records differ from the pinned ones: a change of records needs a new CDR_DATA_MODEL_VERSION and scripts/update-golden"
    exit 1
}
echo "$(wc -l <"$temporary/digests.txt") lines are as pinned"
