// SPDX-License-Identifier: Apache-2.0
#include <shoal/batch_source.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <shoal/error.hpp>

#include "core/epoch_batches.hpp"
#include "core/row_batches.hpp"

namespace shoal {
namespace {

constexpr std::array phases = {Phase::train, Phase::validation, Phase::test, Phase::held_out};

template <class To, class From>
BasicTaskBatch<To> in_precision(const BasicTaskBatch<From>& tasks) {
  if constexpr (std::is_same_v<To, From>)
    return tasks;
  else if constexpr (std::is_same_v<To, double>)
    return widen(tasks);
  else
    return narrow(tasks);
}

std::int64_t size_of(const AnyTaskBatch& any) {
  return std::visit([](const auto& tasks) { return tasks.size(); }, any);
}
std::span<const std::int64_t> ids_of(const AnyTaskBatch& any) {
  return std::visit([](const auto& tasks) { return tasks.ids(); }, any);
}
const TaskColumns& columns_of(const AnyTaskBatch& any) {
  return std::visit([](const auto& tasks) -> const TaskColumns& { return tasks.columns(); }, any);
}

/// The tasks of a phase, and their indices in order of id.
struct PhaseTasks {
  AnyTaskBatch tasks;
  std::vector<std::int64_t> by_id;

  /// Rows of every task, in order of id.
  std::vector<std::int64_t> rows() const {
    std::vector<std::int64_t> rows;
    rows.reserve(by_id.size());
    std::visit(
        [&](const auto& batch) {
          for (const std::int64_t place : by_id)
            rows.push_back(batch.support().rows(place) + batch.query().rows(place));
        },
        tasks);
    return rows;
  }

  explicit PhaseTasks(AnyTaskBatch given)
      : tasks(std::move(given)), by_id(static_cast<std::size_t>(size_of(tasks))) {
    std::iota(by_id.begin(), by_id.end(), std::int64_t{0});
    std::sort(by_id.begin(), by_id.end(), [ids = ids_of(tasks)](std::int64_t a, std::int64_t b) {
      return ids[static_cast<std::size_t>(a)] < ids[static_cast<std::size_t>(b)];
    });
  }
};

class BatchSource final : public TaskSource {
 public:
  /// `batches` are one per phase, or one for all phases.
  BatchSource(std::vector<AnyTaskBatch> batches, std::uint64_t seed, const BatchSourceOptions& options)
      : name_(options.name),
        repeats_(options.sampling == Sampling::rows),
        draws_(seed),
        units_(options.units) {
    naming([&] {
      for (AnyTaskBatch& batch : batches) {
        std::visit(
            [&](auto& tasks) {
              if (tasks.size() > 0) tasks = scaled_tasks(options.loss, units_, tasks);
            },
            batch);
        phases_.emplace_back(std::move(batch));
      }
      require_one_table();
      require_disjoint();
    });
    if (options.sampling == Sampling::rows)
      for (std::size_t p = 0; p < phases_.size(); ++p)
        row_draws_.emplace_back(seed, phases[p], phases_[p].rows());
    for (const PhaseTasks& phase : phases_)
      std::visit(
          [&](const auto& tasks) {
            for (const auto* set : {&tasks.support(), &tasks.query()})
              for (const std::int64_t label : set->labels)
                classes_ = std::max(classes_, static_cast<int>(label) + 1);
          },
          phase.tasks);
  }

  TaskColumns columns() const override { return columns_; }
  int classes() const override { return classes_; }
  void require_labels_below(int model_classes) const override {
    naming([&] {
      for (const PhaseTasks& phase : phases_)
        std::visit([&](const auto& tasks) { tasks.require_labels_below(model_classes); }, phase.tasks);
    });
  }
  const TargetUnits& target_units() const override { return units_; }
  std::optional<std::int64_t> size(Phase phase) const override { return size_of(of(phase).tasks); }
  std::vector<std::int64_t> ids(Phase phase) const override {
    const PhaseTasks& from = of(phase);
    std::vector<std::int64_t> ids;
    ids.reserve(from.by_id.size());
    for (const std::int64_t place : from.by_id)
      ids.push_back(ids_of(from.tasks)[static_cast<std::size_t>(place)]);
    return ids;
  }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return select<float>(phase, chosen(phase, iteration, tasks));
  }
  TaskBatch64 sample64(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return select<double>(phase, chosen(phase, iteration, tasks));
  }
  TaskBatch evaluation(Phase phase, std::int64_t) const override { return select<float>(phase, all(phase)); }
  TaskBatch64 evaluation64(Phase phase, std::int64_t) const override {
    return select<double>(phase, all(phase));
  }

