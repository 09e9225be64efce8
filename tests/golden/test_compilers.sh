#!/usr/bin/env bash
# Other compilers and levels of optimisation give the same records.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
clang=$(command -v clang || command -v clang-14) || {
    echo "clang is missing: scripts/install-deps --tests"
    exit 1
}
build() # name, compiler, flags
{
    cmake -S "$SOURCE_DIR" -B "$temporary/$1" -G Ninja -DCMAKE_C_COMPILER="$2" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_FLAGS_RELEASE="$3" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON -DCDRGEN_KAFKA=OFF -DCDRGEN_TESTS=OFF \
        >"$temporary/$1.log" 2>&1 &&
        cmake --build "$temporary/$1" >>"$temporary/$1.log" 2>&1 || {
        tail -n 20 "$temporary/$1.log"
        echo "$1: does not build"
        exit 1
    }
    python3 "$here/digests.py" "$temporary/$1/cdrgen" >"$temporary/$1.txt"
    diff -u "$here/digests.txt" "$temporary/$1.txt"
    echo "$1: the same"
}
build gcc-O0 gcc -O0
build gcc-O3 gcc -O3
build clang-O2 "$clang" -O2
