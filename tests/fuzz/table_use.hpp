// SPDX-License-Identifier: Apache-2.0
// Uses a table that could be read in every way.
#pragma once

#include <shoal/table_source.hpp>

#include "fuzz/fuzz_input.hpp"

namespace shoal::fuzz {

inline void use_source(const TableSource& source) {
  for (const Phase phase : {Phase::train, Phase::validation, Phase::test}) {
    if (source.size(phase).value_or(0) == 0) continue;
    source.sample(phase, 1, 3);
    const TaskBatch tasks = source.evaluation(phase, 0);
    for (const std::int64_t id : tasks.ids()) {
      source.key_of(id);
      for (const std::int32_t row : source.query_rows(id)) source.time_of(row);
    }
  }
}

inline void use_table(const TableOptions& options, TargetType target) {
  const auto source = make_table_source(options, target, 7);
  use_source(*source);
  const std::string text = to_json(source->preprocessing());
  require(to_json(preprocessing_from_json(text)) == text, "preprocessing that does not read back");
}

}  // namespace shoal::fuzz
