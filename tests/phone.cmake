# The phone page: its allocator natively, its core and modules in node and Chromium, and that its build is reproducible.
if(NOT CR_PAGE)
  return()
endif()

cr_unit(page_heap ${PROJECT_SOURCE_DIR}/client/phone/core/heap.c)
target_include_directories(test_page_heap PRIVATE ${PROJECT_SOURCE_DIR}/client/phone/core)

set(CR_PHONE_SAMPLES ${CMAKE_CURRENT_BINARY_DIR}/phone_samples)
add_custom_command(OUTPUT ${CR_PHONE_SAMPLES}/manifest.json
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${CR_PHONE_SAMPLES}
  COMMAND cr_make_samples ${CR_PHONE_SAMPLES} DEPENDS cr_make_samples VERBATIM)
add_custom_target(page_tests ALL DEPENDS ${CR_PHONE_SAMPLES}/manifest.json)
add_dependencies(page_tests core_test_wasm page_told page_packages)

set(CR_JS ${PROJECT_BINARY_DIR}/js)
set(CR_PHONE_ENVIRONMENT NODE_PRESERVE_SYMLINKS=1 NODE_PRESERVE_SYMLINKS_MAIN=1 CR_NODE_MODULES=${CR_JS}/node_modules
  CR_TABLES=${CR_JS}/tables.json CR_PAGE=${PROJECT_BINARY_DIR}/page CR_PAGE_SINGLE=${PROJECT_BINARY_DIR}/page-single/certrelay.html
  CR_CERTRELAY=$<TARGET_FILE:certrelay> CR_CERTRELAYD=$<TARGET_FILE:certrelayd>)

file(GLOB_RECURSE CR_PHONE_TESTS CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} phone/*.test.mjs)
foreach(path ${CR_PHONE_TESTS})
  string(REGEX REPLACE "\\.test\\.mjs$" "" name ${path})
  string(REPLACE "/" "." name ${name})
  add_test(NAME ${name} COMMAND ${CR_NODE} --test tests/${path} WORKING_DIRECTORY ${CR_JS})
  # modules alone get made-up certificates; with real programs each file makes its own
  set(samples $<TARGET_FILE:cr_make_samples>)
  if(name MATCHES "^phone\\.unit\\.")
    set(samples ${CR_PHONE_SAMPLES})
  endif()
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${CR_PHONE_ENVIRONMENT};CR_SAMPLES=${samples}" TIMEOUT 600)
endforeach()

# Pictures of every screen, to look at: screenshots/ in the build tree.
add_custom_target(page_screenshots
  COMMAND ${CMAKE_COMMAND} -E env ${CR_PHONE_ENVIRONMENT} CR_SAMPLES=$<TARGET_FILE:cr_make_samples>
    ${CR_NODE} tests/phone/screenshots.mjs ${PROJECT_BINARY_DIR}/screenshots
  WORKING_DIRECTORY ${CR_JS} USES_TERMINAL VERBATIM)
add_dependencies(page_screenshots page certrelay certrelayd cr_make_samples)

add_test(NAME check.page_reproducible
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check/page_reproducible.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR} ${CMAKE_CURRENT_BINARY_DIR})
set_tests_properties(check.page_reproducible PROPERTIES TIMEOUT 600)
