// SPDX-License-Identifier: Apache-2.0
// MemoryStore: a RunStore in memory, for programs that train without a folder and may resume later.
//
// Example:
//
//   shoal::MemoryStore<float> store;
//   shoal::train(learner, source, {.iterations = 100}, &store);
//   shoal::train(learner, source, {.iterations = 200}, &store, shoal::StartFrom::checkpoint);
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <shoal/trainer.hpp>

namespace shoal {

template <class Real>
class MemoryStore : public RunStore<Real> {
 public:
  void append(const TrainMetrics& metrics) override { log.push_back(metrics); }
  void append(const Validation& validation) override { validations.push_back(validation); }
  void save(const Checkpoint<Real>& checkpoint) override { newest = checkpoint; }
  std::optional<Checkpoint<Real>> load() override {
    const std::int64_t last = newest ? newest->iteration : 0;
    const auto later = [&](const auto& line) { return line.iteration > last; };
    std::erase_if(log, later);
    std::erase_if(validations, later);
    return newest;
  }
  void thin(std::int64_t log_every, std::int64_t last) override {
    std::erase_if(log,
                  [&](const TrainMetrics& m) { return m.iteration % log_every != 0 && m.iteration != last; });
  }

  std::vector<TrainMetrics> log;           ///< metrics of the logged iterations, in order
  std::vector<Validation> validations;     ///< in order
  std::optional<Checkpoint<Real>> newest;  ///< empty before the first training
};

}  // namespace shoal
