# One short run of a fuzzer, on a copy of its corpus: cmake -DFUZZER= -DCORPUS= -DSCRATCH= -P run.cmake
file(REMOVE_RECURSE ${SCRATCH})
file(MAKE_DIRECTORY ${SCRATCH}/corpus)
file(GLOB seeds ${CORPUS}/*)
file(COPY ${seeds} DESTINATION ${SCRATCH}/corpus)
execute_process(
  COMMAND ${FUZZER} -runs=20000 -max_total_time=20 -timeout=20 -rss_limit_mb=2048 ${SCRATCH}/corpus
  WORKING_DIRECTORY ${SCRATCH}
  RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "the fuzzer found something: see ${SCRATCH}")
endif()
