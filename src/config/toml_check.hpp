// SPDX-License-Identifier: Apache-2.0
// Finds faults in TOML text that the parser must not see, because toml++ 3.3.0 has undefined behaviour on
// them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace shoal::config {

struct TomlFault {
  std::size_t line = 1, column = 1;  ///< in bytes, from 1
  std::string what;
};

/// Finds the first non-ASCII byte outside of strings and comments, or the first table header that begins with
/// a character that no name begins with. The parser itself finds all other faults.
std::optional<TomlFault> find_toml_fault(std::string_view text);

}  // namespace shoal::config
