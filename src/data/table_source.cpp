// SPDX-License-Identifier: Apache-2.0
// A table as a finite source of tasks. Columns are stored once, in double; a batch copies its rows from them.
#include "data/table_source.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/no_tasks_error.hpp>

#include "core/epoch_batches.hpp"
#include "core/float_environment.hpp"
#include "core/row_batches.hpp"
#include "data/feature_map.hpp"
#include "data/table_options.hpp"
#include "data/target_columns.hpp"
#include "data/task_rows.hpp"
#include "data/timeline.hpp"

namespace shoal {
namespace {

constexpr std::array phases_of_tables = {Phase::train, Phase::validation, Phase::test, Phase::held_out};

std::vector<ColumnRequest> requests(const TableOptions& o, const TargetType& target,
                                    const Preprocessing* known, bool with_targets) {
  const std::unordered_set<std::string_view> categorical(o.categorical.begin(), o.categorical.end());
  const auto is_category = [&](const std::string& name) {
    return known ? known->categories.contains(name) : categorical.contains(name);
  };
  std::vector<ColumnRequest> wanted;
  if (with_targets) wanted = TargetColumns::requests(o, target, known);
  if (!o.offset.empty()) wanted.push_back(request_for(o.offset, ColumnType::number, "tasks.offset"));
  for (const std::string& name : o.features)
    wanted.push_back({name,
                      is_category(name) ? ColumnType::text
                      : known           ? ColumnType::number
                                        : ColumnType::detect,
                      static_cast<std::size_t>(o.max_categories), "tasks.features"});
  // keys are compared as text: "007" is not "7"
  for (const std::string& name : o.key) wanted.push_back(request_for(name, ColumnType::key, "tasks.key"));
  if (!o.time.empty()) wanted.push_back(request_for(o.time, ColumnType::text, "tasks.time"));
  return wanted;
}

/// Ranks the values of a text column by the order of their bytes.
class RankedColumn {
 public:
  explicit RankedColumn(const Column& column) : column_(column), rank_(column.levels.size()) {
    std::vector<std::size_t> order(rank_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return column.levels[a] < column.levels[b]; });
    for (std::size_t i = 0; i < order.size(); ++i) rank_[order[i]] = static_cast<std::int32_t>(i);
  }
  /// A missing value is an empty text: before all others.
  std::int32_t rank(std::size_t row) const {
    return column_.is_missing(row) ? -1 : rank_[static_cast<std::size_t>(column_.codes[row])];
  }

 private:
  const Column& column_;
  std::vector<std::int32_t> rank_;  // rank of each level
};

class Table final : public TableSource {
 public:
  /// `known` is the preprocessing of a trained model; when it is null, it is fitted here.
  Table(std::unique_ptr<ColumnReader> reader, const TableOptions& options, const TargetType& target,
        TargetsNeeded needed, Phases phases, const Preprocessing* known, std::uint64_t seed,
        Sampling sampling)
      : options_(options),
        has_labels_(target.labels),
        needed_(needed),
        batches_(seed),
        has_targets_(needed != TargetsNeeded::nowhere || targets_present(*reader, options)),
        table_(std::move(reader), options.format, requests(options, target, known, has_targets_)),
        targets_(table_, options_, target, known, has_targets_),
        rows_(make_task_rows(table_, options_, row_flags(phases), needed, phases, seed)) {
    for (std::size_t t = 0; t < rows_.tasks.size(); ++t)
      of_phase_[static_cast<std::size_t>(rows_.tasks[t].phase)].push_back(t);
    if (sampling == Sampling::rows)
      for (const Phase phase : phases_of_tables) row_batches_.emplace_back(seed, phase, rows_of_tasks(phase));
    if (known) {
      preprocessing_ = *known;
    } else {
      const std::vector<bool> fit_rows = rows_of_phase(Phase::train);
      preprocessing_ = fit_preprocessing(table_, options_, fit_rows);
      targets_.fit(preprocessing_, fit_rows);
    }
    features_.emplace(table_, preprocessing_);
    require_single_precision();
    rows_.left_out.unknown_categories = features_->unknown_categories();
    targets_.apply(preprocessing_);
    targets_.require(rows_whose_targets_count());
  }

