#!/usr/bin/env bash
# judge: rows of a pipeline that is right are right, for random datasets and queries; scripts/judge-random is the long form.
set -euo pipefail
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
export TMPDIR=$temporary
if ! python3 -c 'import zoneinfo; zoneinfo.ZoneInfo("Pacific/Apia")' 2>/dev/null; then
    echo "python3 with zoneinfo is not there"
    exit 77
fi
python3 -B "$SOURCE_DIR/tests/cli/correct_pipelines.py" "$CDRGEN" "${CDRGEN_TEST_ROUNDS:-5}" 1
