# Where the tests find the servers that tools/ builds; a test that needs one that is not there fails.
execute_process(
  COMMAND "${CMAKE_SOURCE_DIR}/tools/ferretdb" --where OUTPUT_VARIABLE ferretdb
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(LIFEBOAT_TEST_ENVIRONMENT "LIFEBOAT_FERRETDB=${ferretdb}")
