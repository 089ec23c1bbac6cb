# SPDX-License-Identifier: Apache-2.0
# Puts zlib and libzstd into the library, for compressed tables. Their static archives are reduced to the functions that decompress and
# joined into one object. All symbols of it become local except these functions, which get the prefix shoal_. So users of Shoal need neither
# library, and can link their own without a clash.
#   SHOAL_COMPRESSION  AUTO (if found), ON (an error if not found), OFF
include_guard()
set(SHOAL_COMPRESSION AUTO CACHE STRING "Read .gz and .zst (static zlib and libzstd): ON, OFF, or AUTO (where found)")
set_property(CACHE SHOAL_COMPRESSION PROPERTY STRINGS ON OFF AUTO)
mark_as_advanced(SHOAL_ZLIB_ARCHIVE SHOAL_ZLIB_HEADER SHOAL_ZSTD_ARCHIVE SHOAL_ZSTD_HEADER)

set(SHOAL_COMPRESSION_OBJECTS)
set(SHOAL_COMPRESSION_TARGETS)
set(SHOAL_COMPRESSION_DEFINITIONS)

# shoal_compression(ZLIB zlib.h libz.a PACKAGE FUNCTION...)
function(shoal_compression name header archive package)
  find_path(SHOAL_${name}_HEADER ${header})
  find_library(SHOAL_${name}_ARCHIVE ${archive})
  if(NOT SHOAL_${name}_HEADER OR NOT SHOAL_${name}_ARCHIVE OR NOT CMAKE_OBJCOPY OR NOT CMAKE_LINKER OR NOT UNIX OR APPLE)
    if(NOT SHOAL_COMPRESSION STREQUAL "AUTO")
      message(FATAL_ERROR "SHOAL_COMPRESSION=${SHOAL_COMPRESSION} needs ${header} and ${archive} (Debian: ${package}), ld and objcopy")
    endif()
    message(STATUS "no ${header} with ${archive} (Debian: ${package}): tables that need it will be refused")
    return()
  endif()
  set(object ${PROJECT_BINARY_DIR}/compression/${archive}.o)
  set(definitions ${SHOAL_COMPRESSION_DEFINITIONS} SHOAL_HAS_${name})
  set(wanted)
  set(kept)
  foreach(function IN LISTS ARGN)
    list(APPEND wanted -u ${function})
    list(APPEND kept --redefine-sym ${function}=shoal_${function} --keep-global-symbol=shoal_${function})
    list(APPEND definitions ${function}=shoal_${function})
  endforeach()
  add_custom_command(OUTPUT ${object}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/compression
    COMMAND ${CMAKE_LINKER} -r -o ${object} ${wanted} ${SHOAL_${name}_ARCHIVE}
    COMMAND ${CMAKE_OBJCOPY} ${kept} ${object}
    DEPENDS ${SHOAL_${name}_ARCHIVE} COMMENT "Joining ${archive} into one object" VERBATIM)
  add_custom_target(shoal_${name}_object DEPENDS ${object})
  set(SHOAL_COMPRESSION_OBJECTS ${SHOAL_COMPRESSION_OBJECTS} ${object} PARENT_SCOPE)
  set(SHOAL_COMPRESSION_TARGETS ${SHOAL_COMPRESSION_TARGETS} shoal_${name}_object PARENT_SCOPE)
  set(SHOAL_COMPRESSION_DEFINITIONS ${definitions} PARENT_SCOPE)
endfunction()

if(SHOAL_COMPRESSION)
  shoal_compression(ZLIB zlib.h libz.a zlib1g-dev inflateInit2_ inflate inflateReset inflateEnd)
  shoal_compression(ZSTD zstd.h libzstd.a libzstd-dev ZSTD_createDStream ZSTD_decompressStream ZSTD_freeDStream ZSTD_isError
                    ZSTD_getErrorName)
endif()

# Adds the joined objects to a library; source files that call them need SHOAL_COMPRESSION_DEFINITIONS.
function(shoal_add_compression target)
  if(SHOAL_COMPRESSION_OBJECTS)
    set_source_files_properties(${SHOAL_COMPRESSION_OBJECTS} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    target_sources(${target} PRIVATE ${SHOAL_COMPRESSION_OBJECTS})
    add_dependencies(${target} ${SHOAL_COMPRESSION_TARGETS})
  endif()
endfunction()
