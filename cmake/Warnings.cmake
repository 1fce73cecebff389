# Warnings for Lifeboat's own code; third-party headers come in as system headers.

set(warnings
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
    -Woverloaded-virtual -Wcast-qual -Wformat=2 -Wimplicit-fallthrough
    -Wundef)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these falsely in optimised standard library code.
  list(APPEND warnings -Wduplicated-cond -Wlogical-op -Wno-restrict)
  if(CMAKE_UNITY_BUILD)
    # It takes a file that is included into a unit for a header.
    list(APPEND warnings -Wno-subobject-linkage)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # TRY in base is a statement expression, and it says so with __extension__.
  # libstdc++ 12 uses what it deprecates itself.
  list(APPEND warnings -Wno-gnu-statement-expression -Wno-deprecated-declarations)
endif()
if(LIFEBOAT_WERROR)
  list(APPEND warnings -Werror)
endif()

add_library(lifeboat_warnings INTERFACE)
target_compile_options(lifeboat_warnings INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${warnings}>")
