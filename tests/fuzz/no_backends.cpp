// SPDX-License-Identifier: Apache-2.0
// Readers compute nothing, so the table of backends is empty.
#include "core/registry.hpp"

namespace shoal {

std::span<const BackendEntry> backend_entries() {
  return {};
}

}  // namespace shoal
