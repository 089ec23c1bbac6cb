// SPDX-License-Identifier: Apache-2.0
// Writes a file of predictions task by task: what is held in memory at a time are the adapted models of a few
// tasks and the lines of a key that has not ended.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <shoal/meta_learner.hpp>
#include <shoal/tensor_file.hpp>

#include "cli/prediction_table.hpp"

namespace shoal::cli {

/// Adapted models of a batch after so many steps.
template <class Real>
using Adapt = std::function<FastWeights<Real>(const BasicTaskBatch<Real>& tasks, int steps)>;

/// Writes the predictions for the query rows of `tasks` after each of `steps`, in order of key, time, row,
/// task and steps. Throws ResourceError when the file cannot be written.
template <class Real>
void write_predictions(const std::filesystem::path& file, PredictionTable& table,
                       const BasicMetaLearner<Real>& learner, const BasicTaskBatch<Real>& tasks,
                       std::span<const int> steps, const Adapt<Real>& adapt) {
  struct Line {
    std::size_t place;  // of the task's key in the file
    std::pair<std::int32_t, std::int64_t> time_and_row;
    std::size_t task;  // windows may share a row
    std::size_t step;
    std::int64_t query;
    std::shared_ptr<const std::vector<Real>> outputs;  // of its batch, [rows, width]
    std::size_t row;                                   // in the batch
    auto order() const { return std::tie(place, time_and_row, task, step); }
  };
  const auto count = static_cast<std::size_t>(tasks.size());
  const auto width = static_cast<std::size_t>(learner.options().model.outputs);
  const std::vector<std::size_t> place = table.places(tasks.ids());
  std::vector<std::pair<std::int32_t, std::int64_t>> start(count);  // of the query
  for (std::size_t t = 0; t < count; ++t)
    if (tasks.query().rows(static_cast<std::int64_t>(t)) > 0)
      start[t] = table.time_and_row(tasks.ids()[t], 0);
  std::vector<std::int64_t> order(count);
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    return std::tie(place[i], start[i], tasks.ids()[i]) < std::tie(place[j], start[j], tasks.ids()[j]);
  });
  // So many tasks at a time that their adapted models take about 64 MiB, and about 65,536 rows.
  const std::size_t weights = learner.layout().size() * sizeof(Real);
  const std::size_t most_tasks = std::max<std::size_t>(16, (std::size_t{64} << 20) / weights);
  const auto chunk_end = [&](std::size_t first) {
    std::int64_t rows = 0;
    std::size_t end = first;
    while (end < count && end - first < most_tasks && rows < 65536) rows += tasks.query().rows(order[end++]);
    return end;
  };

  write_file(file, [&](const PutText& put) {
    std::string text = table.header();
    std::vector<Line> waiting;
    for (std::size_t first = 0, end = 0; first < count; first = end) {
      end = chunk_end(first);
      const BasicTaskBatch<Real> batch = tasks.select(std::span(order).subspan(first, end - first));
      for (std::size_t s = 0; s < steps.size(); ++s) {
        auto predicted = learner.predict(adapt(batch, steps[s]), batch.query(), batch.columns());
        table.to_user_units(std::span(predicted));
        const auto outputs = std::make_shared<const std::vector<Real>>(std::move(predicted));
        for (std::size_t t = first; t < end; ++t) {
          const auto task = static_cast<std::size_t>(order[t]);
          const std::int64_t begin = batch.query().offsets[t - first];
          for (std::int64_t r = 0; r < batch.query().rows(static_cast<std::int64_t>(t - first)); ++r)
            waiting.push_back({place[task], table.time_and_row(tasks.ids()[task], r), t, s, r, outputs,
                               static_cast<std::size_t>(begin + r)});
        }
      }
      // Tasks come in order of their keys: while one goes on, none of the lines is settled.
      if (end < count && !waiting.empty() &&
          waiting.front().place == place[static_cast<std::size_t>(order[end])])
        continue;
      std::sort(waiting.begin(), waiting.end(),
                [](const Line& a, const Line& b) { return a.order() < b.order(); });
      const auto settled = end == count
                               ? waiting.end()
                               : std::partition_point(waiting.begin(), waiting.end(), [&](const Line& line) {
                                   return line.place < place[static_cast<std::size_t>(order[end])];
                                 });
      for (auto line = waiting.begin(); line != settled; ++line) {
        text +=
            table.line<Real>(tasks.ids()[static_cast<std::size_t>(order[line->task])], line->query,
                             steps[line->step], std::span(*line->outputs).subspan(line->row * width, width));
        if (text.size() < (std::size_t{1} << 20)) continue;
        put(text);
        text.clear();
      }
      waiting.erase(waiting.begin(), settled);
    }
    put(text);
  });
}

}  // namespace shoal::cli
