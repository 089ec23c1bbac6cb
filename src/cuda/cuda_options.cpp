// SPDX-License-Identifier: Apache-2.0
#include "cuda/cuda_options.hpp"

#include <charconv>
#include <string>
#include <string_view>

#include <shoal/error.hpp>

namespace shoal {
namespace {

void apply_plan(CudaOptions& options, const std::string& text) {
  if (text.empty()) return;
  if (text == "layers") {
    options.layer_by_layer = true;
    return;
  }
  if (text == "generic") {
    options.fixed = FixedKernels::none;
    return;
  }
  if (text == "fixed") {
    options.fixed = FixedKernels::always;
    return;
  }
  constexpr std::string_view with_lanes = "fixed-";
  if (text.starts_with(with_lanes)) {
    const char *const from = text.data() + with_lanes.size(), *const end = text.data() + text.size();
    const auto lanes = std::from_chars(from, end, options.fixed_lanes);
    options.fixed = FixedKernels::always;
    if (lanes.ec == std::errc() && lanes.ptr == end && kernels::is_lane_choice(options.fixed_lanes)) return;
    throw InvalidArgument("cuda_plan takes fixed-THREADS with 16, 32, 64, 128 or 256 threads, not \"" + text +
                          "\"");
  }
  const char *const begin = text.data(), *const end = begin + text.size();
  const auto threads = std::from_chars(begin, end, options.threads);
  const bool crossed = threads.ec == std::errc() && threads.ptr != end && *threads.ptr == 'x';
  const auto rows =
      crossed ? std::from_chars(threads.ptr + 1, end, options.rows) : std::from_chars_result{begin, {}};
  if (!crossed || rows.ec != std::errc() || rows.ptr != end || options.threads < 1 || options.rows < 1)
    throw InvalidArgument(
        "cuda_plan takes generic, fixed, fixed-THREADS, THREADSxROWS (like 64x16) or layers, not \"" + text +
        "\"");
}

}  // namespace

CudaOptions cuda_options(const ContextOptions& options) {
  CudaOptions result{.device = options.device,
                     .stream = options.stream,
                     .memory = options.device_memory,
                     .math = options.math,
                     .kernel_cache = options.kernel_cache,
                     .compiles = true};
  apply_plan(result, options.cuda_plan);
  if (!options.kernel_cache.empty() && options.kernel_cache.front() != '/')
    throw InvalidArgument("kernel_cache takes the absolute path of a folder, not \"" + options.kernel_cache +
                          "\"");
  return result;
}

}  // namespace shoal
