// SPDX-License-Identifier: Apache-2.0
#include "cuda/cuda_options.hpp"

#include <charconv>
#include <string>

#include <shoal/error.hpp>

namespace shoal {
namespace {

void apply_plan(CudaOptions& options, const std::string& text) {
  if (text.empty()) return;
  if (text == "layers") {
    options.layer_by_layer = true;
    return;
  }
  const char *const begin = text.data(), *const end = begin + text.size();
  const auto threads = std::from_chars(begin, end, options.threads);
  const bool crossed = threads.ec == std::errc() && threads.ptr != end && *threads.ptr == 'x';
  const auto rows =
      crossed ? std::from_chars(threads.ptr + 1, end, options.rows) : std::from_chars_result{begin, {}};
  if (!crossed || rows.ec != std::errc() || rows.ptr != end || options.threads < 1 || options.rows < 1)
    throw InvalidArgument("cuda_plan takes THREADSxROWS, like 64x16, or layers, not \"" + text + "\"");
}

}  // namespace

CudaOptions cuda_options(const ContextOptions& options) {
  CudaOptions result{.device = options.device,
                     .stream = options.stream,
                     .memory = options.device_memory,
                     .math = options.math,
                     .kernel_cache = options.kernel_cache};
  apply_plan(result, options.cuda_plan);
  if (!options.kernel_cache.empty() && options.kernel_cache.front() != '/')
    throw InvalidArgument("kernel_cache takes the absolute path of a folder, not \"" + options.kernel_cache +
                          "\"");
  return result;
}

}  // namespace shoal
