// SPDX-License-Identifier: Apache-2.0
// Tasks out of tables: CSV or .npy with a task key, features and targets by column name
// (docs/configuration.md).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/left_out.hpp>
#include <shoal/loss.hpp>
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
      "task";  ///< "task": by shares of the tasks, keys in keyed random order; "time": by time of the query
  double train = 0.7, validation = 0.15, test = 0.15;  ///< by = "task": shares, sum 1
  std::string validation_from,
      test_from;  ///< by = "time": first time of each phase, read as the times of the file are
  bool operator==(const SplitOptions&) const = default;
};

enum class MissingPolicy { error, drop, mean };  ///< mean: mean of meta-train rows, plus an indicator column
std::string_view to_string(MissingPolicy policy);
MissingPolicy missing_from_string(std::string_view name);

/// Whether targets are standardised by mean and deviation of meta-train rows. automatic: where a deviation
/// lies outside [0.1, 10].
enum class ScaleTargets { automatic, on, off };
std::string_view to_string(ScaleTargets choice);
ScaleTargets scale_targets_from_string(std::string_view name);

/// How the text of a table is written. An .npy file has no text: of these, missing words alone matter to it.
struct TableFormat {
  std::string delimiter;  ///< between fields, one ASCII character; a blank: any run of them; empty = a comma,
                          ///< unless only semicolons, only tabs or only bars yield the columns asked for
  std::string decimal = ".";               ///< between a number's whole part and its fraction, one character
  std::string thousands;                   ///< between groups of three digits, one character; empty = none
  std::vector<std::string> units;          ///< stripped before or behind a number; "%" does not divide by 100
  std::vector<std::string> missing_words;  ///< mean "missing", beside the usual ones; numbers by their value
  int skip_rows = 0;                       ///< lines in front of the header
  std::string comment;                     ///< lines that begin with it are skipped; empty = none
  bool operator==(const TableFormat&) const = default;
};

/// As a column's name: the name (without folder) of the file that a row is in.
inline constexpr std::string_view file_column = "$file";

struct TableOptions {
  std::string path =
      {};  ///< of a file, or a pattern: `*`, `?` and `[...]` stand for files with the same columns
  TableFormat format = {};
  std::vector<std::string> key = {};  ///< columns that name the task
  std::vector<std::string> features =
      {};  ///< numeric, or text (then one-hot by the categories of meta-train)
  std::vector<std::string> categorical = {};  ///< features that are categories whatever they look like
  int max_categories = 100;                   ///< most levels with which a text feature is one by itself
  std::vector<std::string> targets = {};      ///< with softmax: one column of class labels
  std::string positive = {};                  ///< bce: which of two words in the targets counts as 1
  std::string offset = {};                    ///< column added to the network output; empty = none
  std::string time = {};  ///< orders rows; support then lies strictly before query; empty = file order
  std::string time_format =
      {};  ///< layout of times in strptime's letters; empty: one that docs/formats.md lists
  WindowOptions windows = {};
  MissingPolicy missing = MissingPolicy::error;
  SplitOptions split = {};
  int support = 10;  ///< without windows: rows per task that are support, the rest is query ...
  /// ... at most this many; 0 = all. Without time a keyed random sample of them, in time the first.
  int query = 10;
  /// The support has every class of its key, in proportion. For classes alone: labels, or targets 0 and 1;
  /// not in time.
  bool stratify = false;
  int purge = 0;      ///< rows left out between support and query when time orders them
  bool scale = true;  ///< standardise features by mean and deviation of meta-train rows
  ScaleTargets scale_targets = ScaleTargets::automatic;
  bool operator==(const TableOptions&) const = default;
};

/// What a model's input column holds: a feature's value, whether it was missing, or whether it is a category.
enum class InputKind { number, indicator, level };

/// What was learned from meta-train rows and must travel with a model, so that raw files can be used later.
struct Preprocessing {
  TableOptions options;                       ///< its path does not travel
  std::vector<std::string> inputs;            ///< names of the model's input columns, in order
  std::vector<InputKind> kinds;               ///< per input column
  std::vector<double> mean, deviation, fill;  ///< per input column
  std::map<std::string, std::vector<std::string>> categories;  ///< text features: levels in order
  std::vector<std::string> labels;  ///< class names in order: of label targets, or negative and positive word
  TargetUnits target_units;         ///< how targets were scaled
  std::vector<std::string> constant;  ///< numeric features without any deviation in meta-train rows: scale 1
};
std::string to_json(const Preprocessing& preprocessing);
/// Throws ModelError when the text is not what to_json wrote.
Preprocessing preprocessing_from_json(const std::string& text);

