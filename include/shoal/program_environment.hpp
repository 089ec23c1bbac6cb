// SPDX-License-Identifier: Apache-2.0
// Reads the environment variables of the `shoal` program, for other programs that want to obey them too:
// SHOAL_CPU_PLAN, SHOAL_CUDA_PLAN, SHOAL_CUDA_DEVICE and SHOAL_KERNEL_CACHE (docs/configuration.md). The
// library itself reads no variable. So everything here is inline: only programs that include this header read
// them.
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

/// The folder in which programs keep compiled kernels where SHOAL_KERNEL_CACHE does not name another one:
/// shoal/kernels in the user's folder of caches (XDG_CACHE_HOME, else .cache in HOME). Empty where the
/// environment names no such folder by an absolute path.
inline std::string default_kernel_cache() {
  const auto folder = [](const char* variable, const char* below) {
    const char* const value = std::getenv(variable);
    return value && *value == '/' ? std::string(value) + below : std::string();
  };
  const std::string named = folder("XDG_CACHE_HOME", "/shoal/kernels");
  return named.empty() ? folder("HOME", "/.cache/shoal/kernels") : named;
}

/// Returns `options` with the plans, the device and the cache of kernels that the environment sets; other
/// options are unchanged. Without SHOAL_KERNEL_CACHE, options without a cache get default_kernel_cache().
/// Throws InvalidArgument when SHOAL_CUDA_DEVICE is not a number, or negative, and when SHOAL_KERNEL_CACHE is
/// neither `off` nor an absolute path.
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
  const std::string cache = value_of("SHOAL_KERNEL_CACHE");
  if (cache == "off")
    options.kernel_cache.clear();
  else if (!cache.empty() && cache.front() != '/')
    throw InvalidArgument("SHOAL_KERNEL_CACHE = \"" + cache +
                          "\" is neither off nor the absolute path of a folder");
  else if (!cache.empty())
    options.kernel_cache = cache;
  else if (options.kernel_cache.empty())
    options.kernel_cache = default_kernel_cache();
  return options;
}

}  // namespace shoal
