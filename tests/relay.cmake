cr_unit(contract LIBS cr_contract)
cr_unit(wheel LIBS cr_relay_logic)
cr_unit(table LIBS cr_relay_logic)
cr_unit(plates LIBS cr_relay_logic)
cr_unit(quota LIBS cr_relay_logic)
cr_unit(budget LIBS cr_relay_logic)
cr_unit(relay_store LIBS cr_relay_logic)
cr_unit(relay_config LIBS cr_relay_config)
target_compile_definitions(test_relay_config PRIVATE _GNU_SOURCE)
cr_unit(mailbox ${CMAKE_CURRENT_LIST_DIR}/unit/desk.c LIBS cr_relay_logic)
cr_unit(order ${CMAKE_CURRENT_LIST_DIR}/unit/desk.c LIBS cr_relay_logic)
cr_unit(exactly_once ${CMAKE_CURRENT_LIST_DIR}/unit/desk.c LIBS cr_relay_logic)
cr_unit(office ${CMAKE_CURRENT_LIST_DIR}/unit/desk.c LIBS cr_relay_logic)
cr_unit(office_limits ${CMAKE_CURRENT_LIST_DIR}/unit/desk.c LIBS cr_relay_logic)
cr_unit(office_late ${CMAKE_CURRENT_LIST_DIR}/unit/desk.c LIBS cr_relay_logic)

add_test(NAME check.relay_links_no_crypto
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/check/relay_links_no_crypto.sh ${CMAKE_CURRENT_LIST_DIR}/../relay
    $<TARGET_FILE:certrelayd> $<TARGET_FILE:cr_relay_logic> $<TARGET_FILE:cr_relay_config>)
