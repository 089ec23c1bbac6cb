// SPDX-License-Identifier: Apache-2.0
// Converts between enumerators and names, both ways, with one table.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <shoal/error.hpp>

namespace shoal {

template <class Enum>
using NameTable = std::span<const std::pair<Enum, std::string_view>>;

template <class Enum>
std::string_view name_in(NameTable<Enum> table, Enum value) {
  for (const auto& [entry, name] : table)
    if (entry == value) return name;
  return "unknown";
}

/// Throws InvalidArgument for an unknown name: `unknown <what> "<name>"; known: ...`.
template <class Enum>
Enum value_in(NameTable<Enum> table, std::string_view what, std::string_view name) {
  std::string known;
  for (const auto& [entry, entry_name] : table) {
    if (entry_name == name) return entry;
    known += (known.empty() ? "" : ", ") + std::string(entry_name);
  }
  throw InvalidArgument("unknown " + std::string(what) + " \"" + std::string(name) + "\"; known: " + known);
}

}  // namespace shoal
