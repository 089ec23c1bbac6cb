# SPDX-License-Identifier: Apache-2.0
# Writes the pkg-config file, which must work for a build that knows nothing of CMake or CUDA.
include_guard()

# shoal_pkg_config(FILE): writes it, from PROJECT_VERSION, PROJECT_DESCRIPTION, CMAKE_INSTALL_LIBDIR, CMAKE_INSTALL_INCLUDEDIR,
# SHOAL_PREFIX_FROM_PC (the prefix, seen from the folder of the file), SHOAL_SHARED, SHOAL_HAS_CUDA and, with CUDA, SHOAL_CUDA_RUNTIME
# and CUDAToolkit_LIBRARY_DIR. The shared library brings its CUDA runtime; users of the static one link it, too: with `pkg-config
# --static` where there are both, always where there is no other.
function(shoal_pkg_config file)
  set(runtime)
  if(SHOAL_HAS_CUDA)
    string(REPLACE "CUDA::" "-l" runtime "${SHOAL_CUDA_RUNTIME}")
    set(runtime "-L${CUDAToolkit_LIBRARY_DIR} ${runtime} -ldl -lrt")
  endif()
  set(SHOAL_PC_LIBRARIES -lpthread)
  set(SHOAL_PC_PRIVATE_LIBRARIES ${runtime})
  if(NOT SHOAL_SHARED AND runtime)
    set(SHOAL_PC_LIBRARIES "${runtime} -lpthread")
    set(SHOAL_PC_PRIVATE_LIBRARIES)
  endif()
  configure_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/shoal.pc.in ${file} @ONLY)
endfunction()
