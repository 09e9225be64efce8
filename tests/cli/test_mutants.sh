#!/usr/bin/env bash
# judge: a pipeline in Python is right, and with each of the well-known mistakes it is wrong and told which; docs/answers.md has the
# table of them.
set -euo pipefail
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
export TMPDIR=$temporary
if ! python3 -c 'import zoneinfo; zoneinfo.ZoneInfo("Europe/Amsterdam")' 2>/dev/null; then
    echo "python3 with zoneinfo is not there"
    exit 77
fi
python3 -B "$SOURCE_DIR/tests/cli/mutants.py" "$CDRGEN" "$SOURCE_DIR/docs/answers.md"
