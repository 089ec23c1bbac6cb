// SPDX-License-Identifier: Apache-2.0
// A shared library of the CUDA Toolkit that is opened when something needs it: a program starts where it is
// not installed, and a build needs no header of it.
#pragma once

#include <string>

namespace shoal::cuda {

class ToolkitLibrary {
 public:
  /// Opens `name`, such as "libcublas.so.13", where the system finds it, else in the folder in which the
  /// toolkit's installer puts it without a word to the system. Errors begin with `refusal`. Throws
  /// ResourceError. The library stays open for good: others may use it too.
  ToolkitLibrary(std::string name, std::string refusal);
  /// Throws ResourceError if the library has no such function; its type is the caller's to know.
  template <class Function>
  void find(Function*& function, const char* symbol) const {
    function = reinterpret_cast<Function*>(address_of(symbol));
  }

 private:
  void* address_of(const char* symbol) const;

  std::string name_, refusal_;
  void* opened_;
};

}  // namespace shoal::cuda
