// SPDX-License-Identifier: Apache-2.0
#include "capi/failure.hpp"

#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>

#include <shoal.h>
#include <shoal/version.hpp>

namespace shoal::capi {
namespace {

/// No allocation: the cause may be that there is no memory.
thread_local char last_error[Error::longest_message + 128] = "";

int keep(const char* function, const char* message, int code) {
  std::snprintf(last_error, sizeof last_error, "%s: %s", function, message);
  return code;
}

/// Messages of others may have control characters and any length; Error makes them safe to show.
int keep_escaped(const char* function, const std::exception& error, int code) noexcept {
  try {
    return keep(function, Error(error.what()).what(), code);
  } catch (...) {
    return keep(function, "an error without a message", code);
  }
}

}  // namespace

int failed(const char* function) noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return keep(function, error.what(), error.exit_code());
  } catch (const std::bad_alloc&) {
    return keep(function, "not enough memory", 6);
  } catch (const std::filesystem::filesystem_error& error) {
    return keep_escaped(function, error, 6);
  } catch (const std::exception& error) {
    return keep_escaped(function, error, 1);
  } catch (...) {
    return keep(function, "unknown error", 1);
  }
}

void require_pointer(const void* pointer, const char* name) {
  if (!pointer) throw InvalidArgument(std::string(name) + " is NULL");
}

void require_path(const char* path) {
  require_pointer(path, "path");
  if (*path == '\0') throw InvalidArgument("path is empty");
}

void require_count(std::int64_t count, std::int64_t needed, const char* what) {
  if (count != needed)
    throw InvalidArgument("count: " + std::to_string(count) + " numbers, but " + what + " are " +
                          std::to_string(needed));
}

}  // namespace shoal::capi

extern "C" {

const char* shoal_version(void) {
  return SHOAL_VERSION;
}

const char* shoal_last_error(void) {
  return shoal::capi::last_error;
}
}
