// SPDX-License-Identifier: Apache-2.0
// MemoryStore: a run that lives in memory: for programs that train without a folder, and go on later.
//
//   shoal::MemoryStore<float> run;
//   shoal::train(learner, *source, options, &run);  // stopped, or ended by an exception of an observer
//   shoal::train(learner, *source, options, &run, shoal::StartFrom::checkpoint);
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

  std::vector<TrainMetrics> log;           ///< of logged iterations, in order
  std::vector<Validation> validations;     ///< in order
  std::optional<Checkpoint<Real>> newest;  ///< nothing before a run has begun
};

}  // namespace shoal
