// SPDX-License-Identifier: Apache-2.0
// A task file as a finite source: every task in every phase.
#include <algorithm>
#include <numeric>
#include <type_traits>

#include <shoal/error.hpp>
#include <shoal/task_file.hpp>

#include "core/batch_checks.hpp"
#include "core/epoch_batches.hpp"

namespace shoal {
namespace {

template <class To, class From>
BasicTaskBatch<To> in_precision(const BasicTaskBatch<From>& tasks) {
  if constexpr (std::is_same_v<To, From>)
    return tasks;
  else if constexpr (std::is_same_v<To, double>)
    return widen(tasks);
  else
    return narrow(tasks);
}

class FileSource final : public TaskSource {
 public:
  FileSource(std::string file, std::variant<TaskBatch, TaskBatch64> tasks, std::uint64_t seed,
             const FileTargets& targets)
      : file_(std::move(file)), tasks_(std::move(tasks)), batches_(seed), units_(targets.units) {
    std::visit(
        [&](auto& batch) {
          naming_file([&] {
            const TargetDomain domain = targets.loss.domain();
            if (targets.needed != TargetsNeeded::nowhere)
              check_targets(batch, "support", domain, NonFinite::refused);
            if (targets.needed == TargetsNeeded::everywhere)
              check_targets(batch, "query", domain, NonFinite::refused);
            batch = scaled_tasks(targets.loss, units_, batch);
          });
          index(batch);
        },
        tasks_);
  }

  TaskColumns columns() const override { return columns_; }
  int classes() const override { return classes_; }
  void require_labels_below(int model_classes) const override {
    naming_file(
        [&] { std::visit([&](const auto& batch) { batch.require_labels_below(model_classes); }, tasks_); });
  }
  const TargetUnits& target_units() const override { return units_; }
  std::optional<std::int64_t> size(Phase) const override { return static_cast<std::int64_t>(by_id_.size()); }
  std::vector<std::int64_t> ids(Phase) const override {
    std::vector<std::int64_t> ids;
    std::visit(
        [&](const auto& tasks) {
          for (const std::int64_t place : by_id_) ids.push_back(tasks.ids()[static_cast<std::size_t>(place)]);
        },
        tasks_);
    return ids;
  }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return select<float>(chosen(phase, iteration, tasks));
  }
  TaskBatch64 sample64(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return select<double>(chosen(phase, iteration, tasks));
  }
  TaskBatch evaluation(Phase, std::int64_t) const override { return select<float>(by_id_); }
  TaskBatch64 evaluation64(Phase, std::int64_t) const override { return select<double>(by_id_); }

 private:
  template <class Work>
  void naming_file(Work work) const {
    try {
      work();
    } catch (const DataError& error) {
      throw DataError(file_ + ": " + error.what());
    }
  }

  template <class Real>
  void index(const BasicTaskBatch<Real>& tasks) {
    columns_ = tasks.columns();
    for (const auto* set : {&tasks.support(), &tasks.query()})
      for (const std::int64_t label : set->labels) classes_ = std::max(classes_, static_cast<int>(label) + 1);
    by_id_.resize(static_cast<std::size_t>(tasks.size()));
    std::iota(by_id_.begin(), by_id_.end(), std::int64_t{0});
    std::sort(by_id_.begin(), by_id_.end(), [&](std::int64_t a, std::int64_t b) {
      return tasks.ids()[static_cast<std::size_t>(a)] < tasks.ids()[static_cast<std::size_t>(b)];
    });
  }

  std::vector<std::int64_t> chosen(Phase phase, std::int64_t iteration, std::int64_t tasks) const {
    std::vector<std::int64_t> places =
        batches_.places(phase, iteration, tasks, static_cast<std::int64_t>(by_id_.size()));
    for (std::int64_t& task : places) task = by_id_[static_cast<std::size_t>(task)];
    return places;
  }

  /// All tasks as they stand are not copied: batches share their memory.
  template <class Real>
  BasicTaskBatch<Real> select(const std::vector<std::int64_t>& places) const {
    const bool whole = places.size() == by_id_.size() && std::is_sorted(places.begin(), places.end());
    return std::visit(
        [&](const auto& tasks) { return in_precision<Real>(whole ? tasks : tasks.select(places)); }, tasks_);
  }

  std::string file_;
  std::variant<TaskBatch, TaskBatch64> tasks_;
  EpochBatches batches_;
  TargetUnits units_;
  TaskColumns columns_;
  int classes_ = 0;
  std::vector<std::int64_t> by_id_;
};

}  // namespace

std::unique_ptr<TaskSource> make_file_source(const std::filesystem::path& file, std::uint64_t seed,
                                             const FileTargets& targets) {
  return make_file_source(file, read_tasks(file), seed, targets);
}

std::unique_ptr<TaskSource> make_file_source(const std::filesystem::path& file,
                                             std::variant<TaskBatch, TaskBatch64> tasks, std::uint64_t seed,
                                             const FileTargets& targets) {
  return std::make_unique<FileSource>(file.string(), std::move(tasks), seed, targets);
}

}  // namespace shoal
