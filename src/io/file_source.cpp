// SPDX-License-Identifier: Apache-2.0
// A task file as a finite source: every task in every phase.
#include <algorithm>
#include <numeric>

#include <shoal/task_file.hpp>

#include "core/finite_sampling.hpp"

namespace shoal {
namespace {

class FileSource final : public TaskSource {
 public:
  FileSource(TaskBatch64 tasks, std::uint64_t seed) : wide_(std::move(tasks)), seed_(seed) {
    const auto labels = [&](const TaskSet<double>& set) {
      for (const std::int64_t label : set.labels) classes_ = std::max(classes_, static_cast<int>(label) + 1);
    };
    labels(wide_.support());
    labels(wide_.query());
    by_id_.resize(static_cast<std::size_t>(wide_.size()));
    std::iota(by_id_.begin(), by_id_.end(), std::int64_t{0});
    std::sort(by_id_.begin(), by_id_.end(), [&](std::int64_t a, std::int64_t b) {
      return wide_.ids()[static_cast<std::size_t>(a)] < wide_.ids()[static_cast<std::size_t>(b)];
    });
  }

  TaskColumns columns() const override { return wide_.columns(); }
  int classes() const override { return classes_; }
  std::optional<std::int64_t> size(Phase) const override { return wide_.size(); }
  TaskBatch64 sample64(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    std::vector<std::int64_t> chosen = finite_batch(seed_, phase, iteration, tasks, wide_.size());
    for (std::int64_t& task : chosen) task = by_id_[static_cast<std::size_t>(task)];
    return wide_.select(chosen);
  }
  TaskBatch64 evaluation64(Phase, std::int64_t) const override { return wide_.select(by_id_); }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return narrow(sample64(phase, iteration, tasks));
  }
  TaskBatch evaluation(Phase phase, std::int64_t tasks) const override {
    return narrow(evaluation64(phase, tasks));
  }

 private:
  TaskBatch64 wide_;
  std::uint64_t seed_;
  int classes_ = 0;
  std::vector<std::int64_t> by_id_;
};

}  // namespace

std::unique_ptr<TaskSource> make_file_source(const std::filesystem::path& file, std::uint64_t seed) {
  return std::make_unique<FileSource>(read_task_file(file), seed);
}

}  // namespace shoal
