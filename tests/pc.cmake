# The command certrelay: its parts, its texts, and its dialogue on a pseudo terminal (e2e/test_pc_dialogue.py).
foreach(name pc_catalogue pc_options pc_config pc_address pc_entry pc_errors pc_choose pc_show pc_secret pc_net pc_calendar pc_verdict pc_drives pc_probe pc_terminal)
  cr_unit(${name} LIBS pc_parts)
endforeach()

# Those that read the store's samples.
foreach(name pc_detail)
  cr_unit(${name} unit/store_help.c LIBS pc_parts)
  target_compile_definitions(test_${name} PRIVATE CR_SHARED_FIXTURES="${CR_SHARED_FIXTURES}" CR_SAMPLES="${CR_SAMPLES}")
  set_tests_properties(unit.${name} PROPERTIES FIXTURES_REQUIRED store_samples)
endforeach()

find_program(XGETTEXT xgettext)
find_program(MSGCMP msgcmp)
if(XGETTEXT AND MSGCMP)
  add_test(NAME texts.complete COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check/texts.sh
    ${CMAKE_SOURCE_DIR}/client ${CMAKE_CURRENT_BINARY_DIR})
else()
  message(STATUS "SKIP texts.complete: gettext's tools are needed")
endif()

add_test(NAME manual.complete COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check/manual.sh $<TARGET_FILE:certrelay> $<TARGET_FILE:certrelayd>
  ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR})
