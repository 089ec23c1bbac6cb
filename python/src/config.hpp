// SPDX-License-Identifier: Apache-2.0
// Configurations as they come from Python: keys with values in TOML, over the defaults.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>
#include <vector>

#include <shoal/config.hpp>

namespace shoal::python {

/// Key, value, what errors call it, and whether the value is the text itself.
using Overrides = std::vector<std::tuple<std::string, std::string, std::string, bool>>;
std::vector<ConfigOverride> overrides_of(const Overrides& overrides);

/// Calls notify(kind, text), kind "note" or "warning", with the interpreter's lock.
Notify notify_of(const nanobind::object& notify);

}  // namespace shoal::python
