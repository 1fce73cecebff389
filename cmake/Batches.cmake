# lifeboat_batch(<target> <size> <sources>)
#   With CMAKE_UNITY_BUILD, compiles about <size> neighbouring files as one unit: most of the
#   time goes into headers, which a unit reads once (docs/adr/0009-unity-builds.md). Names in
#   anonymous namespaces are therefore one room's, not one file's: tools/tidy refuses a second
#   of the same name.
#
# The files are sorted, and a batch ends where the hash of a file's name says so: a new file
# changes its own batch only, and all the others stay in the compiler's cache.

# Large units take the least in all. Who changes a file waits for its unit, so the dev preset has
# small ones, but in CI, which compiles each once (tools/run_tests).

option(LIFEBOAT_SMALL_UNITS "Compile fewer files as one unit" OFF)
if(LIFEBOAT_SMALL_UNITS)
  set(LIFEBOAT_BATCH 12)
  set(LIFEBOAT_TEST_BATCH 10)
else()
  set(LIFEBOAT_BATCH 30)
  set(LIFEBOAT_TEST_BATCH 24)
endif()

function(lifeboat_batch target size)
  if(NOT CMAKE_UNITY_BUILD)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  math(EXPR fewest "(${size} + 1) / 2")
  math(EXPR most "2 * ${size}")
  set(sources ${ARGN})
  list(SORT sources)
  set(count 0)
  foreach(source IN LISTS sources)
    get_filename_component(path "${source}" ABSOLUTE)
    file(RELATIVE_PATH name "${CMAKE_SOURCE_DIR}" "${path}")
    if(count EQUAL 0)
      string(MAKE_C_IDENTIFIER "${name}" batch)
    endif()
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${batch}")
    math(EXPR count "${count} + 1")
    string(MD5 hash "${name}")
    string(SUBSTRING "${hash}" 0 4 hash)
    math(EXPR ends "0x${hash} % ${fewest}")
    if(count GREATER_EQUAL most OR (count GREATER_EQUAL fewest AND ends EQUAL 0))
      set(count 0)
    endif()
  endforeach()
endfunction()
