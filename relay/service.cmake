# The service: its unit, its user, and an example configuration, printed by the program's own table of keys.
set(CR_UNIT_FOLDER lib/systemd/system CACHE STRING "Where systemd looks for units below the prefix")
set(CR_CONFIG_FOLDER ${CMAKE_INSTALL_FULL_SYSCONFDIR}/certrelay)
configure_file(certrelayd.service.in certrelayd.service @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/certrelayd.service DESTINATION ${CR_UNIT_FOLDER})
install(FILES port-443.conf certrelayd.socket DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/certrelayd/examples)
install(FILES monitoring/README.md monitoring/PRIVACY.md monitoring/rules.yml monitoring/rules.test.yml monitoring/dashboard.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/certrelayd/examples/monitoring)
install(FILES certrelayd.sysusers DESTINATION lib/sysusers.d RENAME certrelayd.conf)

add_custom_command(OUTPUT certrelayd.ini
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/sample.sh $<TARGET_FILE:certrelayd> ${CR_CONFIG_FOLDER} certrelayd.ini
  DEPENDS certrelayd ${CMAKE_CURRENT_SOURCE_DIR}/sample.sh WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} VERBATIM)
add_custom_target(certrelayd_sample ALL DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/certrelayd.ini)

# An administrator's own file stays.
option(CR_CONFIG_INSTALL "Install the example configuration as the configuration; off: among the examples" OFF)
if(CR_CONFIG_INSTALL)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/certrelayd.ini DESTINATION ${CR_CONFIG_FOLDER})
else()
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/certrelayd.ini DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/certrelayd/examples)
endif()
