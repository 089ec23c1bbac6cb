# SPDX-License-Identifier: Apache-2.0
# How every target of the project is built. All flags are here, so that no part can drift from the numerical contract.
include_guard()
find_package(Threads REQUIRED)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

# Flags shared by library, tests and programs.
function(shoal_flags target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  # Contract N1: no contraction that the source does not write.
  set(flags -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -ffp-contract=off -fno-fast-math)
  list(APPEND flags -Werror=switch)  # a switch that lacks an enumerator does not compile
  if(SHOAL_WERROR)
    list(APPEND flags -Werror)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    list(APPEND flags -Wno-restrict)  # false positives on std::string (GCC bug 105651)
  endif()
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:${flags}>")
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE Threads::Threads)
  if(SHOAL_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${SHOAL_SANITIZE} -fno-omit-frame-pointer
                           -fno-sanitize-recover=all)
    if(SHOAL_SANITIZE MATCHES "address")
      # AddressSanitizer finds what these checks look for, one step later. Without them, and with its own checks as calls, the compiler
      # takes half the time, which is most of the lane's.
      target_compile_options(${target} PRIVATE -fno-sanitize=null,vptr,object-size,pointer-overflow
        $<$<CXX_COMPILER_ID:GNU>:--param=asan-instrumentation-with-call-threshold=0>)
    endif()
    target_link_options(${target} PRIVATE -fsanitize=${SHOAL_SANITIZE})
  endif()
endfunction()

# shoal_part(io a.cpp b.cpp): builds one folder of src/ as the static library shoal_io. Parts are joined into Shoal::shoal.
function(shoal_part part)
  add_library(shoal_${part} STATIC ${ARGN})
  shoal_flags(shoal_${part})
  target_include_directories(shoal_${part} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
endfunction()
