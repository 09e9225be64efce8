#!/usr/bin/env bash
# Layers, lengths, words; the format of C; shell scripts; and the generated reference page is that of the program.
set -euo pipefail
python3 "$(dirname "$0")/tidy.py" "$SOURCE_DIR"
"$CDRGEN" reference | diff - "$SOURCE_DIR/docs/configuration.md" && echo "docs/configuration.md is fresh"
cd "$SOURCE_DIR"
git ls-files -z -- '*.sh' scripts .ci/run | xargs -0 grep -lZ '^#!.*bash' | xargs -0 shellcheck -S warning -x && echo "shell scripts are clean"
# The version counts: others break lines in other places.
format=$(dirname "${CDRGEN_TEST_PYTHON:-/nowhere/python}")/clang-format
[[ -x $format ]] || format=$(command -v clang-format-14 || command -v clang-format || true)
if [[ -n $format && $("$format" --version) == *" version 14."* ]]; then
    git ls-files -z -- '*.c' '*.h' | xargs -0 "$format" --dry-run -Werror && echo "C is formatted"
else
    echo "there is no clang-format 14: the format of C is not checked"
fi
