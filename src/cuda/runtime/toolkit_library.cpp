// SPDX-License-Identifier: Apache-2.0
#include "cuda/runtime/toolkit_library.hpp"

#include <dlfcn.h>

#include <utility>

#include <shoal/error.hpp>

namespace shoal::cuda {

ToolkitLibrary::ToolkitLibrary(std::string name, std::string refusal)
    : name_(std::move(name)),
      refusal_(std::move(refusal)),
      opened_(dlopen(name_.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (opened_) return;
  const std::string reason = dlerror();
  if (name_.find('/') == std::string::npos)
    opened_ = dlopen(("/usr/local/cuda/lib64/" + name_).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!opened_) throw ResourceError(refusal_ + ": " + reason);
}

void* ToolkitLibrary::address_of(const char* symbol) const {
  void* const address = dlsym(opened_, symbol);
  if (!address) throw ResourceError(refusal_ + ": " + name_ + " has no " + symbol);
  return address;
}

}  // namespace shoal::cuda