  TaskColumns columns() const override {
    return {features_->inputs(), has_labels_ ? 0 : static_cast<int>(options_.targets.size()),
            options_.offset.empty() ? 0 : 1};
  }
  int classes() const override { return has_labels_ ? static_cast<int>(preprocessing_.labels.size()) : 0; }
  const TargetUnits& target_units() const override { return preprocessing_.target_units; }
  std::optional<std::int64_t> size(Phase phase) const override {
    return static_cast<std::int64_t>(tasks_in(phase).size());
  }
  const Preprocessing& preprocessing() const override { return preprocessing_; }
  std::vector<std::int64_t> ids(Phase phase) const override {
    std::vector<std::int64_t> ids;
    for (const std::size_t t : tasks_in(phase)) ids.push_back(rows_.tasks[t].id);
    return ids;
  }
  std::string key_of(std::int64_t id) const override { return task_of(id).key; }
  std::vector<std::string> key_values(std::int64_t id) const override {
    const std::size_t row = first_row(id);
    std::vector<std::string> values;
    for (const std::string& name : options_.key) {
      const Column& column = table_.key_column(name);
      values.push_back(column.is_missing(row) ? "" : value_text(column, row));
    }
    return values;
  }
  std::span<const std::int32_t> query_rows(std::int64_t id) const override {
    const TableTask& task = task_of(id);
    return std::span(rows_.order).subspan(task.query_begin, task.query_end - task.query_begin);
  }
  std::span<const std::int32_t> support_rows(std::int64_t id) const override {
    const TableTask& task = task_of(id);
    return std::span(rows_.order).subspan(task.support_begin, task.support_end - task.support_begin);
  }
  std::vector<std::size_t> key_ranks(std::span<const std::int64_t> task_ids) const override {
    std::vector<RankedColumn> columns;
    for (const std::string& name : options_.key) columns.emplace_back(table_.key_column(name));
    std::vector<std::size_t> row, order(task_ids.size()), places(task_ids.size());
    for (const std::int64_t id : task_ids) row.push_back(first_row(id));
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto before = [&](std::size_t a, std::size_t b) {
      for (const RankedColumn& column : columns)
        if (const auto x = column.rank(row[a]), y = column.rank(row[b]); x != y) return x < y;
      return false;
    };
    std::sort(order.begin(), order.end(), before);
    for (std::size_t i = 1; i < order.size(); ++i)
      places[order[i]] = places[order[i - 1]] + (before(order[i - 1], order[i]) ? 1 : 0);
    return places;
  }
  std::int32_t time_rank(std::int64_t row) const override {
    return rows_.time_rank.empty() ? 0 : rows_.time_rank[static_cast<std::size_t>(row)];
  }
  CellTexts target_texts(std::size_t target) const override {
    if (!has_targets_) {
      CellTexts none;
      for (std::size_t row = 0; row < table_.rows(); ++row) none.add("");
      return none;
    }
    return table_.texts_of(*targets_.columns().at(target));
  }
  std::string time_of(std::int64_t row) const override {
    if (options_.time.empty()) return "";
    const Column& time = table_.text_column(options_.time);
    const auto at = static_cast<std::size_t>(row);
    return time.is_missing(at) ? "" : value_text(time, at);
  }
  const LeftOut& left_out() const override { return rows_.left_out; }
  const std::vector<std::string>& notes() const override { return table_.notes(); }

