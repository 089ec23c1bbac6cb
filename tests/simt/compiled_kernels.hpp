// SPDX-License-Identifier: Apache-2.0
// Stands in for NVRTC: functions of the host that are "compiled" at run time. A test offers a function under
// the name by which a KernelSource names its kernel; a source that names another one does not compile.
#pragma once

#include <functional>
#include <string>
#include <tuple>
#include <utility>

namespace simt {

/// Copies the arguments of a launch; the result runs the kernel for one thread.
using HostKernel = std::function<std::function<void()>(void** arguments)>;

void offer_kernel(const std::string& name, HostKernel kernel);
/// Null if there is none.
const HostKernel* offered_kernel(const std::string& name);

template <class... Arguments>
void offer_kernel(const std::string& name, void (*kernel)(Arguments...)) {
  offer_kernel(name, [kernel](void** at) {
    const auto copies = [&]<std::size_t... i>(std::index_sequence<i...>) {
      return std::tuple<Arguments...>(*static_cast<Arguments*>(at[i])...);
    }
    (std::index_sequence_for<Arguments...>());
    return [kernel, copies] { std::apply(kernel, copies); };
  });
}

}  // namespace simt
