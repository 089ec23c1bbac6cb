// SPDX-License-Identifier: Apache-2.0
// Readers compute nothing: the table of backends is empty here.
#include "core/registry.hpp"

namespace shoal {

std::span<const BackendEntry> backend_entries() {
  return {};
}

}  // namespace shoal