  TaskBatch64 sample64(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return gather<double>(chosen(phase, iteration, tasks));
  }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return gather<float>(chosen(phase, iteration, tasks));
  }
  TaskBatch64 evaluation64(Phase phase, std::int64_t) const override { return gather<double>(all_of(phase)); }
  TaskBatch evaluation(Phase phase, std::int64_t) const override { return gather<float>(all_of(phase)); }

 private:
  static bool targets_present(const ColumnReader& reader, const TableOptions& options) {
    std::vector<std::string> others = options.key;
    others.insert(others.end(), options.features.begin(), options.features.end());
    for (const std::string& name : {options.offset, options.time})
      if (!name.empty()) others.push_back(name);
    return reader.has_columns(others, options.targets);
  }

  const TableTask& task_of(std::int64_t id) const {
    if (const TableTask* task = rows_.find(id)) return *task;
    throw InvalidArgument("there is no task with id " + std::to_string(id));
  }

  /// The first row of a task. Its support or its query may be empty, but not both.
  std::size_t first_row(std::int64_t id) const {
    const TableTask& task = task_of(id);
    const bool adapts = task.support_begin < task.support_end;
    return static_cast<std::size_t>(rows_.order[adapts ? task.support_begin : task.query_begin]);
  }

  const std::vector<std::size_t>& tasks_in(Phase phase) const {
    return of_phase_[static_cast<std::size_t>(phase)];
  }

  const std::vector<std::size_t>& all_of(Phase phase) const {
    if (tasks_in(phase).empty()) {
      std::string counts;
      for (const Phase other : phases_of_tables)
        if (other != Phase::held_out || !options_.hold_out.empty())
          counts += (counts.empty() ? "" : ", ") + std::string(to_string(other)) + " " +
                    std::to_string(tasks_in(other).size());
      throw NoTasksError(table_.name(), phase, counts);
    }
    return tasks_in(phase);
  }

  std::vector<std::size_t> chosen(Phase phase, std::int64_t iteration, std::int64_t tasks) const {
    const auto& all = all_of(phase);
    const std::vector<std::int64_t> places =
        row_batches_.empty()
            ? batches_.indices(phase, iteration, tasks, static_cast<std::int64_t>(all.size()))
            : row_batches_[static_cast<std::size_t>(phase)].indices(iteration, tasks);
    std::vector<std::size_t> result;
    result.reserve(places.size());
    for (const std::int64_t place : places) result.push_back(all[static_cast<std::size_t>(place)]);
    return result;
  }

  /// Rows of the tasks of a phase, in order of id.
  std::vector<std::int64_t> rows_of_tasks(Phase phase) const {
    std::vector<std::int64_t> rows;
    for (const std::size_t t : tasks_in(phase)) {
      const TableTask& task = rows_.tasks[t];
      rows.push_back(static_cast<std::int64_t>((task.support_end - task.support_begin) +
                                               (task.query_end - task.query_begin)));
    }
    return rows;
  }

  /// Decides which rows take part, by the policy for missing values, and which have their targets. Targets
  /// and offsets are never filled.
  RowFlags row_flags(Phases phases) const {
    RowFlags flags{std::vector<bool>(table_.rows(), true), std::vector<bool>(table_.rows(), true), {}};
    const auto check = [&](const Column& column, bool may_fill) {
      for (std::size_t row = 0; row < table_.rows(); ++row) {
        if (!column.is_missing(row)) continue;
        if (options_.missing == MissingPolicy::drop)
          flags.usable[row] = false;
        else if (options_.missing == MissingPolicy::error || !may_fill)
          throw DataError(
              table_.location(row) + ": column \"" + column.name + "\": the value is missing" +
              (options_.missing == MissingPolicy::mean ? " (only features are filled with the mean)" : "") +
              "; tasks.missing = \"drop\" leaves such rows out");
      }
    };
    for (const std::string& name : options_.features) check(table_.column(name), true);
    if (!options_.offset.empty()) check(table_.column(options_.offset), false);
    for (const Column* column : targets_.columns()) {
      if (needed_ == TargetsNeeded::everywhere) {
        check(*column, false);
        continue;
      }
      for (std::size_t row = 0; row < table_.rows(); ++row)
        if (column->is_missing(row)) flags.labelled[row] = false;
    }
    // Without target columns there are no support rows, unless windows say which rows they are.
    if (!has_targets_ && (options_.windows.query == 0 || phases == Phases::latest))
      flags.labelled.assign(table_.rows(), false);
    if (options_.stratify && has_targets_) flags.class_of = classes_of(flags);
    return flags;
  }

