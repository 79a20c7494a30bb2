# libcertrelay for others' programs, of the same objects: shared with versioned symbols, static, headers, pkg-config and CMake package.
include(CMakePackageConfigHelpers)
set(objects $<TARGET_OBJECTS:cr_contract> $<TARGET_OBJECTS:cr_session>)
set(map ${CMAKE_CURRENT_SOURCE_DIR}/library/certrelay.map)

add_library(certrelay_shared SHARED ${objects})
set_target_properties(certrelay_shared PROPERTIES EXPORT_NAME certrelay
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${map})
target_link_options(certrelay_shared PRIVATE -Wl,--version-script=${map} $<$<NOT:$<BOOL:${CR_SANITIZE}>>:-Wl,--no-undefined>)
target_link_libraries(certrelay_shared PRIVATE PkgConfig::SODIUM cr_flags)

# One object, so that what the files say to each other under short names stays among them.
add_custom_command(OUTPUT certrelay.o
  COMMAND ${CMAKE_LINKER} -r -o certrelay.o ${objects}
  COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=cr_* certrelay.o
  DEPENDS ${objects} COMMAND_EXPAND_LISTS VERBATIM)
add_library(certrelay_static STATIC ${CMAKE_CURRENT_BINARY_DIR}/certrelay.o)
set_target_properties(certrelay_static PROPERTIES EXPORT_NAME static)
target_link_libraries(certrelay_static INTERFACE PkgConfig::SODIUM)

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME development)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/certrelay)
foreach(kind shared static)
  set_target_properties(certrelay_${kind} PROPERTIES OUTPUT_NAME certrelay LINKER_LANGUAGE C)
  target_include_directories(certrelay_${kind} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  install(TARGETS certrelay_${kind} EXPORT ${kind}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT ${kind} NAMESPACE certrelay:: FILE certrelay-${kind}.cmake DESTINATION ${package})
endforeach()
install(DIRECTORY contract/certrelay session/certrelay DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

# Folders may be absolute.
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_INCLUDEDIR BASE_DIRECTORY "\${prefix}" OUTPUT_VARIABLE CR_PC_INCLUDEDIR)
cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY "\${prefix}" OUTPUT_VARIABLE CR_PC_LIBDIR)
configure_file(library/certrelay.pc.in certrelay.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/certrelay.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

configure_package_config_file(library/certrelay-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/certrelay-config.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/certrelay-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/certrelay-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/certrelay-config-version.cmake DESTINATION ${package})
