#!/usr/bin/env bash
# Layers, lengths, words; and the generated reference page is that of the program.
set -euo pipefail
python3 "$(dirname "$0")/tidy.py" "$SOURCE_DIR"
"$CDRGEN" reference | diff - "$SOURCE_DIR/docs/configuration.md" && echo "docs/configuration.md is fresh"
