# The same relay without sanitizers, for the tests of what it refuses itself: sanitizers make calls that are not on its list.
foreach(target certrelayd cr_relay_logic cr_relay_config cr_relay_engine cr_relay_life cr_contract)
  get_target_property(folder ${target} SOURCE_DIR)
  get_target_property(sources ${target} SOURCES)
  list(TRANSFORM sources PREPEND ${folder}/ REGEX "^[^/]")
  list(APPEND CR_PLAIN_SOURCES ${sources})
endforeach()
add_executable(certrelayd_plain ${CR_PLAIN_SOURCES})
add_dependencies(certrelayd_plain cr_relay_engine)
target_compile_definitions(certrelayd_plain PRIVATE _GNU_SOURCE CR_VERSION="${PROJECT_VERSION}" CR_SECCOMP="on"
  CR_PAGE_FOLDER="${CMAKE_INSTALL_FULL_DATADIR}/certrelay/page")
target_include_directories(certrelayd_plain PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} $<TARGET_PROPERTY:cr_contract,INTERFACE_INCLUDE_DIRECTORIES>)
target_link_libraries(certrelayd_plain PRIVATE PkgConfig::LWS PkgConfig::UV PkgConfig::INIH PkgConfig::HIREDIS PkgConfig::SECCOMP)
