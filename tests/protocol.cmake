# The session library: code, invitation, key exchange, records, messages, link and transfer.
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)

foreach(name code invite cpace keys message bundle)
  cr_unit(${name} unit/support.c LIBS cr_session PkgConfig::JANSSON)
endforeach()
foreach(name link resume)
  cr_unit(${name} unit/support.c unit/play.c LIBS cr_session PkgConfig::JANSSON)
endforeach()
foreach(name session tamper transcript)
  cr_unit(${name} unit/support.c unit/pump.c LIBS cr_session PkgConfig::JANSSON)
endforeach()
foreach(name cpace transcript)
  target_compile_definitions(test_${name} PRIVATE CR_VECTORS="${CMAKE_CURRENT_SOURCE_DIR}/vectors")
endforeach()
foreach(name transfer ends lost memory)
  cr_unit(${name} unit/support.c unit/pair.c unit/fakerelay.c LIBS cr_session PkgConfig::JANSSON)
endforeach()
cr_unit(work unit/support.c unit/play.c unit/pair.c unit/fakerelay.c LIBS cr_session PkgConfig::JANSSON)
cr_unit(relay_games LIBS cr_session)
cr_unit(conversation unit/support.c unit/puppet.c LIBS cr_session PkgConfig::JANSSON)
target_link_options(test_memory PRIVATE -Wl,--wrap=sodium_malloc,--wrap=cr_link_send)

add_test(NAME check.headers
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check/check_headers.sh ${CMAKE_C_COMPILER} ${CMAKE_CURRENT_BINARY_DIR}/check_headers
    $<TARGET_PROPERTY:cr_contract,SOURCE_DIR>/contract $<TARGET_PROPERTY:cr_session,SOURCE_DIR>/session)
add_test(NAME check.protocol_symbols
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check/check_protocol_symbols.sh ${CMAKE_NM}
    $<TARGET_FILE:cr_contract> $<TARGET_FILE:cr_session>)