  /// Throws DataError for a scaled feature or an offset that overflows in single precision.
  void require_single_precision() const {
    constexpr double largest = std::numeric_limits<float>::max();
    const auto refuse = [&](std::int32_t row, const std::string& name) {
      const auto at = static_cast<std::size_t>(row);
      throw DataError(table_.location(at) + ": column \"" + name +
                      "\": " + value_text(table_.column(name), at) +
                      " is beyond the range of single precision; write the column in another unit");
    };
    for (std::size_t i = 0; i < preprocessing_.inputs.size(); ++i) {
      if (preprocessing_.kinds[i] != InputKind::number) continue;
      for (const std::int32_t row : rows_.order)
        if (std::abs(features_->value(static_cast<std::size_t>(row), i)) > largest)
          refuse(row, preprocessing_.inputs[i]);
    }
    if (options_.offset.empty()) return;
    const Column& offset = table_.column(options_.offset);
    for (const std::int32_t row : rows_.order)
      if (std::abs(offset.numbers[static_cast<std::size_t>(row)]) > largest) refuse(row, options_.offset);
  }

  /// The class of every row that has its target: its label, its word, or 0 or 1.
  std::vector<std::int32_t> classes_of(const RowFlags& flags) const {
    const Column& column = *targets_.columns()[0];
    if (!column.numeric) return column.codes;
    std::vector<std::int32_t> classes(table_.rows(), -1);
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      if (!flags.usable[row] || !flags.labelled[row]) continue;
      const double value = column.numbers[row];
      if (value != 0.0 && value != 1.0)
        throw DataError(table_.location(row) + ": column \"" + column.name +
                        "\": " + value_text(column, row) +
                        " is not a class; tasks.stratify needs targets that are 0 or 1, or class labels");
      classes[row] = value == 1.0 ? 1 : 0;
    }
    return classes;
  }

  std::vector<bool> rows_of_phase(Phase phase) const {
    std::vector<bool> rows(table_.rows(), false);
    for (const std::size_t t : all_of(phase)) {
      mark(rows, rows_.tasks[t].support_begin, rows_.tasks[t].support_end);
      mark(rows, rows_.tasks[t].query_begin, rows_.tasks[t].query_end);
    }
    return rows;
  }

  /// The rows of tasks whose targets are used.
  std::vector<bool> rows_whose_targets_count() const {
    std::vector<bool> rows(table_.rows(), false);
    for (const TableTask& task : rows_.tasks) {
      if (needed_ != TargetsNeeded::nowhere) mark(rows, task.support_begin, task.support_end);
      if (needed_ == TargetsNeeded::everywhere) mark(rows, task.query_begin, task.query_end);
    }
    return rows;
  }

  void mark(std::vector<bool>& rows, std::size_t begin, std::size_t end) const {
    for (std::size_t i = begin; i < end; ++i) rows[static_cast<std::size_t>(rows_.order[i])] = true;
  }

  template <class Real>
  BasicTaskBatch<Real> gather(const std::vector<std::size_t>& chosen_tasks) const;

  TableOptions options_;
  bool has_labels_;
  TargetsNeeded needed_;
  EpochBatches batches_;
  bool has_targets_;
  ColumnStore table_;
  TargetColumns targets_;
  TaskRows rows_;
  /// Indices of the tasks of every phase, in order of id.
  std::array<std::vector<std::size_t>, phases_of_tables.size()> of_phase_;
  std::vector<RowBatches> row_batches_;  ///< by phase; empty: batches are drawn by tasks
  Preprocessing preprocessing_;
  std::optional<FeatureMap> features_;
};

