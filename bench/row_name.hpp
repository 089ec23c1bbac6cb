// SPDX-License-Identifier: Apache-2.0
// The name of a row of the benchmark, backend/shape/tasks/work.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shoal::bench {

struct RowName {
  std::string backend, shape;
  std::int64_t tasks = 0;
  std::string work;  ///< meta_gradient, meta_step or train

  std::string text() const { return backend + "/" + shape + "/" + std::to_string(tasks) + "/" + work; }
  /// Whether the results of two rows can be compared: everything but the backend is the same.
  bool same_work_as(const RowName& other) const {
    return shape == other.shape && tasks == other.tasks && work == other.work;
  }
  bool operator==(const RowName&) const = default;
};

/// Parses a name; empty when the text is not one.
std::optional<RowName> row_name_from(std::string_view text);

}  // namespace shoal::bench
