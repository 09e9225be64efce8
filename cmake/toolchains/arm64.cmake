# 64-bit ARM, little-endian:
#     scripts/install-deps --tests
#     cmake -S . -B build/arm64 -G Ninja --toolchain cmake/toolchains/arm64.cmake \
#           -DCDRGEN_KAFKA=OFF -DCDRGEN_TESTS=OFF
#     cmake --build build/arm64 && qemu-aarch64 build/arm64/cdrgen --version
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(cdr_debian_architecture arm64)
set(cdr_triplet aarch64-linux-gnu)
set(cdr_emulator qemu-aarch64)
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
