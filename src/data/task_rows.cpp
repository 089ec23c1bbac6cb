// SPDX-License-Identifier: Apache-2.0
#include "data/task_rows.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/keyed_rows.hpp"
#include "data/phase_shares.hpp"
#include "data/row_choice.hpp"
#include "data/timeline.hpp"
#include "data/window_cut.hpp"
#include "data/window_rows.hpp"

namespace shoal {
namespace {

class Builder {
 public:
  Builder(const ColumnStore& table, const TableOptions& options, const RowFlags& flags, TargetsNeeded needed,
          Phases phases, std::uint64_t seed)
      : table_(table),
        options_(options),
        flags_(flags),
        phases_(phases),
        seed_(seed),
        open_(needed != TargetsNeeded::everywhere) {
    if (!options.time.empty()) time_.emplace(table, options, flags.usable);
    if (options.windows.query > 0 && !time_)
      throw InvalidArgument("tasks.windows needs a time column (tasks.time)");
    if (phases == Phases::split && options.split.by == "time") {
      if (!time_) throw InvalidArgument("tasks.split by = \"time\" needs a time column (tasks.time)");
      if (options.split.test_from.empty()) throw InvalidArgument("tasks.split by = \"time\" needs test_from");
      test_from_ = time_->boundary(options.split.test_from, "tasks.split.test_from");
      validation_from_ = options.split.validation_from.empty()
                             ? test_from_
                             : time_->boundary(options.split.validation_from, "tasks.split.validation_from");
      if (validation_from_ > test_from_)
        throw InvalidArgument("tasks.split: validation_from lies after test_from");
    }
  }

  TaskRows build() {
    KeyedRows keyed(table_, options_.key, flags_.usable);
    result_.order.reserve(table_.rows());
    if (options_.windows.query == 0) result_.tasks.reserve(keyed.keys());
    std::vector<KeyTasks> key_tasks;
    for (std::size_t k = 0; k < keyed.keys(); ++k) {
      const std::span<std::int32_t> rows = keyed.rows(k);
      if (time_)
        std::stable_sort(rows.begin(), rows.end(),
                         [&](std::int32_t a, std::int32_t b) { return rank_of(a) < rank_of(b); });
      const std::string key = keyed.text(k);
      const std::int64_t id = task_id_of(key);
      const auto made = std::ssize(result_.tasks);
      if (options_.windows.query > 0)
        make_windows(key, rows);
      else
        make_one(key, id, rows);
      if (std::ssize(result_.tasks) > made) key_tasks.push_back({id, std::ssize(result_.tasks) - made});
    }
    if (phases_ == Phases::split && options_.split.by == "task") split_by_share(key_tasks);
    LeftOut& left = result_.left_out;
    left.rows(LeftOutRule::missing) = std::count(flags_.usable.begin(), flags_.usable.end(), false);
    if (result_.tasks.empty())
      throw DataError(table_.name() + ": no task is left: " + std::to_string(left.keys) +
                      " keys have too few rows, " + std::to_string(left.straddling_tasks) +
                      " tasks straddle a boundary in time, " + std::to_string(left.windows_without_target) +
                      " lack targets, " + std::to_string(left.rows(LeftOutRule::missing)) +
                      " rows were dropped");
    std::sort(result_.tasks.begin(), result_.tasks.end(),
              [](const TableTask& a, const TableTask& b) { return a.id < b.id; });
    for (std::size_t t = 1; t < result_.tasks.size(); ++t)
      if (result_.tasks[t].id == result_.tasks[t - 1].id)
        throw DataError(table_.name() + ": task keys " + quoted_text(result_.tasks[t - 1].key) + " and " +
                        quoted_text(result_.tasks[t].key) + " have the same id " +
                        std::to_string(result_.tasks[t].id));
    if (time_)
      for (std::size_t row = 0; row < table_.rows(); ++row) result_.time_rank.push_back(time_->rank(row));
    return std::move(result_);
  }

 private:
  std::int32_t rank_of(std::int32_t row) const { return time_->rank(static_cast<std::size_t>(row)); }
  std::string time_text(std::int32_t row) const { return time_->text(static_cast<std::size_t>(row)); }
  bool labelled(std::int32_t row) const { return flags_.labelled[static_cast<std::size_t>(row)]; }

