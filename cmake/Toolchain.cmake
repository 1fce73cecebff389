# Language level, compiler cache and linker: the same for every preset.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 17)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(LIFEBOAT_PCH "Precompile the common headers" OFF)
option(LIFEBOAT_WERROR "Turn warnings into errors" OFF)
option(LIFEBOAT_FUZZ "Build the fuzzers instead of the tests" OFF)
set(LIFEBOAT_SHARD 24 CACHE STRING "Tests that share a process, about")
set(LIFEBOAT_FUZZ_SECONDS 180 CACHE STRING "Seconds of fuzzing, for all fuzzers together")
set(LIFEBOAT_SANITIZE "" CACHE STRING "Sanitizers, as in address,undefined")

# A unit takes up to 1.7 GiB: no more are compiled at once than the machine has memory for.
cmake_host_system_information(RESULT memory QUERY TOTAL_PHYSICAL_MEMORY)  # MiB
math(EXPR units "${memory} / 2048")
if(units EQUAL 0)
  set(units 1)
endif()
set_property(GLOBAL PROPERTY JOB_POOLS units=${units})
set(CMAKE_JOB_POOL_COMPILE units)

# GCC collects its garbage from 128 MiB on, again and again, which is a tenth of its time. Where
# there is memory it may fill 1 GiB first, which few units do (docs/adr/0004-build-time.md).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  math(EXPR heap "${memory} * 1024 / 16")  # KiB
  if(heap GREATER 1048576)
    set(heap 1048576)
  endif()
  add_compile_options("SHELL:--param ggc-min-heapsize=${heap}")
endif()

# Paths below the source directory are hashed relative to it, so that a second
# clone of the repository hits the cache of the first. With precompiled headers
# the cache refuses to work without the two kinds of sloppiness.
find_program(LIFEBOAT_CCACHE ccache)
if(LIFEBOAT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(launcher env
      "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}"
      CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros
      "${LIFEBOAT_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

find_program(LIFEBOAT_MOLD mold)
if(LIFEBOAT_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
