// SPDX-License-Identifier: Apache-2.0
// Reads the environment variables of the `shoal` program, for other programs that want to obey them too:
// SHOAL_CPU_PLAN, SHOAL_CUDA_PLAN and SHOAL_CUDA_DEVICE (docs/configuration.md). The library itself reads no
// variable. So everything here is inline: only programs that include this header read them.
//
// Example:
//
//   #include <shoal/program_environment.hpp>
//
//   const shoal::Context context(shoal::with_environment({.backend = shoal::BackendKind::cuda}));
#pragma once

#include <charconv>
#include <cstdlib>
#include <string>

#include <shoal/context.hpp>
#include <shoal/error.hpp>

namespace shoal {

/// Returns `options` with the plans and the device that the environment sets; other options are unchanged.
/// Throws InvalidArgument when SHOAL_CUDA_DEVICE is not a number, or negative.
inline ContextOptions with_environment(ContextOptions options) {
  const auto value_of = [](const char* variable) {
    const char* const value = std::getenv(variable);
    return std::string(value ? value : "");
  };
  if (const std::string plan = value_of("SHOAL_CPU_PLAN"); !plan.empty()) options.cpu_plan = plan;
  if (const std::string plan = value_of("SHOAL_CUDA_PLAN"); !plan.empty()) options.cuda_plan = plan;
  if (const std::string text = value_of("SHOAL_CUDA_DEVICE"); !text.empty()) {
    const char* const end = text.data() + text.size();
    int device = -1;
    const auto [stop, error] = std::from_chars(text.data(), end, device);
    if (error != std::errc() || stop != end || device < 0)
      throw InvalidArgument("SHOAL_CUDA_DEVICE = \"" + text +
                            "\" is not the number of a CUDA device: they are numbered from 0");
    options.device = device;
  }
  return options;
}

}  // namespace shoal
