# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` installs and where: headers, libraries, the CMake package, the pkg-config file, the program.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
include(ShoalPkgConfig)

set(shoal_targets shoal)
if(SHOAL_SHARED)
  list(APPEND shoal_targets shoal_shared)
endif()
install(TARGETS ${shoal_targets} EXPORT ShoalTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/shoal DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(FILES include/shoal.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(SHOAL_BUILD_CLI)
  install(TARGETS shoal-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

install(EXPORT ShoalTargets NAMESPACE Shoal:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Shoal)
configure_package_config_file(cmake/ShoalConfig.cmake.in ${PROJECT_BINARY_DIR}/ShoalConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Shoal)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ShoalConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ShoalConfig.cmake ${PROJECT_BINARY_DIR}/ShoalConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Shoal)
# Relative to the pkg-config file itself, because --prefix of an installation may differ from the configured one.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
           OUTPUT_VARIABLE SHOAL_PREFIX_FROM_PC)
shoal_pkg_config(${PROJECT_BINARY_DIR}/shoal.pc)
install(FILES ${PROJECT_BINARY_DIR}/shoal.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
