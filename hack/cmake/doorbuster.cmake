# How everything here is compiled: flags a preset, one function a kind of target.

include(GNUInstallDirs)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
# One setting for libraries and programs alike, or they could not share the precompiled header (CMake's own would give
# libraries -fPIC and programs -fPIE). Nothing here is a shared library.
add_compile_options(-fPIE)
add_link_options(-pie)
option(DOORBUSTER_TESTS "build the tests and the benches" ON)
set(DOORBUSTER_SANITIZER "" CACHE STRING "asan, tsan, fuzz or nothing")

find_program(DOORBUSTER_CCACHE ccache)
# Not for a release: ccache makes paths relative and adds -fpch-preprocess, and the debug information tells both, so that the
# bytes would depend on whether somebody has ccache.
if(DOORBUSTER_CCACHE AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${DOORBUSTER_CCACHE})
endif()
# Of one big file g++ 12 writes other debug information now and then: it sorts by address somewhere. So a release's compiler
# runs without address randomisation, where the machine lets it.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  execute_process(COMMAND setarch ${CMAKE_HOST_SYSTEM_PROCESSOR} -R true RESULT_VARIABLE refused OUTPUT_QUIET ERROR_QUIET)
  if(refused STREQUAL "0")
    set(CMAKE_CXX_COMPILER_LAUNCHER setarch ${CMAKE_HOST_SYSTEM_PROCESSOR} -R)
  else()
    message(WARNING "setarch -R does not work here: two builds of a release may differ in their debug information")
  endif()
endif()
# One compiler at a time for the files that name TLS streams: a sanitizer build of one takes 3 GB.
set_property(GLOBAL PROPERTY JOB_POOLS heavy=1)

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(simdjson REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)
find_package(date REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig QUIET)

add_library(doorbuster_flags INTERFACE)
target_include_directories(doorbuster_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(doorbuster_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers -Wswitch-enum -Wnon-virtual-dtor -Wshadow=local -Wimplicit-fallthrough
  # The same bytes from any folder.
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)
target_compile_definitions(doorbuster_flags INTERFACE BOOST_ASIO_NO_DEPRECATED)

set(CMAKE_CXX_FLAGS_DEV "-O0 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g")   # no -DNDEBUG: asserts stay on
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(doorbuster_flags INTERFACE
    -Wno-restrict -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS)
  target_link_options(doorbuster_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--build-id=sha1)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Warnings are g++'s business, in preset dev.
  target_compile_options(doorbuster_flags INTERFACE -Wno-error -w)
endif()
if(DOORBUSTER_SANITIZER STREQUAL "asan")
  target_compile_options(doorbuster_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                         -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS)
  target_link_options(doorbuster_flags INTERFACE -fsanitize=address,undefined)
elseif(DOORBUSTER_SANITIZER STREQUAL "tsan")
  target_compile_options(doorbuster_flags INTERFACE -fsanitize=thread)
  target_link_options(doorbuster_flags INTERFACE -fsanitize=thread)
elseif(DOORBUSTER_SANITIZER STREQUAL "fuzz")
  target_compile_options(doorbuster_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined
                         -fno-sanitize-recover=all -Wno-unknown-warning-option)
  target_link_options(doorbuster_flags INTERFACE -fsanitize=address,undefined)
endif()

# One precompiled header of the standard library for all; nothing of ours, so that it changes never.
add_library(doorbuster_pch OBJECT ${CMAKE_SOURCE_DIR}/hack/cmake/pch.cpp)
target_link_libraries(doorbuster_pch PRIVATE doorbuster_flags)
target_precompile_headers(doorbuster_pch PRIVATE ${CMAKE_SOURCE_DIR}/hack/cmake/pch.h)

# A precompiled header is for one level of optimisation.
if(DOORBUSTER_SANITIZER STREQUAL "asan")
  add_library(doorbuster_pch_quick OBJECT ${CMAKE_SOURCE_DIR}/hack/cmake/pch.cpp)
  target_compile_options(doorbuster_pch_quick PRIVATE -O1)
  target_link_libraries(doorbuster_pch_quick PRIVATE doorbuster_flags)
  target_precompile_headers(doorbuster_pch_quick PRIVATE ${CMAKE_SOURCE_DIR}/hack/cmake/pch.h)
endif()

function(doorbuster_common target)
  target_link_libraries(${target} PUBLIC doorbuster_flags)
  target_precompile_headers(${target} REUSE_FROM doorbuster_pch)
endfunction()

# doorbuster_quickened(TARGET): with -O1, and that level's precompiled header.
function(doorbuster_quickened target)
  target_link_libraries(${target} PUBLIC doorbuster_flags)
  target_compile_options(${target} PRIVATE -O1 -Wno-restrict)
  target_precompile_headers(${target} REUSE_FROM doorbuster_pch_quick)
endfunction()

# What the random histories exercise, lowest first. In preset asan it is compiled once, with a little optimisation, for all that
# links it: at -O0 a tenth of the histories takes a quarter of an hour, and twice is ten minutes of compiling (decision 0022).
set(DOORBUSTER_EXERCISED operator/base crds controllers/products controllers/planner controllers/simulator)

# doorbuster_library(NAME FOLDER [LAYERS lower...] [LINK targets...]): every .cpp of that folder, not below it.
function(doorbuster_library name folder)
  cmake_parse_arguments(ARG "" "" "LAYERS;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  if(sources)
    add_library(${name} STATIC ${sources})
    if(DOORBUSTER_SANITIZER STREQUAL "asan" AND folder IN_LIST DOORBUSTER_EXERCISED)
      doorbuster_quickened(${name})
    else()
      doorbuster_common(${name})
    endif()
    target_link_libraries(${name} PUBLIC ${ARG_LAYERS} ${ARG_LINK})
    foreach(source ${sources})
      if(source MATCHES "_tls\\.cpp$" AND DOORBUSTER_SANITIZER STREQUAL "asan")
        # Undefined-behaviour checks double what one TLS file costs to compile; address checks stay.
        set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "-fno-sanitize=undefined")
      endif()
    endforeach()
    if(folder STREQUAL "operator/kube" OR folder STREQUAL "operator/serve")
      set_target_properties(${name} PROPERTIES JOB_POOL_COMPILE heavy)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE doorbuster_flags ${ARG_LAYERS} ${ARG_LINK})
  endif()
