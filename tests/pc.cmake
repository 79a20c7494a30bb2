# The command certrelay: its parts, its texts, and its dialogue on a pseudo terminal (e2e/test_pc_dialogue.py).
foreach(name pc_options pc_config pc_address pc_entry pc_errors pc_choose pc_show pc_secret pc_net)
  cr_unit(${name} LIBS pc_parts)
endforeach()

find_program(XGETTEXT xgettext)
find_program(MSGCMP msgcmp)
if(XGETTEXT AND MSGCMP)
  add_test(NAME texts.complete COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check/texts.sh
    ${CMAKE_SOURCE_DIR}/client ${CMAKE_CURRENT_BINARY_DIR})
else()
  message(STATUS "SKIP texts.complete: gettext's tools are needed")
endif()
