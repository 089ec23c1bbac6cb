// SPDX-License-Identifier: Apache-2.0
#include "data/phase_periods.hpp"

#include <shoal/error.hpp>

namespace shoal {

PhasePeriods::PhasePeriods(const SplitOptions& split, const Timeline* time) {
  const bool by_time = split.by == "time";
  if (!by_time && split.test_from.empty()) return;
  if (!time)
    throw InvalidArgument(std::string("tasks.split ") + (by_time ? "by = \"time\"" : "test_from") +
                          " needs a time column (tasks.time)");
  if (split.test_from.empty()) throw InvalidArgument("tasks.split by = \"time\" needs test_from");
  test_from_ = time->boundary(split.test_from, "tasks.split.test_from");
  validates_from_ = !split.validation_from.empty();
  validation_from_ =
      validates_from_ ? time->boundary(split.validation_from, "tasks.split.validation_from") : *test_from_;
  if (validation_from_ > *test_from_)
    throw InvalidArgument("tasks.split: validation_from lies after test_from");
  if (!by_time || split.train_from.empty()) return;
  train_from_ = time->boundary(split.train_from, "tasks.split.train_from");
  if (train_from_ > validation_from_)
    throw InvalidArgument("tasks.split: train_from lies after the meta-train period");
}

Phase PhasePeriods::phase_at(std::int32_t rank) const {
  return rank < validation_from_ ? Phase::train : rank < *test_from_ ? Phase::validation : Phase::test;
}

Period PhasePeriods::of(Phase phase) const {
  if (!limited()) return {};
  switch (phase) {
    case Phase::train:
      return {.from = 0, .until = validation_from_};
    case Phase::validation:
      return {.from = validates_from_ ? validation_from_ : 0, .until = *test_from_};
    case Phase::test:
    case Phase::held_out:
      return {.from = *test_from_};
  }
  return {};
}

}  // namespace shoal
