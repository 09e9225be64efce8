#!/usr/bin/env bash
# Other CPUs, one of them big-endian, give the same records: built without Kafka, run under qemu's user emulation.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
python3 "$here/digests.py" --small "$CDRGEN" >"$temporary/wanted.txt"
grep -vxFf "$here/digests.txt" "$temporary/wanted.txt" && {
    echo "this program's own digests are not the pinned ones"
    exit 1
}
for arch in arm64 s390x; do
    case $arch in
    arm64) emulator=qemu-aarch64 ;;
    s390x) emulator=qemu-s390x ;;
    esac
    command -v "$emulator" >/dev/null || {
        echo "$emulator is missing: scripts/install-deps --tests"
        exit 1
    }
    cmake -S "$SOURCE_DIR" -B "$temporary/$arch" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$SOURCE_DIR/cmake/toolchains/$arch.cmake" \
        -DCMAKE_BUILD_TYPE=Release -DCDRGEN_KAFKA=OFF -DCDRGEN_TESTS=OFF >"$temporary/$arch.log" 2>&1 &&
        cmake --build "$temporary/$arch" >>"$temporary/$arch.log" 2>&1 || {
        tail -n 20 "$temporary/$arch.log"
        echo "$arch: does not build"
        exit 1
    }
    python3 "$here/digests.py" --small "$temporary/$arch/cdrgen" "$emulator" >"$temporary/$arch.txt"
    diff -u "$temporary/wanted.txt" "$temporary/$arch.txt"
    echo "$arch: the same"
done
