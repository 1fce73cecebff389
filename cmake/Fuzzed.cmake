# lifeboat_keep_fuzzed(<variable>)
#   In the fuzz preset, leaves of the files in <variable> only those that a fuzzer
#   needs: with clang, sanitizers and counters a file takes longest of all presets, and parsers
#   are less than a third of the product (docs/adr/0004-build-time.md). In other presets, nothing.
#
# A fuzzer needs what it includes, what that includes, and for each header the .cc of the same
# name. What this rule does not find, the linker misses: byte_vector.cc belongs to bytes.h.

function(lifeboat_find_fuzzed result)
  file(GLOB_RECURSE waiting CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/fuzz/*.cc")
  list(APPEND waiting "${CMAKE_SOURCE_DIR}/src/base/byte_vector.cc")
  set(found "")
  while(waiting)
    list(POP_FRONT waiting file)
    list(APPEND found "${file}")
    file(STRINGS "${file}" includes REGEX "^#include \"")
    foreach(include IN LISTS includes)
      string(REGEX REPLACE "^#include \"(.*)\\.h\".*" "\\1" name "${include}")
      foreach(path IN ITEMS src/${name}.h src/${name}.cc tests/${name}.h)
        set(path "${CMAKE_SOURCE_DIR}/${path}")
        if(EXISTS "${path}" AND NOT path IN_LIST found AND NOT path IN_LIST waiting)
          list(APPEND waiting "${path}")
        endif()
      endforeach()
    endforeach()
  endwhile()
  set_property(DIRECTORY "${CMAKE_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${found})
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

if(LIFEBOAT_FUZZ)
  lifeboat_find_fuzzed(LIFEBOAT_FUZZED)
endif()

function(lifeboat_keep_fuzzed variable)
  if(NOT LIFEBOAT_FUZZ)
    return()
  endif()
  set(kept "")
  foreach(source IN LISTS ${variable})
    if(source IN_LIST LIFEBOAT_FUZZED)
      list(APPEND kept "${source}")
    endif()
  endforeach()
  set(${variable} "${kept}" PARENT_SCOPE)
endfunction()
