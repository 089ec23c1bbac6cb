// SPDX-License-Identifier: Apache-2.0
#include "data/time_value.hpp"

#include <array>
#include <utility>

namespace shoal {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, time_kinds> names = {{
    {"a whole number", "whole numbers"},
    {"a year", "years"},
    {"a quarter", "quarters"},
    {"a month", "months"},
    {"a week", "weeks"},
    {"a day", "days"},
    {"a date-time without an offset", "date-times without an offset"},
    {"a date-time with an offset", "date-times with an offset"},
}};

}  // namespace

std::string_view name_of(TimeKind kind) {
  return names[static_cast<std::size_t>(kind)].first;
}
std::string_view plural_of(TimeKind kind) {
  return names[static_cast<std::size_t>(kind)].second;
}

}  // namespace shoal
