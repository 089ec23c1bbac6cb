// SPDX-License-Identifier: Apache-2.0
#include "data/task_rows.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "core/random.hpp"
#include "data/timeline.hpp"

namespace shoal {
namespace {

using Rows = std::vector<std::int32_t>;

/// A value as part of a key of several columns: what joins them is escaped, so that no two keys are alike.
std::string key_part(const std::string& value) {
  std::string part;
  for (const char c : value) {
    if (c == '/' || c == '\\') part += '\\';
    part += c;
  }
  return part;
}

/// First 63 bits of SHA-256 of the key's text (contract.md 1).
std::int64_t id_of(const std::string& key) {
  const std::string digest = sha256(key);
  std::uint64_t bits = 0;
  std::from_chars(digest.data(), digest.data() + 16, bits, 16);
  return static_cast<std::int64_t>(bits >> 1);
}

class Builder {
 public:
  Builder(const ColumnStore& table, const TableOptions& options, const RowFlags& flags, TargetsNeeded needed,
          Phases phases, std::uint64_t seed)
      : table_(table),
        options_(options),
        flags_(flags),
        phases_(phases),
        seed_(seed),
        whole_(needed != TargetsNeeded::everywhere),
        lenient_(needed == TargetsNeeded::nowhere || options.missing == MissingPolicy::drop) {
    if (!options.time.empty()) time_.emplace(table, options.time, flags.usable);
    if (options.windows.query > 0 && !time_)
      throw InvalidArgument("tasks.windows needs a time column (tasks.time)");
    if (phases == Phases::split && options.split.by == "time") {
      if (!time_) throw InvalidArgument("tasks.split by = \"time\" needs a time column (tasks.time)");
      if (options.split.test_from.empty()) throw InvalidArgument("tasks.split by = \"time\" needs test_from");
      test_from_ = time_->boundary(options.split.test_from);
      validation_from_ =
          options.split.validation_from.empty() ? test_from_ : time_->boundary(options.split.validation_from);
      if (validation_from_ > test_from_)
        throw InvalidArgument("tasks.split: validation_from lies after test_from");
    }
  }

  TaskRows build() {
    for (auto& [key, rows] : rows_by_key()) {
      if (time_)
        std::stable_sort(rows.begin(), rows.end(), [&](std::int32_t a, std::int32_t b) {
          return time_->rank(static_cast<std::size_t>(a)) < time_->rank(static_cast<std::size_t>(b));
        });
      if (options_.windows.query > 0)
        cut_windows(key, rows);
      else
        one_task(key, rows);
    }
    for (const bool usable : flags_.usable) result_.left_out.rows += usable ? 0 : 1;
    if (result_.tasks.empty())
      throw DataError(options_.path + ": no task is left: " + std::to_string(result_.left_out.keys) +
                      " keys have too few rows, " + std::to_string(result_.left_out.windows) +
                      " tasks straddle a boundary in time or lack targets, " +
                      std::to_string(result_.left_out.rows) + " rows were dropped");
    std::sort(result_.tasks.begin(), result_.tasks.end(),
              [](const TableTask& a, const TableTask& b) { return a.id < b.id; });
    for (std::size_t t = 1; t < result_.tasks.size(); ++t)
      if (result_.tasks[t].id == result_.tasks[t - 1].id)
        throw DataError(options_.path + ": task keys \"" + result_.tasks[t - 1].key + "\" and \"" +
                        result_.tasks[t].key + "\" have the same id " + std::to_string(result_.tasks[t].id));
    if (time_)
      for (std::size_t row = 0; row < table_.rows(); ++row) result_.time_rank.push_back(time_->rank(row));
    return std::move(result_);
  }

 private:
  std::map<std::string, Rows> rows_by_key() const {
    std::map<std::string, Rows> keys;
    std::vector<const Column*> columns;
    for (const std::string& name : options_.key) columns.push_back(&table_.key_column(name));
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      if (!flags_.usable[row]) continue;
      std::string key;
      for (const Column* column : columns) {
        if (column->is_missing(row))
          throw DataError(table_.place(row) + ": column \"" + column->name + "\" (task key) is missing");
        key += (key.empty() ? "" : "/") + key_part(value_text(*column, row));
      }
      keys[key].push_back(static_cast<std::int32_t>(row));
    }
    return keys;
  }

  std::int32_t rank_of(std::int32_t row) const { return time_->rank(static_cast<std::size_t>(row)); }
  std::string time_text(std::int32_t row) const { return time_->text(static_cast<std::size_t>(row)); }
  bool labelled(std::int32_t row) const { return flags_.labelled[static_cast<std::size_t>(row)]; }

  /// Rows up to the last that has its targets: those behind it wait for theirs and can only be query rows.
  std::size_t labelled_end(const Rows& rows) const {
    std::size_t end = rows.size();
    while (end > 0 && !labelled(rows[end - 1])) --end;
    return end;
  }
  [[noreturn]] void fail_without_targets(std::int32_t row) const {
    throw DataError(table_.place(static_cast<std::size_t>(row)) +
                    ": a target is missing, but the row is one to adapt on");
  }
  void too_short(const std::string& key) {
    if (result_.left_out.keys++ == 0) result_.left_out.example = key;
  }

