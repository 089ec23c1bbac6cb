// SPDX-License-Identifier: Apache-2.0
#include "core/row_batches.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include <shoal/error.hpp>

#include "core/float_environment.hpp"
#include "core/random.hpp"

namespace shoal {

RowBatches::RowBatches(std::uint64_t seed, Phase phase, const std::vector<std::int64_t>& rows)
    : seed_(seed), phase_(phase), ends_(rows.size()) {
  std::partial_sum(rows.begin(), rows.end(), ends_.begin());
}

std::vector<std::int64_t> RowBatches::indices(std::int64_t iteration, std::int64_t tasks) const {
  const FloatEnvironment environment;
  if (ends_.empty()) throw DataError(std::string("no tasks in phase ") + to_string(phase_));
  if (tasks < 1) throw InvalidArgument("a meta-batch needs at least one task");
  const RandomStream stream(seed_, Purpose::row_batches, static_cast<std::uint64_t>(iteration),
                            static_cast<std::uint32_t>(phase_));
  const auto rows = static_cast<double>(ends_.back());
  std::vector<std::int64_t> places;
  places.reserve(static_cast<std::size_t>(tasks));
  for (std::int64_t part = 0; part < tasks; ++part) {
    const double within = static_cast<double>(stream.bits(static_cast<std::uint32_t>(part))) * 0x1p-32;
    const double point = (static_cast<double>(part) + within) / static_cast<double>(tasks) * rows;
    const auto row = std::min(static_cast<std::int64_t>(point), ends_.back() - 1);  // a point may round up
    places.push_back(std::upper_bound(ends_.begin(), ends_.end(), row) - ends_.begin());
  }
  return places;
}

}  // namespace shoal
