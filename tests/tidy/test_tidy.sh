#!/usr/bin/env bash
# Layers, lengths, words; shell scripts; and the generated reference page is that of the program.
set -euo pipefail
python3 "$(dirname "$0")/tidy.py" "$SOURCE_DIR"
"$CDRGEN" reference | diff - "$SOURCE_DIR/docs/configuration.md" && echo "docs/configuration.md is fresh"
cd "$SOURCE_DIR"
git ls-files -z -- '*.sh' scripts .ci/run | xargs -0 grep -lZ '^#!.*bash' | xargs -0 shellcheck -S warning -x && echo "shell scripts are clean"
