// SPDX-License-Identifier: Apache-2.0
// Tasks out of tables: CSV or .npy with a task key, features and targets by column name (contract.md 4).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/task_source.hpp>

namespace shoal {

/// Rows per task cut out of each key's rows in order of time.
struct WindowOptions {
  int support = 0, query = 0;  ///< rows; query 0 = no windows: one task per key
  int stride = 0;              ///< rows between the starts of consecutive windows; 0 = query
  int purge = 0;               ///< rows left out between support and query
  bool operator==(const WindowOptions&) const = default;
};

/// Which tasks are meta-train, meta-validation and meta-test.
struct SplitOptions {
  std::string by =
      "task";  ///< "task": by shares, keyed hash of the task key; "time": by calendar time of the query
  double train = 0.7, validation = 0.15, test = 0.15;  ///< by = "task": shares, sum 1
  std::string validation_from, test_from;  ///< by = "time": first time of each phase, compared as in the file
  bool operator==(const SplitOptions&) const = default;
};

enum class MissingPolicy { error, drop, mean };  ///< mean: mean of meta-train rows, plus an indicator column

struct TableOptions {
  std::string path;
  std::vector<std::string> key;       ///< columns that name the task
  std::vector<std::string> features;  ///< numeric, or text (then one-hot by the categories of meta-train)
  std::vector<std::string> targets;   ///< with softmax: one column of class labels
  std::string offset;                 ///< column added to the network output; empty = none
  std::string time;  ///< orders rows; support then lies strictly before query; empty = file order
  WindowOptions windows;
  MissingPolicy missing = MissingPolicy::error;
  SplitOptions split;
  int support = 10;   ///< without windows: rows per task that are support, the rest is query ...
  int query = 10;     ///< ... at most this many; 0 = all
  int purge = 0;      ///< rows left out between support and query when time orders them
  bool scale = true;  ///< standardise features by mean and deviation of meta-train rows
  bool operator==(const TableOptions&) const = default;
};

/// What was learned from meta-train rows and must travel with a model, so that raw files can be used later.
struct Preprocessing {
  TableOptions options;
  std::vector<std::string> inputs;            ///< names of the model's input columns, in order
  std::vector<double> mean, deviation, fill;  ///< per input column
  std::map<std::string, std::vector<std::string>> categories;  ///< text features: levels in order
  std::vector<std::string> labels;                             ///< class names in order, for label targets
};
std::string to_json(const Preprocessing& preprocessing);
/// Throws ModelError when the text is not what to_json wrote.
Preprocessing preprocessing_from_json(const std::string& text);

/// A finite source over one table.
class TableSource : public TaskSource {
 public:
  virtual const Preprocessing& preprocessing() const = 0;
  /// Text of the key of a task (columns joined by '/'; windows add the time of the first query row).
  virtual std::string key_of(std::int64_t task_id) const = 0;
};

enum class TargetType { real, label };

/// Reads the table and fits the preprocessing on the meta-train tasks. Throws DataError with file, line and
/// column.
std::unique_ptr<TableSource> make_table_source(const TableOptions& options, TargetType target,
                                               std::uint64_t seed);
/// Applies a model's own preprocessing to another file; every task is in Phase::test. Targets may be absent
/// from query rows when `targets` is Optional (predict): they are then NaN (labels: -1 is not produced, 0
/// is).
enum class QueryTargets { required, optional };
std::unique_ptr<TableSource> make_table_source(const std::string& path, const Preprocessing& preprocessing,
                                               TargetType target, QueryTargets targets, std::uint64_t seed);

}  // namespace shoal