/// The texts of one column, one after another in one piece of memory.
class CellTexts {
 public:
  void add(std::string_view text) {
    bytes_ += text;
    ends_.push_back(bytes_.size());
  }
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t row) const {
    const std::size_t begin = row == 0 ? 0 : ends_[row - 1];
    return std::string_view(bytes_).substr(begin, ends_[row] - begin);
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

/// A finite source over one table.
class TableSource : public TaskSource {
 public:
  virtual const Preprocessing& preprocessing() const = 0;
  /// Text of the key of a task: the cell of one key column, or those of several, escaped and joined by '/'
  /// (docs/formats.md); windows add '/' and the time of the first query row.
  std::string key_of(std::int64_t task_id) const override = 0;
  /// The same column by column, without what windows add: texts of the file, as many as options.key.
  virtual std::vector<std::string> key_values(std::int64_t task_id) const = 0;
  /// The query rows of a task as rows of the table; 0 is the first after the header.
  virtual std::span<const std::int32_t> query_rows(std::int64_t task_id) const = 0;
  /// Places of tasks in the order of their keys' bytes, column by column: the windows of one key share a
  /// place, 0 is the first.
  virtual std::vector<std::size_t> key_ranks(std::span<const std::int64_t> task_ids) const = 0;
  /// Place of a row's time among all times of the table: equal times share it. 0 when no column orders rows.
  virtual std::int32_t time_rank(std::int64_t row) const = 0;
  /// Texts of a target column (0 = the first of options.targets) as they stand in the file, by row: empty
  /// where the value is missing, and everywhere when the table has no such column. Reads the file once more.
  /// Throws DataError when it has changed.
  virtual CellTexts target_texts(std::size_t target) const = 0;
  /// Text of the time column in a row of the table, as the file writes it; empty when no column orders rows.
  virtual std::string time_of(std::int64_t row) const = 0;
  virtual const LeftOut& left_out() const = 0;
  /// What was found out about the file rather than told by the options, a sentence each: its delimiter.
  virtual const std::vector<std::string>& notes() const = 0;
};

/// The files that a table's path names, by name: itself, or those that fit its pattern. Throws DataError when
/// none fits. A path that exists is never a pattern.
std::vector<std::string> table_files(const std::string& path);
/// What tells a table's files apart whatever folder they lie in: a file's name, behind the folders that the
/// pattern leaves open.
std::string table_file_name(const std::string& path, const std::string& file);

/// Which deviation targets are scaled by: none, one that all columns share (a loss that sums over columns
/// stays what it was, up to a factor), or each column by its own.
enum class TargetScaling { none, shared, own };

/// What a loss makes of a table's target columns.
struct TargetType {
  bool labels = false;                          ///< one column of names of classes; numbers are names too
  bool words = false;                           ///< two words may stand for 0 and 1 (TableOptions::positive)
  TargetScaling scaling = TargetScaling::none;  ///< how TableOptions::scale_targets scales
  TargetDomain domain = {};                     ///< of numbers

  static const TargetType real, positive, label;  ///< any finite number, numbers above 0, class labels
};
inline const TargetType TargetType::real{};
inline const TargetType TargetType::positive{.domain = Loss{.kind = LossKind::qlike}.domain()};
inline const TargetType TargetType::label{.labels = true};

/// Reads the table and fits the preprocessing on the meta-train tasks. Throws DataError with file, line and
/// column.
std::unique_ptr<TableSource> make_table_source(const TableOptions& options, const TargetType& target,
                                               std::uint64_t seed);

/// Which rows must have their targets. `everywhere`: to train and evaluate. `in_support`: to adapt and
/// predict; rows without targets are query rows whatever their time, no key is too short (a task adapts on
/// the rows that there are, and its query may be empty), windows go on to the last row. `nowhere`: to predict
/// with models that have been adapted; the same, and when the table has no target columns every row is a
/// query row. Targets that are absent are NaN, labels 0.
enum class TargetsNeeded { everywhere, in_support, nowhere };
/// Whether the split of the options applies, or every task is a test task (a model meets new data).
enum class Phases { split, all_test };
/// Applies a model's own preprocessing to a table: `options` may name other rows (path, key, time, windows,
/// split, missing), but not other columns of the model (throws InvalidArgument).
std::unique_ptr<TableSource> make_table_source(const TableOptions& options,
                                               const Preprocessing& preprocessing, const TargetType& target,
                                               TargetsNeeded needed, Phases phases, std::uint64_t seed);

}  // namespace shoal
