# lifeboat_room(<name> [DEPENDS <rooms>] [LIBRARIES <targets>] [OPTIONS_OF <rooms>]
#               [TEST_DEPENDS <rooms>] [TEST_LIBRARIES <targets>] [TEST_SUPPORT <rooms>]
#               [SERIAL_TESTS <names>])
#   A static library lifeboat_<name> of src/<name>/**/*.cc and a test program
#   <name>_test of src/<name>/**/*_test.cc. What tests share is compiled once: test_*.cc are a
#   library lifeboat_<name>_support, for this room's tests and for those of the rooms that name
#   it as TEST_SUPPORT. The SERIAL_TESTS (paths without
#   _test.cc) play no threads of their own which other tests of the tsan preset do
#   not play already: the thread sanitizer leaves them out.
# lifeboat_program(<name>)
#   A program of the calling room's main.cc, in the root of the build directory.
# lifeboat_test(<name> SOURCES <files> [DEPENDS <rooms>] [LIBRARIES <targets>] [LABELS <labels>])
#   A test program for what crosses rooms (tests/).
# lifeboat_fuzzer(<name> SOURCES <files> DEPENDS <rooms> [CORPUS <folder>])
#   A libFuzzer program, in the fuzz preset only.
# lifeboat_python_test(<name> SOURCE <file> [LABELS <labels>])
#   A unittest file; it finds the program under test in the environment as LIFEBOAT.
#
# The gates: a room's include path is build/<preset>/gates/<name>, a directory
# with one link per declared room. It is private, so a room that does not
# declare storage cannot include "storage/backend.h", directly or through
# another room's header. Only base is exposed to everybody.

include(Batches)
include(Fuzzed)

set(LIFEBOAT_GATES "${CMAKE_BINARY_DIR}/gates")

# Fills the directory gates/<gate> with links to exactly the given rooms.
function(lifeboat_gate gate)
  set(directory "${LIFEBOAT_GATES}/${gate}")
  file(MAKE_DIRECTORY "${directory}")
  file(GLOB present RELATIVE "${directory}" "${directory}/*")
  foreach(link IN LISTS present)
    if(NOT link IN_LIST ARGN)
      file(REMOVE "${directory}/${link}")
    endif()
  endforeach()
  foreach(room IN LISTS ARGN)
    if(NOT EXISTS "${directory}/${room}")
      file(CREATE_LINK "${CMAKE_SOURCE_DIR}/src/${room}" "${directory}/${room}" SYMBOLIC)
    endif()
  endforeach()
endfunction()

# A gate that shows only the options.h files of the given rooms.
function(lifeboat_options_gate gate)
  set(directory "${LIFEBOAT_GATES}/${gate}")
  file(REMOVE_RECURSE "${directory}")
  file(MAKE_DIRECTORY "${directory}")
  foreach(room IN LISTS ARGN)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}/src"
         "${CMAKE_SOURCE_DIR}/src/${room}/options.h")
    foreach(header IN LISTS headers)
      get_filename_component(folder "${header}" DIRECTORY)
      file(MAKE_DIRECTORY "${directory}/${folder}")
      file(CREATE_LINK "${CMAKE_SOURCE_DIR}/src/${header}" "${directory}/${header}" SYMBOLIC)
    endforeach()
  endforeach()
endfunction()

# Links a target with the libraries of rooms; nothing of them becomes includable.
function(lifeboat_link_rooms target)
  foreach(room IN LISTS ARGN)
    if(NOT TARGET lifeboat_${room})
      message(WARNING "${target} depends on the room ${room}, which is not there")
      continue()
    endif()
    target_link_libraries(${target} PRIVATE lifeboat_${room})
  endforeach()
endfunction()

# Undefined behaviour and misuse of the stack are looked for in the product, and not in what its
# tests do: they were more than half of the time that a test took to compile. What the address
# sanitizer asks at each access of a test is a call, not its body
# (docs/adr/0004-build-time.md).
function(lifeboat_relax_tests target)
  if(LIFEBOAT_SANITIZE MATCHES "undefined")
    target_compile_options(
      ${target} PRIVATE -fno-sanitize=undefined "SHELL:--param asan-stack=0"
      "SHELL:--param asan-instrumentation-with-call-threshold=0")
  endif()
endfunction()

# One precompiled header for all libraries and one for all tests: they hold
# only the standard library, base's vocabulary libraries and GoogleTest.
function(lifeboat_precompile target kind)
  if(NOT LIFEBOAT_PCH)
    return()
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
  target_precompile_headers(${target} REUSE_FROM lifeboat_pch_${kind})
