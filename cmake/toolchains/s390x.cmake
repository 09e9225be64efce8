# IBM Z, 64 bits, big-endian: here to show that no record depends on the byte order.
#     scripts/install-deps --tests
#     cmake -S . -B build/s390x -G Ninja --toolchain cmake/toolchains/s390x.cmake \
#           -DCDRGEN_KAFKA=OFF -DCDRGEN_TESTS=OFF
#     cmake --build build/s390x && qemu-s390x build/s390x/cdrgen --version
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(cdr_debian_architecture s390x)
set(cdr_triplet s390x-linux-gnu)
set(cdr_emulator qemu-s390x)
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
