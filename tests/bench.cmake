# The measuring tools of `make bench`, and a short run of each so that they do not rot.
find_package(OpenSSL 3.0 REQUIRED)

# cr_bench(NAME SOURCES... LIBS libraries)
function(cr_bench name)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  list(TRANSFORM ARG_UNPARSED_ARGUMENTS PREPEND bench/)
  add_executable(bench_${name} ${ARG_UNPARSED_ARGUMENTS})
  target_compile_definitions(bench_${name} PRIVATE _GNU_SOURCE)
  target_link_libraries(bench_${name} PRIVATE ${ARG_LIBS} cr_flags)
endfunction()

cr_bench(load load.c pairs.c hop.c hold.c wire.c stream.c LIBS cr_contract OpenSSL::SSL)
cr_bench(pake pake.c local_relay.c LIBS cr_session)
cr_bench(delay delay.c queue.c)
cr_bench(spawn spawn.c)
if(TARGET cr_store)
  cr_bench(scan scan.c LIBS cr_store)
  add_test(NAME bench.scan COMMAND bench_scan ${CMAKE_CURRENT_BINARY_DIR}/samples 3)
  set_tests_properties(bench.scan PROPERTIES FIXTURES_REQUIRED store_samples TIMEOUT 60)
endif()

find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME bench.pake COMMAND bench_pake 3)
add_test(NAME bench.quick
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/bench/bench.py ${CMAKE_BINARY_DIR} --quick --no-peers)
set_tests_properties(bench.pake bench.quick PROPERTIES TIMEOUT 180)
# Nobody listens on this port: a load that cannot connect must say so.
add_test(NAME bench.load_without_a_relay_fails COMMAND bench_load pairs 1 1 1)
set_tests_properties(bench.load_without_a_relay_fails PROPERTIES WILL_FAIL TRUE TIMEOUT 30)
