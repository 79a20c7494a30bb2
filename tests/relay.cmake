cr_unit(contract LIBS cr_contract)
cr_unit(wheel LIBS cr_relay_logic)
cr_unit(table LIBS cr_relay_logic)
cr_unit(plates LIBS cr_relay_logic)
cr_unit(quota LIBS cr_relay_logic)
cr_unit(relay_store LIBS cr_relay_logic)
cr_unit(relay_config LIBS cr_relay_config)
target_compile_definitions(test_relay_config PRIVATE _GNU_SOURCE)
cr_unit(mailbox ${CMAKE_CURRENT_LIST_DIR}/unit/desk.c LIBS cr_relay_logic)
cr_unit(office ${CMAKE_CURRENT_LIST_DIR}/unit/desk.c LIBS cr_relay_logic)

add_test(NAME check.relay_links_no_crypto
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/check/relay_links_no_crypto.sh ${PROJECT_SOURCE_DIR}/relay
    $<TARGET_FILE:certrelayd> $<TARGET_FILE:cr_relay_logic> $<TARGET_FILE:cr_relay_config>)

find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  add_test(NAME e2e.relay_contract
    COMMAND Python3::Interpreter -m pytest -q -p no:cacheprovider
      ${CMAKE_CURRENT_LIST_DIR}/e2e/test_relay_contract.py)
  set_tests_properties(e2e.relay_contract PROPERTIES TIMEOUT 300
    ENVIRONMENT "CERTRELAYD=$<TARGET_FILE:certrelayd>")
endif()