  // A window is support, purge gap, query. To adapt, a window may end in a query that is cut short or empty:
  // the windows go on as long as their support rows are there.
  void cut_windows(const std::string& key, const Rows& rows) {
    const auto support = static_cast<std::size_t>(options_.windows.support);
    const auto query = static_cast<std::size_t>(options_.windows.query);
    const auto purge = static_cast<std::size_t>(options_.windows.purge);
    const auto stride = static_cast<std::size_t>(options_.windows.stride > 0 ? options_.windows.stride
                                                                             : options_.windows.query);
    for (std::size_t i = 1; i < rows.size(); ++i)
      if (rank_of(rows[i]) == rank_of(rows[i - 1]))
        throw DataError(table_.place(static_cast<std::size_t>(rows[i])) + ": column \"" + options_.time +
                        "\": key \"" + key + "\" has the time " + time_text(rows[i]) +
                        " twice; windows need an order in time");
    const std::size_t least = whole_ ? support : support + purge + query,
                      end = whole_ ? labelled_end(rows) : rows.size();
    if (end < least) {
      too_short(key);
      return;
    }
    const std::size_t base = append(rows);
    std::size_t hole = 0;  // rows before this one have been looked through for missing targets
    std::optional<std::size_t> last_hole;
    for (std::size_t first = 0; first + least <= end; first += stride) {
      for (hole = std::max(hole, first); hole < first + support; ++hole)
        if (!labelled(rows[hole])) {
          if (!lenient_) fail_without_targets(rows[hole]);
          last_hole = hole;
        }
      if (last_hole && *last_hole >= first) {
        ++result_.left_out.windows;
        continue;
      }
      TableTask task;
      const std::size_t query_begin = std::min(first + support + purge, rows.size()),
                        query_end = std::min(query_begin + query, rows.size());
      if (support == 0 && query_begin == query_end) continue;
      task.support_begin = base + first;
      task.support_end = task.support_begin + support;
      task.query_begin = base + query_begin;
      task.query_end = base + query_end;
      // A window that nothing follows is named after its last support row.
      task.key = query_begin < query_end ? key + "/" + time_text(rows[query_begin])
                                         : key + "/after " + time_text(rows[first + support - 1]);
      add(std::move(task), key);
    }
  }

  void one_task(const std::string& key, const Rows& rows) {
    Rows support, query;
    if (time_)
      choose_in_time(rows, support, query);
    else
      choose_at_random(key, rows, support, query);
    if (!whole_ && query.empty()) {
      too_short(key);
      return;
    }
    // Training takes a sample of the query rows; who predicts asks about all of them.
    if (!whole_ && options_.query > 0 && query.size() > static_cast<std::size_t>(options_.query))
      query.resize(static_cast<std::size_t>(options_.query));
    TableTask task;
    task.key = key;
    task.support_begin = append(support);
    task.support_end = task.query_begin = append(query);
    task.query_end = result_.order.size();
    add(std::move(task), key);
  }

  /// A random, but keyed, choice of support rows among those with targets. Each side keeps file order.
  void choose_at_random(const std::string& key, const Rows& rows, Rows& support, Rows& query) const {
    Rows candidates;
    for (const std::int32_t row : rows) (labelled(row) ? candidates : query).push_back(row);
    const auto order = permutation(seed_, Purpose::rows, static_cast<std::uint64_t>(id_of(key)),
                                   static_cast<std::int64_t>(candidates.size()));
    const std::size_t count = std::min(static_cast<std::size_t>(options_.support), candidates.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      (i < count ? support : query).push_back(candidates[static_cast<std::size_t>(order[i])]);
    std::sort(support.begin(), support.end());
    std::sort(query.begin(), query.end());
  }

  /// The first rows in time are support; the query lies strictly after them, behind the purge gap.
  void choose_in_time(const Rows& rows, Rows& support, Rows& query) const {
    const auto wanted = static_cast<std::size_t>(options_.support);
    const std::size_t end = labelled_end(rows);
    std::size_t next = 0;
    for (; next < end && support.size() < wanted; ++next) {
      if (labelled(rows[next]))
        support.push_back(rows[next]);
      else if (!lenient_)
        fail_without_targets(rows[next]);
    }
    next += static_cast<std::size_t>(options_.purge);
    // Strictly: rows at the time of the last support row are on neither side.
    while (!support.empty() && next < rows.size() && rank_of(rows[next]) == rank_of(support.back())) ++next;
    if (next < rows.size()) query.assign(rows.begin() + static_cast<std::ptrdiff_t>(next), rows.end());
  }

  /// Where the rows begin in the order.
  std::size_t append(const Rows& rows) {
    const std::size_t base = result_.order.size();
    result_.order.insert(result_.order.end(), rows.begin(), rows.end());
    return base;
  }

  void add(TableTask task, const std::string& key) {
    task.id = id_of(task.key);
    if (phases_ == Phases::all_test) {
      task.phase = Phase::test;
    } else if (options_.split.by == "time") {
      const auto phase_of = [&](std::size_t i) {
        const std::int32_t r = rank_of(result_.order[i]);
        return r < validation_from_ ? Phase::train : r < test_from_ ? Phase::validation : Phase::test;
      };
      task.phase = phase_of(task.query_begin);
      if (phase_of(task.query_end - 1) != task.phase) {
        ++result_.left_out.windows;
        return;
      }
    } else {
      // All windows of a key are in one phase.
      const RandomStream stream(seed_, Purpose::split, static_cast<std::uint64_t>(id_of(key)));
      const auto u = static_cast<double>(stream.uniform(0));
      task.phase = u < options_.split.train                               ? Phase::train
                   : u < options_.split.train + options_.split.validation ? Phase::validation
                                                                          : Phase::test;
    }
    result_.tasks.push_back(std::move(task));
  }

  const ColumnStore& table_;
  const TableOptions& options_;
  const RowFlags& flags_;
  Phases phases_;
  std::uint64_t seed_;
  bool whole_;    ///< no key is too short, queries may be empty
  bool lenient_;  ///< support rows without targets are passed over, not refused
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
