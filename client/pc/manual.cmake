# Manual pages and completion, printed by the program itself, and where they are installed.
if(CMAKE_CROSSCOMPILING)
  return()
endif()
set(CR_ZSH_FOLDER zsh/site-functions CACHE STRING "Where zsh looks for completion below share; zsh/vendor-completions in a Debian package")
set(PC_MANUAL ${CMAKE_CURRENT_BINARY_DIR}/manual)
add_custom_command(OUTPUT ${PC_MANUAL}/done
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/manual.sh $<TARGET_FILE:certrelay> ${PC_MANUAL}
  DEPENDS certrelay ${PC_CATALOGUES} ${CMAKE_CURRENT_SOURCE_DIR}/manual.sh VERBATIM)
add_custom_target(certrelay_manual ALL DEPENDS ${PC_MANUAL}/done)

install(DIRECTORY ${PC_MANUAL}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES ${PC_MANUAL}/completion/certrelay.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME certrelay)
install(FILES ${PC_MANUAL}/completion/certrelay.zsh
  DESTINATION ${CMAKE_INSTALL_DATADIR}/${CR_ZSH_FOLDER} RENAME _certrelay)
install(FILES ${PC_MANUAL}/completion/certrelay.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
