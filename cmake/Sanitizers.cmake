# LIFEBOAT_SANITIZE applies to every object: a sanitizer that sees half of a
# program reports falsely.

if(LIFEBOAT_SANITIZE)
  add_compile_options("-fsanitize=${LIFEBOAT_SANITIZE}" -fno-omit-frame-pointer)
  add_link_options("-fsanitize=${LIFEBOAT_SANITIZE}")
  if(LIFEBOAT_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
    if(NOT LIFEBOAT_FUZZ)
      # A quarter of what a file takes to compile, for what cannot go unnoticed or is not done: the
      # address sanitizer stops at a null pointer, nobody casts down, and bytes are read as wider
      # types by parsers, which the fuzzers see with these checks.
      add_compile_options(-fno-sanitize=null,vptr,alignment)
    endif()
  endif()
endif()
set(LIFEBOAT_TSAN OFF)
if(LIFEBOAT_SANITIZE MATCHES "thread")
  set(LIFEBOAT_TSAN ON)
  # Debian's oneTBB is not instrumented and reports false races: tools/tsan_tbb.
  if(DEFINED ENV{XDG_CACHE_HOME})
    set(cache "$ENV{XDG_CACHE_HOME}")
  else()
    set(cache "$ENV{HOME}/.cache")
  endif()
  set(TBB_DIR "${cache}/lifeboat/onetbb-tsan/lib/cmake/TBB")
  if(NOT EXISTS "${TBB_DIR}/TBBConfig.cmake")
    message(FATAL_ERROR "oneTBB for the thread sanitizer is missing: run tools/tsan_tbb")
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # oneTBB's headers use fences, which the sanitizer does not model.
    add_compile_options(-Wno-tsan)
  endif()
endif()
if(LIFEBOAT_FUZZ)
  # The rooms themselves carry the coverage counters, or the fuzzer is blind.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
