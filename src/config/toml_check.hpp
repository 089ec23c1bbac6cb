// SPDX-License-Identifier: Apache-2.0
// What the TOML parser must not see: toml++ 3.3.0 has undefined behaviour on it.
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

/// The first place where a byte outside ASCII stands neither in a text nor in a comment, or where a table's
/// header begins with what no name begins with. What else is wrong is the parser's to find.
std::optional<TomlFault> find_toml_fault(std::string_view text);

}  // namespace shoal::config