endfunction()

function(doorbuster_program name source)
  cmake_parse_arguments(ARG "" "COMPONENT" "LAYERS;LINK" ${ARGN})
  if(EXISTS ${CMAKE_SOURCE_DIR}/${source})
    add_executable(${name} ${CMAKE_SOURCE_DIR}/${source})
    doorbuster_common(${name})
    target_link_libraries(${name} PRIVATE ${ARG_LAYERS} ${ARG_LINK})
    install(TARGETS ${name} RUNTIME COMPONENT ${ARG_COMPONENT})
  endif()
endfunction()

# doorbuster_test(NAME FOLDER LAYERS... [LINK...] [LABELS...]): one GoogleTest program of every *_test.cpp of tests/FOLDER.
function(doorbuster_test name folder)
  cmake_parse_arguments(ARG "NO_CTEST" "TIMEOUT" "LAYERS;LINK;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  doorbuster_common(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LAYERS} ${ARG_LINK} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE DOORBUSTER_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(NOT ARG_NO_CTEST)
    add_test(NAME ${name} COMMAND ${name})
    if(NOT ARG_TIMEOUT)
      set(ARG_TIMEOUT 600)
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
    if("unit" IN_LIST ARG_LABELS)
      add_dependencies(unit_tests ${name})
    endif()
  endif()
endfunction()

# doorbuster_quick_test(NAME FOLDER LAYERS... [LINK...] [LABELS...]): a test whose thousands of runs would take hours without
# optimisation. Where the layers have it (a release, preset asan) it links them. Elsewhere what DOORBUSTER_EXERCISED names is
# compiled a second time for it alone, and only when it is asked for.
function(doorbuster_quick_test name folder)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LAYERS;LINK;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${folder}/*.cpp)
  if(DOORBUSTER_SANITIZER STREQUAL "asan")
    add_executable(${name} ${sources})
    doorbuster_quickened(${name})
    target_link_libraries(${name} PRIVATE ${ARG_LAYERS})
  elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_executable(${name} EXCLUDE_FROM_ALL ${sources})
    doorbuster_common(${name})
    target_compile_options(${name} PRIVATE -Wno-maybe-uninitialized)
    target_link_libraries(${name} PRIVATE ${ARG_LAYERS})
  else()
    foreach(one ${DOORBUSTER_EXERCISED})
      file(GLOB found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${one}/*.cpp)
      list(APPEND sources ${found})
    endforeach()
    add_executable(${name} EXCLUDE_FROM_ALL ${sources})
    target_link_libraries(${name} PRIVATE doorbuster_flags)
    target_compile_options(${name} PRIVATE -O2 -Wno-restrict -Wno-maybe-uninitialized)
    target_precompile_headers(${name} PRIVATE ${CMAKE_SOURCE_DIR}/hack/cmake/pch.h)
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_LINK} Threads::Threads GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE DOORBUSTER_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} PROCESSORS 2)
endfunction()

# The version, asked of git when building, not when configuring.
set(DOORBUSTER_VERSION_FILE ${CMAKE_BINARY_DIR}/generated/doorbuster_version.inc)
add_custom_target(doorbuster_version
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DOUT=${DOORBUSTER_VERSION_FILE}
          -P ${CMAKE_SOURCE_DIR}/hack/cmake/version.cmake
  BYPRODUCTS ${DOORBUSTER_VERSION_FILE} VERBATIM)
