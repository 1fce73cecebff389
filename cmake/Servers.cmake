# Where the tests find what tools/ builds or fetches; a test that needs what is not there fails.
execute_process(
  COMMAND "${CMAKE_SOURCE_DIR}/tools/ferretdb" --where OUTPUT_VARIABLE ferretdb
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
execute_process(
  COMMAND "${CMAKE_SOURCE_DIR}/tools/pixelcraft" --where OUTPUT_VARIABLE pixelcraft
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(LIFEBOAT_TEST_ENVIRONMENT "LIFEBOAT_FERRETDB=${ferretdb};LIFEBOAT_PIXELCRAFT=${pixelcraft}")
