// SPDX-License-Identifier: Apache-2.0
#include "quadratic_tasks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace shoal::testing {

TaskBatch random_tasks(std::uint64_t seed, std::int64_t count, std::int64_t first_id,
                       std::int64_t bad_every) {
  TaskSetStorage<float> support, query;
  std::vector<std::int64_t> ids;
  for (std::int64_t id = first_id; id < first_id + count; ++id) {
    std::mt19937_64 random(seed * 1000003u + static_cast<std::uint64_t>(id));
    std::normal_distribution<float> normal;
    const float scale = std::ldexp(1.0f, static_cast<int>(random() % 12) - 6);
    const auto add_rows = [&](TaskSetStorage<float>& set, std::int64_t rows) {
      for (std::int64_t e = 0; e < rows * inputs; ++e) set.x.push_back(scale * normal(random));
      for (std::int64_t e = 0; e < rows; ++e) set.y.push_back(scale * normal(random));
      set.row_starts.push_back(set.row_starts.back() + rows);
    };
    add_rows(support, id % 11 == 5 ? 0 : 1 + static_cast<std::int64_t>(random() % 5));
    add_rows(query, 1 + static_cast<std::int64_t>(random() % 5));
    if (bad_every > 0 && id % bad_every == 2) query.y.back() = std::numeric_limits<float>::quiet_NaN();
    ids.push_back(id);
  }
  return TaskBatch::own({inputs, 1, 0}, std::move(support), std::move(query), std::move(ids));
}

template <class Real>
BasicTaskBatch<Real> shuffled(const BasicTaskBatch<Real>& tasks, std::uint64_t seed) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(tasks.size()));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::mt19937_64 random(seed);
  std::shuffle(order.begin(), order.end(), random);
  return tasks.select(order);
}
template TaskBatch shuffled(const TaskBatch&, std::uint64_t);
template TaskBatch64 shuffled(const TaskBatch64&, std::uint64_t);

TaskBatch QuadraticSource::sample(Phase, std::int64_t iteration, std::int64_t tasks) const {
  return random_tasks(17, tasks, iteration * tasks, 7);
}

}  // namespace shoal::testing
