# SPDX-License-Identifier: Apache-2.0
# Decides whether this build has the CUDA backend (SHOAL_HAS_CUDA) and how device code is compiled.
include_guard()
# Contract N1: no contraction that the source does not write, denormals kept, IEEE division and square root. nvcc and NVRTC (which compiles
# kernels at run time: src/cuda/compiled) take the same flags.
set(SHOAL_KERNEL_FLAGS -std=c++20 -fmad=false -ftz=false -prec-div=true -prec-sqrt=true)

set(SHOAL_HAS_CUDA OFF)
if(NOT SHOAL_CUDA)
  return()
endif()
if(SHOAL_CUDA STREQUAL "AUTO")
  include(CheckLanguage)
  check_language(CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    message(STATUS "no CUDA compiler: building without the CUDA backend")
    return()
  endif()
endif()

# Machine code for A100, H100 and B200, and PTX for later devices.
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80-real 90 100-real CACHE STRING "CUDA architectures")
endif()
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)
set(SHOAL_HAS_CUDA ON)
set(SHOAL_CUDA_RUNTIME CUDA::cudart_static)
if(CMAKE_CUDA_RUNTIME_LIBRARY STREQUAL "Shared")
  set(SHOAL_CUDA_RUNTIME CUDA::cudart)
endif()

# CMake 3.25 does not know C++20 for nvcc and ignores CMAKE_CUDA_STANDARD silently, hence the plain option among SHOAL_KERNEL_FLAGS.
function(shoal_cuda_flags target)
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:${SHOAL_KERNEL_FLAGS};-lineinfo>")
  if(SHOAL_WERROR)
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings>")
  endif()
  target_link_libraries(${target} PUBLIC ${SHOAL_CUDA_RUNTIME})
endfunction()
