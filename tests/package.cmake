# What is installed: the library for others, the service, the example configuration.
add_test(NAME check.service COMMAND ${CMAKE_CURRENT_LIST_DIR}/check/service.sh ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}
  ${CMAKE_CURRENT_BINARY_DIR})
set_tests_properties(check.service PROPERTIES TIMEOUT 300 PROCESSORS 2)
if(TARGET certrelay_shared AND NOT CR_FUZZ)
  add_test(NAME check.library COMMAND ${CMAKE_CURRENT_LIST_DIR}/check/library.sh ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}
    ${CMAKE_CURRENT_BINARY_DIR} ${CMAKE_C_COMPILER} $<$<BOOL:${CR_SANITIZE}>:-fsanitize=address,undefined>)
  set_tests_properties(check.library PROPERTIES TIMEOUT 300 PROCESSORS 2)
endif()
