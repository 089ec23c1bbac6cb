// SPDX-License-Identifier: Apache-2.0
// Predicts task by task, and emits the rows in the order of a prediction file. Memory holds the adapted
// models of a few tasks at a time, and the rows of keys that may still get more rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <shoal/meta_learner.hpp>

#include "run/prediction_table.hpp"

namespace shoal {

/// Returns the adapted models of a batch after a number of steps.
template <class Real>
using Adapt = std::function<FastWeights<Real>(const BasicTaskBatch<Real>& tasks, int steps)>;

/// Everything that predictions are computed from.
template <class Real>
struct Predictor {
  PredictionTable& table;
  const BasicMetaLearner<Real>& learner;
  const BasicTaskBatch<Real>& tasks;
  std::span<const int> steps;  ///< numbers of adaptation steps
  Adapt<Real> adapt;

  std::size_t width() const { return static_cast<std::size_t>(learner.options().model.outputs); }
};

/// A predicted row that waits until all rows before it have been emitted.
template <class Real>
struct WaitingRow {
  std::size_t rank;  // rank of the task's key
  std::pair<std::int32_t, std::int64_t> time_and_row;
  std::size_t task;  // position in order_of_tasks; windows may share a row
  std::size_t step;
  std::int64_t query;
  std::shared_ptr<const std::vector<Real>> outputs;  // [rows, width], shared by the rows of a batch
  std::size_t row;                                   // index of the row in `outputs`
  auto order() const { return std::tie(rank, time_and_row, task, step); }
};

/// Indices of the tasks, ordered by key, time of the first query row, and id.
template <class Real>
std::vector<std::int64_t> order_of_tasks(const Predictor<Real>& from, const std::vector<std::size_t>& rank) {
  const auto ids = from.tasks.ids();
  // time and row of the first query row
  std::vector<std::pair<std::int32_t, std::int64_t>> start(ids.size());
  for (std::size_t t = 0; t < ids.size(); ++t)
    if (from.tasks.query().rows(static_cast<std::int64_t>(t)) > 0)
      start[t] = from.table.time_and_row(ids[t], 0);
  std::vector<std::int64_t> order(ids.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    return std::tie(rank[i], start[i], ids[i]) < std::tie(rank[j], start[j], ids[j]);
  });
  return order;
}

/// Predicts the query rows of the tasks order[first .. end) and appends them to `waiting`.
template <class Real>
void predict_some(const Predictor<Real>& from, std::span<const std::int64_t> order,
                  const std::vector<std::size_t>& rank, std::size_t first, std::size_t end,
                  std::vector<WaitingRow<Real>>& waiting) {
  const BasicTaskBatch<Real> batch = from.tasks.select(order.subspan(first, end - first));
  for (std::size_t s = 0; s < from.steps.size(); ++s) {
    auto predicted = from.learner.predict(from.adapt(batch, from.steps[s]), batch.query(), batch.columns());
    from.table.to_user_units(std::span(predicted));
    const auto outputs = std::make_shared<const std::vector<Real>>(std::move(predicted));
    for (std::size_t t = first; t < end; ++t) {
      const auto task = static_cast<std::size_t>(order[t]);
      const std::int64_t begin = batch.query().row_starts[t - first];
      for (std::int64_t r = 0; r < batch.query().rows(static_cast<std::int64_t>(t - first)); ++r)
        waiting.push_back({rank[task], from.table.time_and_row(from.tasks.ids()[task], r), t, s, r, outputs,
                           static_cast<std::size_t>(begin + r)});
    }
  }
}

/// Predicts the query rows of all tasks after each of the steps, and calls `take` for every row, in order of
/// key, time, row, task and steps.
template <class Real, class Take>
void predict_in_order(const Predictor<Real>& from, Take take) {
  const auto ids = from.tasks.ids();
  const std::size_t count = ids.size(), width = from.width();
  const std::vector<std::size_t> rank = from.table.ranks(ids);
  const std::vector<std::int64_t> order = order_of_tasks(from, rank);
  // A chunk has so many tasks that their adapted models take about 64 MiB, and about 65,536 rows.
  const std::size_t weights = from.learner.layout().size() * sizeof(Real);
  const std::size_t most_tasks = std::max<std::size_t>(16, (std::size_t{64} << 20) / weights);
  const auto chunk_end = [&](std::size_t first) {
    std::int64_t rows = 0;
    std::size_t end = first;
    while (end < count && end - first < most_tasks && rows < 65536)
      rows += from.tasks.query().rows(order[end++]);
    return end;
  };
  std::vector<Real> responses(from.table.columns().responses.size());
  std::vector<WaitingRow<Real>> waiting;
  for (std::size_t first = 0, end = 0; first < count; first = end) {
    end = chunk_end(first);
    predict_some(from, std::span(order), rank, first, end, waiting);
    // Tasks come in order of key. While tasks of the same key follow, one of their rows may come before a
    // waiting row.
    if (end < count && !waiting.empty() && waiting.front().rank == rank[static_cast<std::size_t>(order[end])])
      continue;
    std::sort(waiting.begin(), waiting.end(),
              [](const auto& a, const auto& b) { return a.order() < b.order(); });
    const auto ready = end == count
                           ? waiting.end()
                           : std::partition_point(waiting.begin(), waiting.end(), [&](const auto& row) {
                               return row.rank < rank[static_cast<std::size_t>(order[end])];
                             });
    for (auto row = waiting.begin(); row != ready; ++row)
      take(from.table.template row<Real>(
          ids[static_cast<std::size_t>(order[row->task])], row->query, from.steps[row->step],
          std::span<const Real>(*row->outputs).subspan(row->row * width, width), std::span<Real>(responses)));
    waiting.erase(waiting.begin(), ready);
  }
}

}  // namespace shoal
