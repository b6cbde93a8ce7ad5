# The random histories, the planted bugs and the year of schedules; also part of a release build, where they are quickest built.
doorbuster_quick_test(simulation_test simulation LABELS simulation TIMEOUT 1800
  LAYERS simulator LINK yaml-cpp)
# What CMakePresets.json calls a sanitizer: a fiftieth of the histories is for those.
if(DOORBUSTER_SANITIZER)
  target_compile_definitions(simulation_test PRIVATE DOORBUSTER_SANITIZED)
endif()
