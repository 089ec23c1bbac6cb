// SPDX-License-Identifier: Apache-2.0
#include "finance/credit_segments.hpp"

#include <cmath>
#include <cstddef>

#include "core/float_environment.hpp"
#include "finance/exponential.hpp"

namespace shoal::finance {
namespace {

constexpr std::size_t count = applicant_features.size();
constexpr std::size_t directions = 3;  // in which the slopes of segments differ
constexpr double mean_level = -2.2;
constexpr double centre_deviation = 0.3;
constexpr double slope_scale = 0.97;
constexpr double direction_scale = 0.26;

// What a feature does in the population: its slope, its correlation with a common factor (prosperity), and
// its part in each direction.
struct FeatureLaw {
  double slope, loading;
  std::array<double, directions> direction;
};
constexpr std::array<FeatureLaw, count> laws = {{
    {-0.20, 0.3, {1, 1, 1}},     // age
    {-0.40, 0.5, {1, -1, 1}},    // income
    {0.40, -0.3, {1, 1, -1}},    // debt_to_income
    {0.55, -0.3, {1, -1, -1}},   // utilisation
    {0.35, -0.1, {-1, 1, 1}},    // inquiries
    {0.50, -0.2, {-1, -1, 1}},   // delinquencies
    {-0.30, 0.4, {-1, 1, -1}},   // tenure
    {0.25, 0.2, {-1, -1, -1}},   // amount
    {0.20, 0.0, {1, -1, 1}},     // term
    {-0.20, 0.3, {-1, 1, -1}},   // housing
    {-0.35, 0.5, {1, 1, 1}},     // savings
    {-0.20, 0.4, {-1, -1, -1}},  // employment
}};

double normal(const RandomStream& stream, std::size_t element) {
  return static_cast<double>(stream.normal(static_cast<std::uint32_t>(element)));
}

}  // namespace

// The segment's own draws: its level, its direction, its centres. Step 0; applicants are steps 1, 2, ...
CreditSegment::CreditSegment(std::uint64_t seed, Purpose purpose, std::int64_t segment,
                             const SegmentSpread& spread)
    : seed_(seed), purpose_(purpose), segment_(static_cast<std::uint64_t>(segment)) {
  const FloatEnvironment environment;
  const RandomStream stream(seed, purpose, segment_);
  level_ = mean_level + spread.level_sd * normal(stream, 0);
  for (std::size_t f = 0; f < count; ++f) {
    double difference = 0.0;
    for (std::size_t d = 0; d < directions; ++d) difference += laws[f].direction[d] * normal(stream, 1 + d);
    slopes_[f] = slope_scale * laws[f].slope + spread.tau * (direction_scale * difference);
    centres_[f] = centre_deviation * normal(stream, 1 + directions + f);
  }
}

Applicant CreditSegment::applicant(std::int64_t number) const {
  const FloatEnvironment environment;
  const RandomStream stream(seed_, purpose_, segment_, static_cast<std::uint32_t>(number + 1));
  Applicant applicant;
  const double prosperity = normal(stream, 0);
  double log_odds = level_;
  for (std::size_t f = 0; f < count; ++f) {
    const double loading = laws[f].loading;
    applicant.features[f] =
        centres_[f] + loading * prosperity + std::sqrt(1.0 - loading * loading) * normal(stream, 1 + f);
    log_odds += slopes_[f] * applicant.features[f];
  }
  applicant.true_pd = 1.0 / (1.0 + natural_exp(-log_odds));
  applicant.defaults = static_cast<double>(stream.bits(1 + count)) * 0x1p-32 < applicant.true_pd;
  applicant.month = static_cast<int>(std::uint64_t{stream.bits(2 + count)} * months >> 32);
  return applicant;
}

}  // namespace shoal::finance