endfunction()

# The libraries are those whose macros the headers test: they must be the same
# where the precompiled header is made and where it is used.
function(lifeboat_define_precompiled kind)
  cmake_parse_arguments(arg "" "" "HEADERS;LIBRARIES" ${ARGN})
  set(source "${CMAKE_BINARY_DIR}/pch_${kind}.cc")
  if(NOT EXISTS "${source}")
    file(WRITE "${source}" "")
  endif()
  add_library(lifeboat_pch_${kind} OBJECT EXCLUDE_FROM_ALL "${source}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(lifeboat_pch_${kind} PRIVATE -fpch-preprocess)
  endif()
  target_link_libraries(lifeboat_pch_${kind} PRIVATE lifeboat_warnings Threads::Threads ${arg_LIBRARIES})
  target_precompile_headers(lifeboat_pch_${kind} PRIVATE ${arg_HEADERS})
endfunction()

if(LIFEBOAT_PCH)
  set(common_headers
      <algorithm> <array> <chrono> <cstdint> <functional> <map> <memory> <optional> <span>
      <string> <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h>
      <tl/expected.hpp>)
  lifeboat_define_precompiled(room HEADERS ${common_headers} LIBRARIES fmt::fmt)
  lifeboat_define_precompiled(
    test HEADERS ${common_headers} <gtest/gtest.h> <gmock/gmock.h>
    LIBRARIES fmt::fmt GTest::gtest GTest::gmock)
  lifeboat_relax_tests(lifeboat_pch_test)
endif()

function(lifeboat_add_test_program target)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBRARIES;LABELS" ${ARGN})
  add_executable(${target} ${arg_SOURCES})
  lifeboat_batch(${target} ${LIFEBOAT_TEST_BATCH} ${arg_SOURCES})
  lifeboat_gate(${target} ${arg_DEPENDS})
  target_include_directories(
    ${target} PRIVATE "${LIFEBOAT_GATES}/${target}" "${CMAKE_SOURCE_DIR}/tests")
  lifeboat_link_rooms(${target} ${arg_DEPENDS})
  target_link_libraries(
    ${target} PRIVATE lifeboat_warnings ${arg_LIBRARIES} GTest::gtest_main GTest::gmock)
  if(rapidcheck_FOUND)
    target_link_libraries(${target} PRIVATE rapidcheck)
  endif()
  lifeboat_precompile(${target} test)
  lifeboat_relax_tests(${target})
  lifeboat_add_shards(${target} "-Root*" "${arg_LABELS}" ${arg_SOURCES})
  # A suite named Root… needs root; only tests of this label are run as root.
  foreach(source IN LISTS arg_SOURCES)
    file(STRINGS "${source}" found REGEX "^TEST(_F)?\\(Root")
    if(found)
      list(APPEND root_sources "${source}")
    endif()
  endforeach()
  if(root_sources)
    lifeboat_add_shards(${target} "Root*" root ${root_sources})
  endif()
endfunction()

# A program's tests share some processes, <program>#1 and so on: to start one for each test took
# longer than most tests do. tools/run_tests reads from their reports what each test did.
function(lifeboat_add_shards target filter label)
  set(count 0)
  foreach(source IN LISTS ARGN)
    file(STRINGS "${source}" tests REGEX "^(TEST|RC_GTEST)")
    file(STRINGS "${source}" families REGEX "^(TEST_P|TYPED_TEST)")  # many tests each
    list(LENGTH tests of_source)
    list(LENGTH families of_families)
    math(EXPR count "${count} + ${of_source} + ${LIFEBOAT_SHARD} * ${of_families}")
  endforeach()
  math(EXPR shards "1 + ${count} / ${LIFEBOAT_SHARD}")
  foreach(shard RANGE 1 ${shards})
    math(EXPR index "${shard} - 1")
    set(name "${target}#${shard}")
    if(label STREQUAL "root")
      string(PREPEND name "root_")
    endif()
    add_test(NAME ${name} COMMAND ${target})
    set(reports "xml:${CMAKE_BINARY_DIR}/Testing/shards/${name}.xml")
    set_tests_properties(
      ${name} PROPERTIES LABELS "${label}"
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${index};GTEST_FILTER=${filter};GTEST_OUTPUT=${reports};${LIFEBOAT_TEST_ENVIRONMENT}")
  endforeach()
endfunction()

function(lifeboat_check_directions name)
  foreach(dependency IN LISTS ARGN)
    if(NOT dependency IN_LIST LIFEBOAT_ALLOWED_${name})
      message(FATAL_ERROR "The room ${name} may not include ${dependency}: "
                          "see cmake/Directions.cmake and docs/architecture.md")
    endif()
  endforeach()
endfunction()

function(lifeboat_room name)
  cmake_parse_arguments(
    arg "" "" "DEPENDS;LIBRARIES;OPTIONS_OF;TEST_DEPENDS;TEST_LIBRARIES;TEST_SUPPORT;SERIAL_TESTS"
    ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "lifeboat_room(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  lifeboat_check_directions(${name} ${arg_DEPENDS})
  set(rooms ${arg_DEPENDS})
  if(NOT name STREQUAL "base")
    list(PREPEND rooms base)
    list(REMOVE_DUPLICATES rooms)
  endif()

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(support ${sources})
  list(FILTER support INCLUDE REGEX "/test_[^/]*\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/test_[^/]*|/main)\\.cc$")
  lifeboat_keep_fuzzed(sources)
  foreach(serial IN LISTS arg_SERIAL_TESTS)
    set(serial "${CMAKE_CURRENT_SOURCE_DIR}/${serial}_test.cc")
    if(NOT serial IN_LIST tests)
      message(FATAL_ERROR "lifeboat_room(${name}): there is no ${serial}")
    elseif(LIFEBOAT_TSAN)
      list(REMOVE_ITEM tests "${serial}")
    endif()
  endforeach()

  lifeboat_add_library(${name} "${sources}" "${rooms}" "${arg_LIBRARIES}")
  if(arg_OPTIONS_OF)
    lifeboat_options_gate(${name}_options ${arg_OPTIONS_OF})
    target_include_directories(lifeboat_${name} PRIVATE "${LIFEBOAT_GATES}/${name}_options")
  endif()
  lifeboat_wants_tests(${name} wanted)
  if(tests AND wanted)
    set(seen ${name} ${rooms} ${arg_TEST_DEPENDS})
    list(REMOVE_DUPLICATES seen)
    if(support)
      lifeboat_add_support(${name} "${support}" "${seen}" "${arg_LIBRARIES}")
      list(APPEND arg_TEST_SUPPORT ${name})
    endif()
    list(TRANSFORM arg_TEST_SUPPORT REPLACE "(.+)" "lifeboat_\\1_support")
    lifeboat_add_test_program(
      ${name}_test SOURCES ${tests} DEPENDS ${seen} LABELS unit
      LIBRARIES ${arg_TEST_SUPPORT} ${arg_LIBRARIES} ${arg_TEST_LIBRARIES})
    if(arg_OPTIONS_OF)
      target_include_directories(${name}_test PRIVATE "${LIFEBOAT_GATES}/${name}_options")
    endif()
  endif()
endfunction()

# The fuzz preset has no tests, the tsan preset those of the rooms with threads.
function(lifeboat_wants_tests room result)
  set(wanted ON)
  if(LIFEBOAT_FUZZ OR (LIFEBOAT_TSAN AND NOT room IN_LIST LIFEBOAT_THREADED_ROOMS))
    set(wanted OFF)
  endif()
  set(${result} ${wanted} PARENT_SCOPE)
endfunction()

function(lifeboat_add_library name sources rooms libraries)
  set(target lifeboat_${name})
  if(NOT sources)
    set(sources "${CMAKE_BINARY_DIR}/${target}.cc")
    file(WRITE "${sources}" "")
  endif()
  add_library(${target} STATIC ${sources})
  lifeboat_batch(${target} ${LIFEBOAT_BATCH} ${sources})
  if(LIFEBOAT_FUZZ OR LIFEBOAT_TSAN)
    # Only what a fuzzer or a threaded room needs is built.
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  lifeboat_gate(${name} ${name} ${rooms})
  target_link_libraries(${target} PRIVATE lifeboat_warnings Threads::Threads)
  if(name STREQUAL "base")
    target_include_directories(${target} PUBLIC "${LIFEBOAT_GATES}/base")
    target_link_libraries(${target} PUBLIC ${libraries})
  else()
    target_include_directories(${target} PRIVATE "${LIFEBOAT_GATES}/${name}")
    lifeboat_link_rooms(${target} ${rooms})
    target_link_libraries(${target} PRIVATE ${libraries})
  endif()
  lifeboat_precompile(${target} room)
endfunction()

function(lifeboat_add_support name sources rooms libraries)
  set(target lifeboat_${name}_support)
  add_library(${target} STATIC EXCLUDE_FROM_ALL ${sources})
  lifeboat_batch(${target} ${LIFEBOAT_TEST_BATCH} ${sources})
  target_include_directories(${target} PRIVATE "${LIFEBOAT_GATES}/${name}_test")
  lifeboat_link_rooms(${target} ${rooms})
  target_link_libraries(${target} PRIVATE lifeboat_warnings ${libraries} GTest::gmock)
  lifeboat_precompile(${target} test)
  lifeboat_relax_tests(${target})
endfunction()

function(lifeboat_program name)
  get_filename_component(room "${CMAKE_CURRENT_SOURCE_DIR}" NAME)
  add_executable(${name} main.cc)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
  if(LIFEBOAT_FUZZ OR LIFEBOAT_TSAN)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  target_include_directories(${name} PRIVATE "${LIFEBOAT_GATES}/${room}")
  lifeboat_link_rooms(${name} ${room} base)
  target_link_libraries(${name} PRIVATE lifeboat_warnings)
  lifeboat_precompile(${name} room)
endfunction()

function(lifeboat_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBRARIES;LABELS" ${ARGN})
  if(LIFEBOAT_FUZZ OR LIFEBOAT_TSAN)
    return()
  endif()
  lifeboat_add_test_program(
    ${name} SOURCES ${arg_SOURCES} DEPENDS base ${arg_DEPENDS}
    LIBRARIES ${arg_LIBRARIES} LABELS ${arg_LABELS})
endfunction()

# The seconds of LIFEBOAT_FUZZ_SECONDS are shared out among all fuzzers at the end.
function(lifeboat_fuzzer name)
  cmake_parse_arguments(arg "" "CORPUS" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  if(NOT LIFEBOAT_FUZZ)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  lifeboat_gate(${name} base ${arg_DEPENDS})
  target_include_directories(
    ${name} PRIVATE "${LIFEBOAT_GATES}/${name}" "${CMAKE_SOURCE_DIR}/tests")
  lifeboat_link_rooms(${name} base ${arg_DEPENDS})
  target_link_libraries(${name} PRIVATE lifeboat_warnings ${arg_LIBRARIES})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_property(TARGET ${name} PROPERTY LIFEBOAT_CORPUS "${arg_CORPUS}")
  set_property(GLOBAL APPEND PROPERTY LIFEBOAT_FUZZERS ${name})
endfunction()

# Two tests for each fuzzer: every file of the corpus, then new inputs for its share
# of the time. What the fuzzer finds new stays in the build directory.
function(lifeboat_register_fuzzers)
  get_property(fuzzers GLOBAL PROPERTY LIFEBOAT_FUZZERS)
  list(LENGTH fuzzers count)
  if(count EQUAL 0)
    return()
  endif()
  math(EXPR seconds "${LIFEBOAT_FUZZ_SECONDS} / ${count}")
  foreach(name IN LISTS fuzzers)
    get_property(corpus TARGET ${name} PROPERTY LIFEBOAT_CORPUS)
    set(found "${CMAKE_BINARY_DIR}/corpus/${name}")
    file(MAKE_DIRECTORY "${found}")
    add_test(NAME ${name}.corpus COMMAND ${name} -runs=0 ${corpus})
    add_test(NAME ${name}.explore
             COMMAND ${name} -max_total_time=${seconds} -timeout=10 -rss_limit_mb=2048
                     -print_final_stats=1 -artifact_prefix=${found}/ ${found} ${corpus})
    set_tests_properties(${name}.corpus ${name}.explore PROPERTIES LABELS fuzz)
  endforeach()
endfunction()

# A unittest file in Python, one test of ctest. They take longest, so they begin first.
function(lifeboat_python_test name)
  cmake_parse_arguments(arg "" "SOURCE" "LABELS" ${ARGN})
  if(LIFEBOAT_FUZZ OR LIFEBOAT_TSAN)
    return()
  endif()
  add_test(NAME ${name} COMMAND /usr/bin/python3 "${CMAKE_CURRENT_SOURCE_DIR}/${arg_SOURCE}"
           WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(
    ${name} PROPERTIES LABELS "${arg_LABELS}" COST 100
    ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;LIFEBOAT=${CMAKE_BINARY_DIR}/lifeboat;${LIFEBOAT_TEST_ENVIRONMENT}")
endfunction()
