// SPDX-License-Identifier: Apache-2.0
// Writes a file of predictions task by task: what is held in memory at a time are the adapted models of a few
// tasks and the lines that may still be overtaken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <numeric>
#include <span>
#include <string>
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
    std::int64_t place;  // in the order of the file
    std::size_t task;    // windows may share a row
    std::size_t step;
    std::int64_t query;
    std::shared_ptr<const std::vector<Real>> outputs;  // of its batch, [rows, width]
    std::size_t row;
  };
  const auto count = static_cast<std::size_t>(tasks.size());
  const auto width = static_cast<std::size_t>(learner.options().model.outputs);
  std::vector<std::int64_t> order(count), place(count);
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::size_t t = 0; t < count; ++t) place[t] = table.place_of(tasks.ids()[t]);
  std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    return place[i] != place[j] ? place[i] < place[j] : tasks.ids()[i] < tasks.ids()[j];
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
        const auto outputs = std::make_shared<const std::vector<Real>>(
            learner.predict(adapt(batch, steps[s]), batch.query(), batch.columns()));
        for (std::size_t t = first; t < end; ++t) {
          const std::int64_t rows = batch.query().rows(static_cast<std::int64_t>(t - first));
          const std::int64_t begin = batch.query().offsets[t - first];
          for (std::int64_t r = 0; r < rows; ++r)
            waiting.push_back({place[static_cast<std::size_t>(order[t])] + r, t, s, r, outputs,
                               static_cast<std::size_t>(begin + r)});
        }
      }
      std::sort(waiting.begin(), waiting.end(), [](const Line& a, const Line& b) {
        return a.place != b.place ? a.place < b.place : a.task != b.task ? a.task < b.task : a.step < b.step;
      });
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