template <class Real>
BasicTaskBatch<Real> Table::gather(const std::vector<std::size_t>& chosen_tasks) const {
  const FloatEnvironment environment;
  TaskSetStorage<Real> support, query;
  std::vector<std::int64_t> ids;
  const auto inputs = static_cast<std::size_t>(features_->inputs());
  const TargetUnits& units = preprocessing_.target_units;
  const Column* offset = options_.offset.empty() ? nullptr : &table_.column(options_.offset);
  const auto add = [&](TaskSetStorage<Real>& set, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const auto row = static_cast<std::size_t>(rows_.order[i]);
      for (std::size_t c = 0; c < inputs; ++c) set.x.push_back(static_cast<Real>(features_->value(row, c)));
      // The offset is the prediction for zero weights, in the target's units, so it is scaled like the
      // target.
      if (offset)
        set.output_offset.push_back(
            static_cast<Real>(units.scale() ? (offset->numbers[row] - units.mean[0]) / units.deviation[0]
                                            : offset->numbers[row]));
      if (has_labels_) {
        set.labels.push_back(targets_.label(row));
        continue;
      }
      for (std::size_t c = 0; c < options_.targets.size(); ++c)
        set.y.push_back(static_cast<Real>(targets_.value(row, c)));
    }
    set.row_starts.push_back(set.row_starts.back() + static_cast<std::int64_t>(end - begin));
  };
  // Reserves exactly these rows: a batch may be most of the table.
  const auto reserve_rows = [&](TaskSetStorage<Real>& set, auto begin, auto end) {
    std::size_t rows = 0;
    for (const std::size_t t : chosen_tasks) rows += rows_.tasks[t].*end - rows_.tasks[t].*begin;
    set.x.reserve(rows * inputs);
    if (offset) set.output_offset.reserve(rows);
    if (has_labels_)
      set.labels.reserve(rows);
    else
      set.y.reserve(rows * options_.targets.size());
    set.row_starts.reserve(chosen_tasks.size() + 1);
  };
  reserve_rows(support, &TableTask::support_begin, &TableTask::support_end);
  reserve_rows(query, &TableTask::query_begin, &TableTask::query_end);
  ids.reserve(chosen_tasks.size());
  for (const std::size_t t : chosen_tasks) {
    const TableTask& task = rows_.tasks[t];
    add(support, task.support_begin, task.support_end);
    add(query, task.query_begin, task.query_end);
    ids.push_back(task.id);
  }
  using Repeats = typename BasicTaskBatch<Real>::Repeats;
  return BasicTaskBatch<Real>::own(columns(), std::move(support), std::move(query), std::move(ids),
                                   row_batches_.empty() ? Repeats::refused : Repeats::allowed);
}

}  // namespace

std::unique_ptr<TableSource> build_table_source(std::unique_ptr<ColumnReader> reader,
                                                const TableOptions& options, const TargetType& target,
                                                std::uint64_t seed, Sampling sampling) {
  validate(options, target);
  return std::make_unique<Table>(std::move(reader), options, target, TargetsNeeded::everywhere, Phases::split,
                                 nullptr, seed, sampling);
}

std::unique_ptr<TableSource> build_table_source(std::unique_ptr<ColumnReader> reader,
                                                const TableOptions& options,
                                                const Preprocessing& preprocessing, const TargetType& target,
                                                TargetsNeeded needed, Phases phases, std::uint64_t seed) {
  validate(options, target);
  validate_same_columns(options, preprocessing);
  return std::make_unique<Table>(std::move(reader), options, target, needed, phases, &preprocessing, seed,
                                 Sampling::tasks);
}

}  // namespace shoal
