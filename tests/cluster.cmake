# Several relays with a real engine (redis-server): one test per pytest file of cluster/. Where there is no redis-server they say so, and skip.
file(GLOB CR_CLUSTER_TESTS CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} cluster/test_*.py)
foreach(path ${CR_CLUSTER_TESTS})
  string(REGEX REPLACE "^(.*)/test_(.*)\\.py$" "\\1.\\2" name ${path})
  add_test(NAME ${name} COMMAND ${CR_PYTHON} -m pytest -q -rs -p no:cacheprovider ${CMAKE_CURRENT_SOURCE_DIR}/${path})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${CR_E2E_ENVIRONMENT}" TIMEOUT 600)
endforeach()

# The longer sweeps too: `make soak-cluster`.
add_custom_target(soak_cluster
  COMMAND ${CMAKE_COMMAND} -E env CR_SOAK=1 ${CR_E2E_ENVIRONMENT}
    ${CR_PYTHON} -m pytest -q -rs -p no:cacheprovider ${CMAKE_CURRENT_SOURCE_DIR}/cluster
  USES_TERMINAL VERBATIM)
add_dependencies(soak_cluster certrelay certrelayd cr_make_samples)
