// SPDX-License-Identifier: Apache-2.0
// DeviceError: which call to the device failed, what the CUDA runtime says, and where in this library.
#pragma once

#include <source_location>
#include <string>

#include <shoal/error.hpp>

namespace shoal::cuda {

/// The default argument `= CallSite::current()` of a function is the place that called it.
using CallSite = std::source_location;

class DeviceError : public ResourceError {
 public:
  /// `call`: the runtime's function, with sizes; `text`: its error by name and in words.
  DeviceError(const std::string& call, const std::string& text, const CallSite& where);
  const std::string& call() const noexcept { return call_; }
  const CallSite& where() const noexcept { return where_; }

 private:
  std::string call_;
  CallSite where_;
};

}  // namespace shoal::cuda
