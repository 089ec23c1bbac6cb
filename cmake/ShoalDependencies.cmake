# SPDX-License-Identifier: Apache-2.0
# Finds what a build needs from other projects. All of it is headers or part of the tests; a program needs none of it at run time.
# Everything is searched here, so that one message names all that is missing, by the names of CMake and of Debian.
#   SHOAL_BUILD_CLI, SHOAL_BUILD_TESTS  ON (an error if something is missing), OFF, or AUTO (left out then, with a message)
include_guard()

# shoal_look_for(MISSING PACKAGE DEBIAN [more arguments of find_package]): adds a package to the list MISSING if it is not found.
macro(shoal_look_for missing package debian)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    list(APPEND ${missing} "${package} (Debian: ${debian})")
  endif()
endmacro()

# Turns an option that is AUTO into ON or OFF.
macro(shoal_decide option what missing)
  list(JOIN ${missing} ", " shoal_names)
  if(${missing} AND ${option} STREQUAL "AUTO")
    message(STATUS "without ${what}, which would need ${shoal_names}")
    set(${option} OFF)
  elseif(${missing})
    message(FATAL_ERROR "${option}=${${option}}: ${what} would need ${shoal_names}")
  else()
    set(${option} ON)
  endif()
endmacro()

set(shoal_missing_for_library)
shoal_look_for(shoal_missing_for_library nlohmann_json nlohmann-json3-dev)
shoal_look_for(shoal_missing_for_library date libhowardhinnant-date-dev)
find_path(SHOAL_TOML_INCLUDE_DIR toml++/toml.h)  # the headers are enough; its CMake package may require a shared library
mark_as_advanced(SHOAL_TOML_INCLUDE_DIR)
if(NOT SHOAL_TOML_INCLUDE_DIR)
  list(APPEND shoal_missing_for_library "toml++ (Debian: libtomlplusplus-dev)")
endif()
if(shoal_missing_for_library)
  list(JOIN shoal_missing_for_library ", " shoal_names)
  message(FATAL_ERROR "building the library needs ${shoal_names}: headers, which users of the library do not need")
endif()

if(SHOAL_BUILD_CLI)
  set(shoal_missing_for_cli)
  shoal_look_for(shoal_missing_for_cli CLI11 libcli11-dev)
  shoal_decide(SHOAL_BUILD_CLI "the shoal program" shoal_missing_for_cli)
endif()

if(SHOAL_BUILD_TESTS)
  set(shoal_missing_for_tests)
  shoal_look_for(shoal_missing_for_tests GTest "libgtest-dev, libgmock-dev")
  # CUDA threads of kernels on the host (tests/simt).
  shoal_look_for(shoal_missing_for_tests Boost libboost-context1.81-dev 1.74 COMPONENTS context)
  shoal_look_for(shoal_missing_for_tests Python3 python3 COMPONENTS Interpreter)
  shoal_decide(SHOAL_BUILD_TESTS "the tests" shoal_missing_for_tests)
endif()
