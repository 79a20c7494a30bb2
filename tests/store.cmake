# The store and its samples. CR_SHARED_FIXTURES: sample certificates made by other code than ours, used when there.
set(CR_SHARED_FIXTURES ${CMAKE_SOURCE_DIR}/../shared/fixtures CACHE PATH "Sample certificates of other makers")

set(CR_SAMPLES ${CMAKE_CURRENT_BINARY_DIR}/samples)
add_test(NAME store.samples COMMAND cr_make_samples --now 2026-11-20 ${CR_SAMPLES})
set_tests_properties(store.samples PROPERTIES FIXTURES_SETUP store_samples TIMEOUT 120)

pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)

function(store_unit name)
  cr_unit(${name} unit/store_help.c ${ARGN} LIBS cr_store PkgConfig::JANSSON)
  target_compile_definitions(test_${name} PRIVATE _DEFAULT_SOURCE
    CR_SHARED_FIXTURES="${CR_SHARED_FIXTURES}" CR_SAMPLES="${CR_SAMPLES}")
  set_tests_properties(unit.${name} PROPERTIES FIXTURES_REQUIRED store_samples)
endfunction()

store_unit(store_vectors)
store_unit(store_text)
store_unit(store_facts)
store_unit(store_prove)
store_unit(store_vid)
store_unit(store_verify)
store_unit(store_rule)
store_unit(store_passwd unit/passwd_help.c)
store_unit(store_passwd_file unit/passwd_help.c)
store_unit(store_twin unit/passwd_help.c)
store_unit(store_passwd_kill unit/passwd_help.c unit/key_scene.c)
store_unit(store_passwd_space unit/passwd_help.c unit/key_scene.c)
store_unit(store_scan)
store_unit(store_places)
store_unit(store_list)
store_unit(store_save)
store_unit(store_hostile)
store_unit(store_kill)
store_unit(store_convert)
store_unit(store_client)
store_unit(store_copy)
store_unit(store_remove)
store_unit(store_steps unit/step_play.c)
store_unit(store_steps_copy unit/step_play.c)
store_unit(store_shared)

# Some thousand children killed. Memory (/dev/shm) holds what they write; without it, every fsync is the disk's.
set_tests_properties(unit.store_kill unit.store_passwd_kill unit.store_passwd_space unit.store_steps unit.store_steps_copy PROPERTIES TIMEOUT 600)
# Hundreds of thousands of rounds, many times, under sanitizers.
set_tests_properties(unit.store_convert unit.store_hostile PROPERTIES TIMEOUT 600)

find_program(CR_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)

# What a change of password writes, opened by Bouncy Castle. Skipped, and said so, where there is no Java.
add_executable(cr_passwd_all interop/bouncy/passwd_all.c)
target_link_libraries(cr_passwd_all PRIVATE cr_store cr_flags)
add_test(NAME interop.bouncy COMMAND ${CR_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/interop/bouncy/run.py
  $<TARGET_FILE:cr_passwd_all> ${CR_SAMPLES} ${CR_SHARED_FIXTURES})
set_tests_properties(interop.bouncy PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300 FIXTURES_REQUIRED store_samples)
