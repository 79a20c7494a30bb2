# certrelayd(8) and certrelayd.ini(5), made of what the program says of its options and keys.
if(CMAKE_CROSSCOMPILING)
  return()
endif()
set(RELAY_MANUAL ${CMAKE_CURRENT_BINARY_DIR}/manual)
add_custom_command(OUTPUT ${RELAY_MANUAL}/man8/certrelayd.8 ${RELAY_MANUAL}/man5/certrelayd.ini.5
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/manual.sh $<TARGET_FILE:certrelayd> ${RELAY_MANUAL}
  DEPENDS certrelayd ${CMAKE_CURRENT_SOURCE_DIR}/manual.sh VERBATIM)
add_custom_target(certrelayd_manual ALL DEPENDS ${RELAY_MANUAL}/man8/certrelayd.8)
install(FILES ${RELAY_MANUAL}/man8/certrelayd.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES ${RELAY_MANUAL}/man5/certrelayd.ini.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
