// SPDX-License-Identifier: Apache-2.0
#include "contexts.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include <shoal/fork_safe_mutex.hpp>

namespace shoal::python {

const Context& shared_context(const RunConfig& config) {
  using Place = std::tuple<BackendKind, int, Isa, Math>;
  // Never destroyed: learners may outlive static objects when the interpreter ends.
  static ForkSafeMutex<>& mutex = *new ForkSafeMutex<>;
  static auto& contexts = *new std::map<Place, std::unique_ptr<Context>>;
  const std::lock_guard lock(mutex);
  auto& context = contexts[{config.backend, config.threads, config.isa, config.math}];
  if (!context) context = std::make_unique<Context>(context_options(config));
  return *context;
}

}  // namespace shoal::python
