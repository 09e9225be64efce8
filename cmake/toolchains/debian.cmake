# Cross-building with Debian's compilers, what the toolchain files of the architectures share.
#
# The libraries are those that scripts/install-deps --tests unpacks into the cache folder. They are static and so is the
# program, which therefore runs under qemu-user as it is, without another architecture's loader and C library.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${cdr_triplet}-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR ${cdr_emulator})
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)

if(NOT CDRGEN_SYSROOT)
  if(DEFINED ENV{CDRGEN_CACHE})
    set(CDRGEN_SYSROOT $ENV{CDRGEN_CACHE}/sysroot)
  elseif(DEFINED ENV{XDG_CACHE_HOME})
    set(CDRGEN_SYSROOT $ENV{XDG_CACHE_HOME}/cdrgen/sysroot)
  else()
    set(CDRGEN_SYSROOT $ENV{HOME}/.cache/cdrgen/sysroot)
  endif()
  set(CDRGEN_SYSROOT ${CDRGEN_SYSROOT}/${cdr_debian_architecture})
endif()
if(NOT EXISTS ${CDRGEN_SYSROOT}/usr/include)
  message(FATAL_ERROR "no libraries of ${cdr_debian_architecture} in ${CDRGEN_SYSROOT}: "
                      "scripts/install-deps --tests unpacks them; -DCDRGEN_SYSROOT= names another folder")
endif()
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CDRGEN_SYSROOT)

set(CMAKE_LIBRARY_ARCHITECTURE ${cdr_triplet})
set(CMAKE_FIND_ROOT_PATH ${CDRGEN_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${CDRGEN_SYSROOT}/usr/lib/${cdr_triplet}/pkgconfig:${CDRGEN_SYSROOT}/usr/share/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CDRGEN_SYSROOT})
