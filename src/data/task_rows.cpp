// SPDX-License-Identifier: Apache-2.0
#include "data/task_rows.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <optional>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "core/random.hpp"
#include "data/row_reader.hpp"

namespace shoal {
namespace {

std::string number_text(double value) {
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  return {digits, end};
}

std::string text_of(const Column& column, std::size_t row) {
  return column.numeric ? number_text(column.numbers[row])
                        : column.levels[static_cast<std::size_t>(column.codes[row])];
}

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

/// Times as ranks: equal times have equal ranks. A boundary of the configuration gets the rank of the first
/// time not before it. Numbers compare as numbers, text (ISO dates) as text.
class Timeline {
 public:
  Timeline(const ColumnStore& table, const std::string& name, const std::vector<bool>& usable)
      : column_(table.column(name)), ranks_(table.rows(), 0) {
    for (std::size_t row = 0; row < table.rows(); ++row)
      if (usable[row] && column_.is_missing(row))
        throw DataError(table.place(row) + ": column \"" + name + "\" (time) is missing");
    if (column_.numeric) {
      std::vector<double> times;  // rows that are not usable may have none
      for (std::size_t row = 0; row < table.rows(); ++row)
        if (!column_.is_missing(row)) times.push_back(column_.numbers[row]);
      std::sort(times.begin(), times.end());
      times.erase(std::unique(times.begin(), times.end()), times.end());
      for (std::size_t row = 0; row < table.rows(); ++row)
        if (!column_.is_missing(row)) ranks_[row] = rank_in(times, column_.numbers[row]);
      numbers_ = std::move(times);
    } else {
      texts_ = column_.levels;
      std::sort(texts_.begin(), texts_.end());
      std::vector<std::int32_t> rank_of_level;
      for (const std::string& level : column_.levels) rank_of_level.push_back(rank_in(texts_, level));
      for (std::size_t row = 0; row < table.rows(); ++row)
        if (column_.codes[row] >= 0)
          ranks_[row] = rank_of_level[static_cast<std::size_t>(column_.codes[row])];
    }
  }

  std::int32_t rank(std::size_t row) const { return ranks_[row]; }
  std::string text(std::size_t row) const { return text_of(column_, row); }
  std::int32_t boundary(const std::string& time) const {
    if (!column_.numeric) return rank_in(texts_, time);
    double value = 0.0;
    if (!parse_number(time, value))
      throw InvalidArgument("tasks.split: boundary \"" + time + "\" is not a number, but column \"" +
                            column_.name + "\" is");
    return rank_in(numbers_, value);
  }

 private:
  template <class T>
  static std::int32_t rank_in(const std::vector<T>& sorted, const T& value) {
    return static_cast<std::int32_t>(std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin());
  }

  const Column& column_;
  std::vector<std::int32_t> ranks_;
  std::vector<double> numbers_;
  std::vector<std::string> texts_;
};

class Builder {
 public:
  Builder(const ColumnStore& table, const TableOptions& options, const std::vector<bool>& usable,
          Phases phases, std::uint64_t seed)
      : table_(table), options_(options), usable_(usable), phases_(phases), seed_(seed) {
    if (!options.time.empty()) time_.emplace(table, options.time, usable);
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
    if (result_.tasks.empty())
      throw DataError(options_.path + ": no task is left: " + std::to_string(result_.too_short) +
                      " keys have too few rows, " + std::to_string(result_.straddling) +
                      " tasks straddle a boundary in time");
    std::sort(result_.tasks.begin(), result_.tasks.end(),
              [](const TableTask& a, const TableTask& b) { return a.id < b.id; });
    for (std::size_t t = 1; t < result_.tasks.size(); ++t)
      if (result_.tasks[t].id == result_.tasks[t - 1].id)
        throw DataError(options_.path + ": task keys \"" + result_.tasks[t - 1].key + "\" and \"" +
                        result_.tasks[t].key + "\" have the same id " + std::to_string(result_.tasks[t].id));
    return std::move(result_);
  }

 private:
  std::map<std::string, std::vector<std::int32_t>> rows_by_key() const {
    std::map<std::string, std::vector<std::int32_t>> keys;
    std::vector<const Column*> columns;
    for (const std::string& name : options_.key) columns.push_back(&table_.column(name));
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      if (!usable_[row]) continue;
      std::string key;
      for (const Column* column : columns) {
        if (column->is_missing(row))
          throw DataError(table_.place(row) + ": column \"" + column->name + "\" (task key) is missing");
        key += (key.empty() ? "" : "/") + key_part(text_of(*column, row));
      }
      keys[key].push_back(static_cast<std::int32_t>(row));
    }
    return keys;
  }

