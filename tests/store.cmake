# The store and its samples. CR_SHARED_FIXTURES: sample certificates made by other code than ours, used when there.
set(CR_SHARED_FIXTURES ${CMAKE_SOURCE_DIR}/../shared/fixtures CACHE PATH "Sample certificates of other makers")

set(CR_SAMPLES ${CMAKE_CURRENT_BINARY_DIR}/samples)
add_test(NAME store.samples COMMAND cr_make_samples --now 2026-11-20 ${CR_SAMPLES})
set_tests_properties(store.samples PROPERTIES FIXTURES_SETUP store_samples TIMEOUT 120)

pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)

function(store_unit name)
  cr_unit(${name} unit/store_help.c LIBS cr_store PkgConfig::JANSSON)
  target_compile_definitions(test_${name} PRIVATE _DEFAULT_SOURCE
    CR_SHARED_FIXTURES="${CR_SHARED_FIXTURES}" CR_SAMPLES="${CR_SAMPLES}")
  set_tests_properties(unit.${name} PROPERTIES FIXTURES_REQUIRED store_samples)
endfunction()

store_unit(store_vectors)
store_unit(store_text)
store_unit(store_facts)
store_unit(store_prove)
store_unit(store_scan)
store_unit(store_list)
store_unit(store_save)
store_unit(store_hostile)
store_unit(store_kill)
store_unit(store_shared)

# Some thousand children killed. Memory (/dev/shm) holds what they write; without it, every fsync is the disk's.
set_tests_properties(unit.store_kill PROPERTIES TIMEOUT 600)