  void leave_out_key(const std::string& key, std::size_t rows) {
    if (result_.left_out.keys++ == 0) result_.left_out.example = key;
    result_.left_out.rows(LeftOutRule::too_few) += static_cast<std::int64_t>(rows);
  }

  void make_one(const std::string& key, std::int64_t id, std::span<const std::int32_t> rows) {
    // Training takes a sample of the query rows; a prediction covers all of them.
    const ChoiceLimits limits{options_.support, open_ ? 0 : options_.query, options_.purge};
    const auto rank = [&](std::int32_t row) { return rank_of(row); };
    const RowChoice choice = time_ ? choose_in_time(rows, flags_, rank, limits)
                                   : choose_at_random(rows, flags_, limits, key, id, seed_);
    if (!open_ && choice.query.empty()) {
      leave_out_key(key, rows.size());
      return;
    }
    TableTask task;
    task.id = id;
    task.key = key;
    task.support_begin = append(choice.support);
    task.support_end = task.query_begin = append(choice.query);
    task.query_end = result_.order.size();
    LeftOut& left = result_.left_out;
    if (!add(std::move(task))) {
      left.rows(LeftOutRule::straddling) += static_cast<std::int64_t>(rows.size());
      return;
    }
    left.rows(LeftOutRule::query_cap) += choice.capped;
    left.rows(LeftOutRule::purge_gap) += choice.in_gap;
    left.rows(LeftOutRule::tie) += choice.tied;
  }

  void make_windows(const std::string& key, std::span<const std::int32_t> rows) {
    for (std::size_t i = 1; i < rows.size(); ++i)
      if (rank_of(rows[i]) == rank_of(rows[i - 1]))
        throw DataError(table_.location(static_cast<std::size_t>(rows[i])) + ": column \"" + options_.time +
                        "\": key " + quoted_text(key) + " has the time " + quoted_text(time_text(rows[i])) +
                        " twice (the other is " + quoted_text(time_text(rows[i - 1])) + " at " +
                        table_.location(static_cast<std::size_t>(rows[i - 1])) +
                        "); windows need an order in time");
    const WindowCut cut = cut_windows(
        rows.size(), options_.windows, [&](std::size_t place) { return labelled(rows[place]); }, open_);
    std::vector<std::size_t> without_target;  // positions of rows; only when predicting there are any
    for (std::size_t place = 0; place < rows.size(); ++place)
      if (!labelled(rows[place])) without_target.push_back(place);
    if (cut.too_few && without_target.empty()) {
      leave_out_key(key, rows.size());
      return;
    }
    const auto support = static_cast<std::size_t>(options_.windows.support);
    WindowRows fate(rows.size(), support);
    const std::size_t base = append(rows), first_task = result_.tasks.size();
    std::vector<Window> made;
    for (const Window& window : cut.windows) {
      TableTask task;
      task.support_begin = base + window.first;
      task.support_end = task.support_begin + support;
      task.query_begin = base + window.query_begin;
      task.query_end = base + window.query_end;
      // A window without query rows is named after its last support row.
      task.key = window.query_begin < window.query_end
                     ? key + "/" + time_text(rows[window.query_begin])
                     : key + "/after " + time_text(rows[window.first + support - 1]);
      task.id = task_id_of(task.key);
      if (add(std::move(task))) {
        fate.add_task(window);
        made.push_back(window);
      } else {
        fate.add_straddling(window);
      }
    }
    for (const Window& window : cut.without_target) fate.add_without_target(window);
    result_.left_out.windows_without_target += std::ssize(cut.without_target);
    std::erase_if(without_target, [&](std::size_t place) { return fate.asked_about(place); });
    if (made.empty() && !without_target.empty())
      ask_without_window(key, rows, without_target, fate);
    else
      ask_in_windows(rows, made, first_task, without_target, fate);
    for (std::size_t place = 0; place < rows.size(); ++place)
      if (!fate.in_task(place)) ++result_.left_out.rows(fate.why_left_out(place));
  }

