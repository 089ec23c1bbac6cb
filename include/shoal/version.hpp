// SPDX-License-Identifier: Apache-2.0
// The version of the library. CMake reads it from this file.
//
// Example:
//
//   #include <cstdio>
//
//   std::printf("built with Shoal %s\n", SHOAL_VERSION);
#pragma once

#define SHOAL_VERSION_MAJOR 0
#define SHOAL_VERSION_MINOR 1
#define SHOAL_VERSION_PATCH 0
#define SHOAL_VERSION "0.1.0"
