// SPDX-License-Identifier: Apache-2.0
// PhasePeriods: the times that the split of a table gives to every phase.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include <shoal/table_source.hpp>

#include "data/timeline.hpp"

namespace shoal {

/// Ranks of times: queries lie from `from` on, and no row of a task lies at `until` or later.
struct Period {
  std::int32_t from = 0, until = std::numeric_limits<std::int32_t>::max();
};

class PhasePeriods {
 public:
  /// `time`: null when no column orders the rows. Throws InvalidArgument when the split needs times that are
  /// not there, or its boundaries are no times or in the wrong order.
  PhasePeriods(const SplitOptions& split, const Timeline* time);

  /// Whether times limit what is looked at.
  bool limited() const { return test_from_.has_value(); }
  /// by = "time": the phase of a query row with this rank.
  Phase phase_at(std::int32_t rank) const;
  /// by = "time": the first rank that a row of a meta-train task may have.
  std::int32_t train_from() const { return train_from_; }
  /// The first rank of the test period, where times limit what is looked at.
  std::int32_t test_from() const { return *test_from_; }
  /// What a key that is in this phase whatever the time is looked at.
  Period of(Phase phase) const;

 private:
  std::optional<std::int32_t> test_from_;
  std::int32_t validation_from_ = 0, train_from_ = 0;
  bool validates_from_ = false;  ///< validation_from is given
};

}  // namespace shoal