  /// Adds rows without targets that are in no window's query to a window: the last one whose support lies
  /// before them, or the first one.
  void ask_in_windows(std::span<const std::int32_t> rows, const std::vector<Window>& windows,
                      std::size_t first_task, const std::vector<std::size_t>& places, WindowRows& fate) {
    const auto support = static_cast<std::size_t>(options_.windows.support);
    for (std::size_t next = 0, w = 0; next < places.size(); ++w) {
      std::vector<std::size_t> query;
      for (;
           next < places.size() && (w + 1 == windows.size() || places[next] < windows[w + 1].first + support);
           ++next) {
        query.push_back(places[next]);
        fate.add_row(places[next]);
      }
      if (query.empty()) continue;
      for (std::size_t place = windows[w].query_begin; place < windows[w].query_end; ++place)
        query.push_back(place);
      std::sort(query.begin(), query.end());
      TableTask& task = result_.tasks[first_task + w];
      task.query_begin = result_.order.size();
      for (const std::size_t place : query) result_.order.push_back(rows[place]);
      task.query_end = result_.order.size();
    }
  }

  /// Makes one task for the rows without targets of a key that has no window. Its support are the last rows
  /// that have targets, at most as many as a window's support.
  void ask_without_window(const std::string& key, std::span<const std::int32_t> rows,
                          const std::vector<std::size_t>& places, WindowRows& fate) {
    std::vector<std::size_t> support;
    for (std::size_t place = rows.size();
         place-- > 0 && support.size() < static_cast<std::size_t>(options_.windows.support);)
      if (labelled(rows[place])) support.push_back(place);
    std::reverse(support.begin(), support.end());
    TableTask task;
    task.key = key + "/" + time_text(rows[places.front()]);
    task.id = task_id_of(task.key);
    task.support_begin = result_.order.size();
    for (const std::size_t place : support) result_.order.push_back(rows[place]);
    task.support_end = task.query_begin = result_.order.size();
    for (const std::size_t place : places) result_.order.push_back(rows[place]);
    task.query_end = result_.order.size();
    if (!add(std::move(task))) return;
    for (const auto& joined : {support, places})
      for (const std::size_t place : joined) fate.add_row(place);
  }

  /// Appends rows to the order, and returns the index of the first one.
  std::size_t append(std::span<const std::int32_t> rows) {
    const std::size_t base = result_.order.size();
    result_.order.insert(result_.order.end(), rows.begin(), rows.end());
    return base;
  }

  /// Adds a task. Returns false, and leaves the task out, when its query lies on both sides of a split time.
  bool add(TableTask task) {
    task.phase = Phase::test;
    if (phases_ == Phases::split && options_.split.by == "time" && task.query_begin < task.query_end) {
      const auto phase_of = [&](std::size_t i) {
        const std::int32_t r = rank_of(result_.order[i]);
        return r < validation_from_ ? Phase::train : r < test_from_ ? Phase::validation : Phase::test;
      };
      task.phase = phase_of(task.query_begin);
      if (phase_of(task.query_end - 1) != task.phase) {
        ++result_.left_out.straddling_tasks;
        return false;
      }
    }
    result_.tasks.push_back(std::move(task));
    return true;
  }

  /// Splits by share; all windows of a key are in one phase. The tasks must still be in the order of their
  /// keys.
  void split_by_share(const std::vector<KeyTasks>& key_tasks) {
    const std::vector<Phase> phases = phases_by_share(key_tasks, options_.split, seed_);
    auto task = result_.tasks.begin();
    for (std::size_t k = 0; k < key_tasks.size(); ++k)
      for (std::int64_t i = 0; i < key_tasks[k].tasks; ++i) (task++)->phase = phases[k];
  }

  const ColumnStore& table_;
  const TableOptions& options_;
  const RowFlags& flags_;
  Phases phases_;
  std::uint64_t seed_;
  bool open_;  ///< for prediction: no key has too few rows, queries may be empty, rows may lack their targets
  std::optional<Timeline> time_;
  std::int32_t validation_from_ = 0, test_from_ = 0;
  TaskRows result_;
};

}  // namespace

const TableTask* TaskRows::find(std::int64_t id) const {
  const auto at = std::lower_bound(tasks.begin(), tasks.end(), id,
                                   [](const TableTask& t, std::int64_t i) { return t.id < i; });
  return at != tasks.end() && at->id == id ? &*at : nullptr;
}

TaskRows make_task_rows(const ColumnStore& table, const TableOptions& options, const RowFlags& rows,
                        TargetsNeeded needed, Phases phases, std::uint64_t seed) {
  return Builder(table, options, rows, needed, phases, seed).build();
}

}  // namespace shoal