  std::int32_t rank_at(const std::vector<std::int32_t>& rows, std::size_t i) const {
    return time_->rank(static_cast<std::size_t>(rows[i]));
  }

  void cut_windows(const std::string& key, const std::vector<std::int32_t>& rows) {
    const auto support = static_cast<std::size_t>(options_.windows.support);
    const auto query = static_cast<std::size_t>(options_.windows.query);
    const auto purge = static_cast<std::size_t>(options_.windows.purge);
    const auto stride = static_cast<std::size_t>(options_.windows.stride > 0 ? options_.windows.stride
                                                                             : options_.windows.query);
    for (std::size_t i = 1; i < rows.size(); ++i)
      if (rank_at(rows, i) == rank_at(rows, i - 1))
        throw DataError(table_.place(static_cast<std::size_t>(rows[i])) + ": column \"" + options_.time +
                        "\": key \"" + key + "\" has the time " +
                        time_->text(static_cast<std::size_t>(rows[i])) +
                        " twice; windows need an order in time");
    const std::size_t base = append(rows), length = support + purge + query;
    if (rows.size() < length) ++result_.too_short;
    for (std::size_t first = 0; first + length <= rows.size(); first += stride) {
      TableTask task;
      task.support_begin = base + first;
      task.support_end = task.support_begin + support;
      task.query_begin = task.support_end + purge;
      task.query_end = task.query_begin + query;
      task.key = key + "/" + time_->text(static_cast<std::size_t>(rows[first + support + purge]));
      add(std::move(task), key);
    }
  }

  void one_task(const std::string& key, std::vector<std::int32_t>& rows) {
    const auto support = static_cast<std::size_t>(options_.support);
    if (!time_) {  // a random, but keyed, choice of support rows
      const auto order = permutation(seed_, Purpose::rows, static_cast<std::uint64_t>(id_of(key)),
                                     static_cast<std::int64_t>(rows.size()));
      std::vector<std::int32_t> mixed;
      mixed.reserve(order.size());
      for (const std::int64_t i : order) mixed.push_back(rows[static_cast<std::size_t>(i)]);
      // Inside each side rows keep file order.
      const auto middle = mixed.begin() + static_cast<std::ptrdiff_t>(std::min(support, mixed.size()));
      std::sort(mixed.begin(), middle);
      std::sort(middle, mixed.end());
      rows = std::move(mixed);
    }
    std::size_t begin = support + (time_ ? static_cast<std::size_t>(options_.purge) : 0);
    // Strictly before: rows at the time of the last support row are left out of the query.
    while (time_ && support > 0 && begin < rows.size() && rank_at(rows, begin) == rank_at(rows, support - 1))
      ++begin;
    if (begin >= rows.size()) {
      ++result_.too_short;
      return;
    }
    const std::size_t base = append(rows);
    TableTask task;
    task.key = key;
    task.support_begin = base;
    task.support_end = base + support;
    task.query_begin = base + begin;
    task.query_end =
        base + (options_.query > 0 ? std::min(rows.size(), begin + static_cast<std::size_t>(options_.query))
                                   : rows.size());
    add(std::move(task), key);
  }

  std::size_t append(const std::vector<std::int32_t>& rows) {
    const std::size_t base = result_.order.size();
    result_.order.insert(result_.order.end(), rows.begin(), rows.end());
    return base;
  }

  void add(TableTask task, const std::string& key) {
    task.id = id_of(task.key);
    if (phases_ == Phases::all_test) {
      task.phase = Phase::test;
    } else if (options_.split.by == "time") {
      const auto rank = [&](std::size_t i) {
        return time_->rank(static_cast<std::size_t>(result_.order[i]));
      };
      const auto phase_at = [&](std::int32_t r) {
        return r < validation_from_ ? Phase::train : r < test_from_ ? Phase::validation : Phase::test;
      };
      task.phase = phase_at(rank(task.query_begin));
      if (phase_at(rank(task.query_end - 1)) != task.phase) {
        ++result_.straddling;
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
  const std::vector<bool>& usable_;
  Phases phases_;
  std::uint64_t seed_;
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

TaskRows make_task_rows(const ColumnStore& table, const TableOptions& options,
                        const std::vector<bool>& usable, Phases phases, std::uint64_t seed) {
  return Builder(table, options, usable, phases, seed).build();
}

}  // namespace shoal
