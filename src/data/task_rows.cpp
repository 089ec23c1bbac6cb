// SPDX-License-Identifier: Apache-2.0
#include "data/task_rows.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include <shoal/counted.hpp>
#include <shoal/error.hpp>
#include <shoal/nearest_name.hpp>
#include <shoal/quoted_text.hpp>

#include "data/keyed_rows.hpp"
#include "data/phase_periods.hpp"
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
    if (phases == Phases::latest && !time_)
      throw InvalidArgument("the latest rows need a time column (tasks.time)");
    if (phases == Phases::split) periods_.emplace(options.split, time_ ? &*time_ : nullptr);
  }

  TaskRows build() {
    using Missing = KeyedRows::Missing;
    KeyedRows keyed(table_, options_.key, flags_.usable,
                    options_.missing == MissingPolicy::mean ? Missing::is_a_key : Missing::refused);
    for (std::size_t k = 0; time_ && k < keyed.keys(); ++k)
      std::stable_sort(keyed.rows(k).begin(), keyed.rows(k).end(),
                       [&](std::int32_t a, std::int32_t b) { return rank_of(a) < rank_of(b); });
    std::vector<std::optional<Phase>> phase_of_key(keyed.keys());
    if (phases_ == Phases::split) hold_out(keyed, phase_of_key);
    const std::vector<MadeTasks> made = make_all(keyed, phase_of_key);
    if (phases_ == Phases::split && options_.split.by == "task") split_by_share(made, keyed, phase_of_key);
    LeftOut& left = result_.left_out;
    left.rows(LeftOutRule::missing) = std::count(flags_.usable.begin(), flags_.usable.end(), false);
    if (result_.tasks.empty()) refuse_no_task();
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

  [[noreturn]] void refuse_no_task() const {
    if (phases_ == Phases::latest)
      throw DataError(
          table_.name() +
          ": no row is asked about: none lies after the last row of its key that has its targets");
    const LeftOut& left = result_.left_out;
    throw DataError(table_.name() + ": no task is left: " + counted(left.keys, "key has", "keys have") +
                    " too few rows, " + counted(left.straddling_tasks, "task straddles", "tasks straddle") +
                    " a boundary in time, " + counted(left.windows_without_target, "lacks", "lack") +
                    " targets, " + counted(left.rows(LeftOutRule::missing), "row was", "rows were") +
                    " dropped" +
                    (left.rows(LeftOutRule::other_period) > 0
                         ? ", " + counted(left.rows(LeftOutRule::other_period), "row lies", "rows lie") +
                               " on the other side of tasks.split.test_from"
                         : ""));
  }

  /// The keys of tasks.hold_out. Throws InvalidArgument for one that is not in the table.
  void hold_out(const KeyedRows& keyed, std::vector<std::optional<Phase>>& phase_of_key) const {
    if (options_.hold_out.empty()) return;
    std::vector<std::string> keys;
    keys.reserve(keyed.keys());
    for (std::size_t k = 0; k < keyed.keys(); ++k) keys.push_back(keyed.text(k));
    for (const std::string& wanted : options_.hold_out) {
      const auto found = std::find(keys.begin(), keys.end(), wanted);
      if (found == keys.end())
        throw InvalidArgument("tasks.hold_out: " + table_.name() + " has no key " + quoted_text(wanted) +
                              did_you_mean(wanted, keys));
      phase_of_key[static_cast<std::size_t>(found - keys.begin())] = Phase::held_out;
    }
  }

  /// What became of a key whose phase was not known when its tasks were made.
  struct MadeTasks {
    std::size_t key;
    std::size_t first;  ///< of the tasks
    KeyTasks tasks;
  };

  std::vector<MadeTasks> make_all(KeyedRows& keyed, const std::vector<std::optional<Phase>>& phase_of_key) {
    result_.order.reserve(table_.rows());
    if (options_.windows.query == 0) result_.tasks.reserve(keyed.keys());
    std::vector<MadeTasks> made;
    for (std::size_t k = 0; k < keyed.keys(); ++k) {
      const std::size_t first = result_.tasks.size();
      const std::string key = keyed.text(k);
      make_tasks(key, keyed.rows(k), phase_of_key[k]);
      if (const std::size_t count = result_.tasks.size() - first; count > 0 && !phase_of_key[k])
        made.push_back({k, first, {task_id_of(key), static_cast<std::int64_t>(count)}});
    }
    return made;
  }

  /// All windows of a key are in one phase. Where times limit the phases, tasks are made once more: shares
  /// count those that there would be without limits.
  void split_by_share(const std::vector<MadeTasks>& made, KeyedRows& keyed,
                      std::vector<std::optional<Phase>>& phase_of_key) {
    std::vector<KeyTasks> keys;
    keys.reserve(made.size());
    for (const MadeTasks& of_key : made) keys.push_back(of_key.tasks);
    const std::vector<Phase> phases = phases_by_share(keys, options_.split, seed_);
    for (std::size_t i = 0; i < made.size(); ++i) {
      phase_of_key[made[i].key] = phases[i];
      for (std::int64_t t = 0; t < made[i].tasks.tasks; ++t)
        result_.tasks[made[i].first + static_cast<std::size_t>(t)].phase = phases[i];
    }
    if (!periods_->limited()) return;
    result_ = {};
    make_all(keyed, phase_of_key);
  }

  /// `phase`: of the key, where it does not depend on the time of the query.
  void make_tasks(const std::string& key, std::span<const std::int32_t> rows, std::optional<Phase> phase) {
    phase_ = phase;
    period_ = phase && periods_ ? periods_->of(*phase) : Period{};
    const auto end = std::partition_point(
        rows.begin(), rows.end(), [&](std::int32_t row) { return !time_ || rank_of(row) < period_.until; });
    result_.left_out.rows(LeftOutRule::other_period) += rows.end() - end;
    rows = rows.first(static_cast<std::size_t>(end - rows.begin()));
    if (rows.empty()) return;
    if (options_.windows.query > 0) require_order(key, rows);
    if (phases_ == Phases::latest)
      make_latest(key, rows);
    else if (options_.windows.query > 0)
      make_windows(key, rows);
    else
      make_one(key, rows);
  }

  void leave_out_key(const std::string& key, std::size_t rows) {
    if (result_.left_out.keys++ == 0) result_.left_out.example = key;
    result_.left_out.rows(LeftOutRule::too_few) += static_cast<std::int64_t>(rows);
  }

  void make_one(const std::string& key, std::span<const std::int32_t> rows) {
    const std::int64_t id = task_id_of(key);
    // Training takes a sample of the query rows; a prediction covers all of them.
    const ChoiceLimits limits{options_.support, open_ ? 0 : options_.query, options_.purge, period_.from};
    const auto rank = [&](std::int32_t row) { return rank_of(row); };
    const RowChoice choice = time_ ? choose_in_time(rows, flags_, rank, limits)
                                   : choose_at_random(rows, flags_, limits, key, id, seed_);
    if (!open_ && choice.query.empty()) {
      if (choice.early > 0)
        result_.left_out.rows(LeftOutRule::other_period) += std::ssize(rows);
      else
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
    if (add(std::move(task)) != Added::made) {
      left.rows(LeftOutRule::straddling) += static_cast<std::int64_t>(rows.size());
      return;
    }
    left.rows(LeftOutRule::query_cap) += choice.capped;
    left.rows(LeftOutRule::other_period) += choice.early;
    left.rows(LeftOutRule::purge_gap) += choice.in_gap;
    left.rows(LeftOutRule::tie) += choice.tied;
  }

  /// One task, of the newest rows that have their targets and the rows after them.
  void make_latest(const std::string& key, std::span<const std::int32_t> rows) {
    const bool windows = options_.windows.query > 0;
    const auto most = static_cast<std::size_t>(windows ? options_.windows.support : options_.support);
    std::size_t behind = rows.size();  // the place behind the last row that has its targets
    while (behind > 0 && !labelled(rows[behind - 1])) --behind;
    std::vector<std::int32_t> support;
    for (std::size_t place = behind; behind < rows.size() && place-- > 0 && support.size() < most;)
      if (labelled(rows[place])) support.push_back(rows[place]);
    std::reverse(support.begin(), support.end());
    const auto query = rows.subspan(behind);
    result_.left_out.rows(LeftOutRule::no_window) +=
        std::ssize(rows) - std::ssize(support) - std::ssize(query);
    if (query.empty()) return;
    TableTask task;
    task.key = windows ? key + "/" + time_text(query.front()) : key;
    task.id = task_id_of(task.key);
    task.support_begin = append(support);
    task.support_end = task.query_begin = append(query);
    task.query_end = result_.order.size();
    add(std::move(task));
  }

  void require_order(const std::string& key, std::span<const std::int32_t> rows) const {
    for (std::size_t i = 1; i < rows.size(); ++i)
      if (rank_of(rows[i]) == rank_of(rows[i - 1]))
        throw DataError(table_.location(static_cast<std::size_t>(rows[i])) + ": column \"" + options_.time +
                        "\": key " + quoted_text(key) + " has the time " + quoted_text(time_text(rows[i])) +
                        " twice (the other is " + quoted_text(time_text(rows[i - 1])) + " at " +
                        table_.location(static_cast<std::size_t>(rows[i - 1])) +
                        "); windows need an order in time");
  }

  void make_windows(const std::string& key, std::span<const std::int32_t> rows) {
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
    targets_known_until_ = base + known_rows(rows);
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
      switch (add(std::move(task))) {
        case Added::made:
          fate.add_task(window);
          made.push_back(window);
          break;
        case Added::straddles:
          fate.add_straddling(window);
          break;
        case Added::too_early:
          fate.add_other_period(window);
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

  /// How many of a key's rows have targets that were known when the test period began: all that are later,
  /// and those before it without the last split.purge.
  std::size_t known_rows(std::span<const std::int32_t> rows) const {
    if (!splits_by_time() || options_.split.purge == 0) return rows.size();
    const auto before = std::partition_point(
        rows.begin(), rows.end(), [&](std::int32_t row) { return rank_of(row) < periods_->test_from(); });
    const std::ptrdiff_t known = before - rows.begin() - options_.split.purge;
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, known));
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
    if (add(std::move(task)) != Added::made) return;
    for (const auto& joined : {support, places})
      for (const std::size_t place : joined) fate.add_row(place);
  }

  /// Appends rows to the order, and returns the index of the first one.
  std::size_t append(std::span<const std::int32_t> rows) {
    const std::size_t base = result_.order.size();
    result_.order.insert(result_.order.end(), rows.begin(), rows.end());
    return base;
  }

  enum class Added { made, straddles, too_early };
  /// Adds a task, unless its query lies on both sides of a split time, or before the period of its key.
  Added add(TableTask task) {
    task.phase = phase_.value_or(Phase::test);
    if (task.query_begin < task.query_end) {
      const std::int32_t first = query_rank(task.query_begin), last = query_rank(task.query_end - 1);
      if (first < period_.from && last < period_.from) return Added::too_early;
      bool straddles = first < period_.from;
      if (!phase_ && splits_by_time()) {
        task.phase = periods_->phase_at(first);
        straddles =
            periods_->phase_at(last) != task.phase ||
            (task.phase != Phase::test && options_.split.purge > 0 && task.query_end > targets_known_until_);
        if (task.phase == Phase::train && earliest_rank(task) < periods_->train_from())
          return Added::too_early;
      }
      if (straddles) {
        ++result_.left_out.straddling_tasks;
        return Added::straddles;
      }
    }
    result_.tasks.push_back(std::move(task));
    return Added::made;
  }

  bool splits_by_time() const { return phases_ == Phases::split && options_.split.by == "time"; }
  std::int32_t earliest_rank(const TableTask& task) const {
    return query_rank(task.support_begin < task.support_end ? task.support_begin : task.query_begin);
  }
  /// Without times no row is earlier than another.
  std::int32_t query_rank(std::size_t place) const { return time_ ? rank_of(result_.order[place]) : 0; }

  const ColumnStore& table_;
  const TableOptions& options_;
  const RowFlags& flags_;
  Phases phases_;
  std::uint64_t seed_;
  bool open_;  ///< for prediction: no key has too few rows, queries may be empty, rows may lack their targets
  std::optional<Timeline> time_;
  std::optional<PhasePeriods> periods_;  ///< of the split, where it applies
  std::optional<Phase> phase_;           ///< of the key at hand, where the time of a query does not decide it
  Period period_;                        ///< in which that key is looked at
  std::size_t targets_known_until_ = 0;  ///< windows: the place behind the key's last row with a known target
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
