// SPDX-License-Identifier: Apache-2.0
#include "cuda/compiled/kernel_key.hpp"

#include <shoal/tensor_file.hpp>

#include "cuda/compiled/compile_options.hpp"

namespace shoal::cuda {
namespace {

constexpr const char* format = "1";  ///< of an entry (kernel_cache.cpp)

/// With its length, so that no two lists of parts give one text.
void add(std::string& text, const std::string& part) {
  text += std::to_string(part.size()) + ":" + part;
}

std::string hash_of_headers() {
  std::string text;
  const auto add_all = [&](std::span<const EmbeddedHeader> headers) {
    for (const EmbeddedHeader& header : headers) {
      add(text, header.name);
      add(text, header.text);
    }
  };
  add_all(standard_headers);
  add_all(embedded_headers());
  return sha256(text);
}

}  // namespace

std::string kernel_key(const KernelSource& source, int architecture, const std::string& compiler) {
  static const std::string headers = hash_of_headers();
  std::string text;
  add(text, format);
  add(text, compiler);
  for (const std::string& option : compile_options(architecture)) add(text, option);
  add(text, headers);
  add(text, source.program);
  add(text, source.kernel);
  return sha256(text);
}

}  // namespace shoal::cuda
