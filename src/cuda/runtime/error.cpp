// SPDX-License-Identifier: Apache-2.0
#include "cuda/runtime/error.hpp"

namespace shoal::cuda {
namespace {

// The path from src/cuda/ on, since the folder in which the library was built means nothing to users.
std::string location(const SourceLocation& where) {
  const std::string file = where.file_name();
  const std::size_t begin = file.rfind("src/cuda/"), slash = file.rfind('/');
  const std::string name = begin != std::string::npos   ? file.substr(begin)
                           : slash != std::string::npos ? file.substr(slash + 1)
                                                        : file;
  return name + ":" + std::to_string(where.line());
}

}  // namespace

DeviceError::DeviceError(const std::string& call, const std::string& text, const SourceLocation& where)
    : ResourceError("cuda: " + call + ": " + text + " (" + location(where) + ")"),
      call_(call),
      where_(where) {}

}  // namespace shoal::cuda
