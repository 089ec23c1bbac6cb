// SPDX-License-Identifier: Apache-2.0
// Loan applicants of segments (docs/definitions.md, credit-segments). Every number is a function of seed,
// purpose, segment and applicant alone.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <shoal/task_source.hpp>

#include "core/random.hpp"

namespace shoal::finance {

/// In deviations of the population.
inline constexpr std::array<std::string_view, 12> applicant_features = {
    "age",    "income", "debt_to_income", "utilisation", "inquiries", "delinquencies",
    "tenure", "amount", "term",           "housing",     "savings",   "employment"};

struct Applicant {
  std::array<double, applicant_features.size()> features;
  double true_pd;  ///< probability of a default
  bool defaults;
  int month;  ///< of the application, from 0 to months - 1
};
inline constexpr int months = 24;

/// One segment, ready to give its applicants.
class CreditSegment {
 public:
  CreditSegment(std::uint64_t seed, Purpose purpose, std::int64_t segment, const SegmentSpread& spread);
  Applicant applicant(std::int64_t number) const;

 private:
  std::uint64_t seed_;
  Purpose purpose_;
  std::uint64_t segment_;
  double level_;                                           ///< of the log-odds
  std::array<double, applicant_features.size()> slopes_;   ///< of the log-odds
  std::array<double, applicant_features.size()> centres_;  ///< of the features
};

}  // namespace shoal::finance
