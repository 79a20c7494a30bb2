# Debian packages, by CPack: the command, the relay, the library, and what compiles against it.
option(CR_PACKAGE "Prepare what only Debian packages hold (with the prefix /usr)" OFF)
if(NOT CR_PACKAGE)
  return()
endif()

# Who builds packages for others names himself: by CR_MAINTAINER, or as Debian's own tools take it, by DEBFULLNAME and DEBEMAIL in the environment.
# Else the packages say that nobody did (RFC 2606: no address ends in .invalid).
set(CR_MAINTAINER "" CACHE STRING "Who answers for the packages: NAME <ADDRESS>; empty: $DEBFULLNAME <$DEBEMAIL>, where both are set")
set(maintainer "maintainer not named <maintainer@unnamed.invalid>")
if(CR_MAINTAINER)
  set(maintainer "${CR_MAINTAINER}")
elseif(NOT "$ENV{DEBFULLNAME}" STREQUAL "" AND NOT "$ENV{DEBEMAIL}" STREQUAL "")
  set(maintainer "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
if(NOT maintainer MATCHES "^[^<>,\n]+ <[^<>@, \n]+@[^<>@, \n]+>$")
  message(FATAL_ERROR "Not of the form NAME <ADDRESS>: ${maintainer}")
endif()

find_program(CR_GZIP gzip REQUIRED)

# component: package, section, one line, and more lines.
set(CR_PACKAGES command relay library development)
set(command_about certrelay utils "move a Korean joint certificate from one device to another"
  "certrelay sends and receives joint certificates (NPKI) through a relay that
cannot read them: the device that receives shows a number, a person types it
on the device that sends. It also lists, verifies, converts, copies and backs
up the certificates of a computer, and changes their passwords.")
set(relay_about certrelayd net "blind relay between two devices that move a certificate"
  "certrelayd brings two devices together that name the same number, and carries
what they say to each other. It can read none of it, holds no key and keeps
nothing on disk. It serves a page for phones, too.
.
The service is started once its configuration names a certificate.")
set(library_about libcertrelay0 libs "move a certificate between two devices (shared library)"
  "The protocol of certrelay as a state machine without any input and output of
its own: pairing code, key exchange, encrypted records and transfer.")
set(development_about libcertrelay-dev libdevel "move a certificate between two devices (development files)"
  "The protocol of certrelay as a state machine without any input and output of
its own: headers, static library, pkg-config file, CMake package, and an
example.")

set(CPACK_DEBIAN_COMMAND_PACKAGE_RECOMMENDS "ca-certificates, openssl-provider-legacy | libssl3")
set(CPACK_DEBIAN_RELAY_PACKAGE_DEPENDS "adduser, libwebsockets-evlib-uv, procps")
set(CPACK_DEBIAN_RELAY_PACKAGE_SUGGESTS "redis-server | valkey-server")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/libcertrelay/shlibs ${CMAKE_CURRENT_LIST_DIR}/libcertrelay/triggers)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libcertrelay0 (= ${PROJECT_VERSION}), libsodium-dev")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(scripts ${CMAKE_CURRENT_LIST_DIR}/certrelayd)
set(CPACK_DEBIAN_RELAY_PACKAGE_CONTROL_EXTRA ${scripts}/conffiles ${scripts}/postinst ${scripts}/prerm ${scripts}/postrm)

# The day of the newest change, so that a package is the same whenever it is built.
execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} log -1 --format=%ct OUTPUT_VARIABLE day OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  set(day $ENV{SOURCE_DATE_EPOCH})
elseif(NOT day)
  file(TIMESTAMP ${PROJECT_SOURCE_DIR}/CHANGELOG.md day %s UTC)
endif()
execute_process(COMMAND date -u -R -d @${day} OUTPUT_VARIABLE day_text OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

set(CPACK_COMPONENTS_ALL ${CR_PACKAGES})
foreach(component ${CR_PACKAGES})
  string(TOUPPER ${component} upper)
  list(GET ${component}_about 0 name)
  list(GET ${component}_about 1 CPACK_DEBIAN_${upper}_PACKAGE_SECTION)
  list(GET ${component}_about 2 line)
  list(GET ${component}_about 3 lines)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${line}\n${lines}")
  set(doc ${CMAKE_INSTALL_DATADIR}/doc/${name})
  set(made ${PROJECT_BINARY_DIR}/packaging/${name})
  file(WRITE ${made}/changelog "certrelay (${PROJECT_VERSION}) unstable; urgency=medium\n\n"
    "  * Built from the sources; what changed is in their CHANGELOG.md.\n\n -- ${maintainer}  ${day_text}\n")
  execute_process(COMMAND ${CR_GZIP} -9nf ${made}/changelog COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${made}/changelog.gz DESTINATION ${doc} COMPONENT ${component})
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/copyright DESTINATION ${doc} COMPONENT ${component})
endforeach()
install(FILES ${CMAKE_CURRENT_LIST_DIR}/libcertrelay/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
  RENAME libcertrelay0 COMPONENT library)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/protocol/example/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libcertrelay-dev/examples COMPONENT development)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "${maintainer}")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/compress.cmake)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SOURCE certrelay)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/protocol)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