 private:
  template <class Work>
  void naming(Work work) const {
    if (name_.empty()) return work();
    try {
      work();
    } catch (const DataError& error) {
      throw DataError(name_ + ": " + error.what());
    }
  }

  /// One batch is every phase: its tasks are drawn as those of meta-train, whatever the phase.
  std::size_t place_of(Phase phase) const {
    return phases_.size() == 1 ? 0 : static_cast<std::size_t>(phase);
  }
  const PhaseTasks& of(Phase phase) const { return phases_[place_of(phase)]; }

  void require_one_table() {
    bool any = false;
    for (std::size_t p = 0; p < phases_.size(); ++p) {
      if (phases_[p].by_id.empty()) continue;
      const TaskColumns& columns = columns_of(phases_[p].tasks);
      if (any && columns != columns_)
        throw DataError(std::string("tasks of phase ") + to_string(phases[p]) +
                        " have other columns than those before: " + text_of(columns) + ", not " +
                        text_of(columns_));
      columns_ = columns;
      any = true;
    }
    if (!any) throw DataError("there are no tasks in any phase");
  }

  static std::string text_of(const TaskColumns& columns) {
    return std::to_string(columns.inputs) + " inputs, " + std::to_string(columns.targets) + " targets, " +
           std::to_string(columns.offsets) + " output offsets";
  }

  void require_disjoint() const {
    std::unordered_map<std::int64_t, Phase> phase_of;
    for (std::size_t p = 0; p < phases_.size() && phases_.size() > 1; ++p)
      for (const std::int64_t id : ids_of(phases_[p].tasks))
        if (const auto [at, fresh] = phase_of.emplace(id, phases[p]); !fresh)
          throw DataError("task id " + std::to_string(id) + " is in phases " + to_string(at->second) +
                          " and " + to_string(phases[p]));
  }

  const std::vector<std::int64_t>& all(Phase phase) const {
    const std::vector<std::int64_t>& by_id = of(phase).by_id;
    if (by_id.empty()) naming([&] { throw DataError(std::string("no tasks in phase ") + to_string(phase)); });
    return by_id;
  }

  std::vector<std::int64_t> chosen(Phase phase, std::int64_t iteration, std::int64_t tasks) const {
    const std::vector<std::int64_t>& by_id = all(phase);
    std::vector<std::int64_t> tasks_chosen =
        row_draws_.empty() ? draws_.indices(phase, iteration, tasks, static_cast<std::int64_t>(by_id.size()))
                           : row_draws_[place_of(phase)].indices(iteration, tasks);
    for (std::int64_t& task : tasks_chosen) task = by_id[static_cast<std::size_t>(task)];
    return tasks_chosen;
  }

  /// When all tasks are selected in their order, nothing is copied: the result shares the memory.
  template <class Real>
  BasicTaskBatch<Real> select(Phase phase, const std::vector<std::int64_t>& indices) const {
    const PhaseTasks& from = of(phase);
    const bool whole = indices.size() == from.by_id.size() &&
                       std::is_sorted(indices.begin(), indices.end(), std::less_equal<>());  // none twice
    return std::visit(
        [&]<class Given>(const BasicTaskBatch<Given>& tasks) {
          using Repeats = typename BasicTaskBatch<Given>::Repeats;
          return in_precision<Real>(
              whole ? tasks : tasks.select(indices, repeats_ ? Repeats::allowed : Repeats::refused));
        },
        from.tasks);
  }

  std::string name_;
  bool repeats_;  ///< a batch may hold a task more than once
  EpochBatches draws_;
  std::vector<RowBatches> row_draws_;  ///< by place of the phase; none: every task of an epoch once
  TargetUnits units_;
  std::vector<PhaseTasks> phases_;  ///< one for all phases, or one per phase in order
  TaskColumns columns_;
  int classes_ = 0;
};

}  // namespace

std::unique_ptr<TaskSource> make_batch_source(PhaseBatches batches, std::uint64_t seed,
                                              const BatchSourceOptions& options) {
  std::vector<AnyTaskBatch> by_phase;
  by_phase.reserve(phases.size());
  for (AnyTaskBatch* const batch : {&batches.train, &batches.validation, &batches.test, &batches.held_out})
    by_phase.push_back(std::move(*batch));
  return std::make_unique<BatchSource>(std::move(by_phase), seed, options);
}

std::unique_ptr<TaskSource> make_batch_source(AnyTaskBatch tasks, std::uint64_t seed,
                                              const BatchSourceOptions& options) {
  return std::make_unique<BatchSource>(std::vector<AnyTaskBatch>{std::move(tasks)}, seed, options);
}

}  // namespace shoal
