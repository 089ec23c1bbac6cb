// SPDX-License-Identifier: Apache-2.0
#include "config.hpp"

#include "arrays.hpp"
#include "bindings.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace shoal::python {

std::vector<ConfigOverride> overrides_of(const Overrides& overrides) {
  std::vector<ConfigOverride> result;
  result.reserve(overrides.size());
  for (const auto& [key, value, origin, literal] : overrides)
    result.emplace_back(key, value, origin, literal);
  return result;
}

Notify notify_of(const nb::object& notify) {
  if (notify.is_none()) return {};
  return [kept = Kept(notify)](const Notice& notice) {
    const nb::gil_scoped_acquire gil;
    kept.get()(notice.kind == Notice::Kind::note ? "note" : "warning", notice.text);
  };
}

void bind_config(nb::module_& module) {
  module.def(
      "config_toml",
      [](const Overrides& overrides) { return to_toml(load_config("", overrides_of(overrides))); },
      "overrides"_a, "The configuration of these overrides as TOML.");
}

}  // namespace shoal::python
