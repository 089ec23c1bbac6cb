// SPDX-License-Identifier: Apache-2.0
// Tables (CSV or .npy) as a source of tasks: column names give the task key, features and targets
// (docs/configuration.md).
//
// Example:
//
//   shoal::TableOptions options = {.path = "clients.csv", .key = {"client"}, .targets = {"defaulted"}};
//   options.features = {"income", "age"};
//   options.time = "month";
//   const shoal::TargetType target = shoal::targets_of({.kind = shoal::LossKind::bce});  // run_config.hpp
//   const auto table = shoal::make_table_source(options, target, 7);
//   const shoal::TaskBatch batch = table->sample(shoal::Phase::train, 0, 25);
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

/// Windows: tasks cut out of each key's rows in order of time.
struct WindowOptions {
  int support = 0, query = 0;  ///< rows per window; query 0 = no windows, one task per key
  int stride = 0;              ///< rows from the start of a window to that of the next; 0 = query
  int purge = 0;               ///< rows left out between support and query
  bool operator==(const WindowOptions&) const = default;
};

/// Which tasks are for meta-training, meta-validation and meta-test.
struct SplitOptions {
  /// "task": by shares of the tasks, whose keys are put in a random order that depends on the seed;
  /// "time": by the times of the query rows.
  std::string by = "task";
  double train = 0.7, validation = 0.15, test = 0.15;  ///< by = "task": shares of the tasks, with sum 1
  /// The first time of each phase, written like the times of the file. With by = "task" they are optional:
  /// with test_from, the rows of meta-train and validation keys end there (those of meta-train keys at
  /// validation_from, where it is given), and query rows of validation and test keys lie in the phase's
  /// period.
  std::string validation_from, test_from;
  /// by = "time" with windows: no row of a meta-train task is earlier. Empty = no limit.
  std::string train_from = {};
  /// by = "time" with windows: so many rows of a key before test_from are in no meta-train and no validation
  /// task, because their targets were not known yet at that time.
  int purge = 0;
  bool operator==(const SplitOptions&) const = default;
};

/// mean: the mean of meta-train rows replaces the value, and an indicator column tells so; rows whose key is
/// missing share one key (missing_key)
enum class MissingPolicy { error, drop, mean };
std::string_view to_string(MissingPolicy policy);
/// Throws InvalidArgument with the list of known names.
MissingPolicy missing_from_string(std::string_view name);

/// Whether targets are standardised by the mean and deviation of meta-train rows. `automatic` does so when a
/// deviation is outside [0.1, 10].
enum class ScaleTargets { automatic, on, off };
std::string_view to_string(ScaleTargets choice);
/// Throws InvalidArgument with the list of known names.
ScaleTargets scale_targets_from_string(std::string_view name);

/// How the text of a table is written. An .npy file has no text, so only `missing_words` matters for it.
struct TableFormat {
  /// Character between fields (ASCII); a blank stands for any number of blanks. Empty = a comma, unless only
  /// semicolons, only tabs or only bars give the columns asked for.
  std::string delimiter;
  std::string decimal = ".";  ///< character between a number's whole part and its fraction
  std::string thousands;      ///< character between groups of three digits; empty = none
  /// texts that may stand before or after a number; "%" does not divide by 100
  std::vector<std::string> units;
  /// words for "missing" beside the usual ones; a number is compared by value
  std::vector<std::string> missing_words;
  int skip_rows = 0;    ///< number of lines before the header
  std::string comment;  ///< lines that begin with this text are skipped; empty = none
  bool operator==(const TableFormat&) const = default;
};

/// What stands for a missing value in the text of a key.
inline constexpr std::string_view missing_key = "(missing)";

/// As a column name: the name of the file that a row is in, without its folder.
inline constexpr std::string_view file_column = "$file";

struct TableOptions {
  /// Path of a file, or a pattern with `*`, `?` and `[...]` for several files with the same columns.
  std::string path = {};
  TableFormat format = {};
  std::vector<std::string> key = {};  ///< columns whose texts together name a row's task
  /// Feature columns: numbers, or texts, which become one input per category of the meta-train rows.
  std::vector<std::string> features = {};
  std::vector<std::string> categorical = {};  ///< features that are categories even if they look like numbers
  /// a text feature with more different texts is an error, unless `categorical` lists it
  int max_categories = 100;
  std::vector<std::string> targets = {};  ///< target columns; softmax takes one column of class labels
  std::string positive = {};              ///< bce: when the targets are two words, the one that counts as 1
  /// column of the output offset, which is added to the network output; empty = none
  std::string offset = {};
  /// Column that orders the rows; support rows are then strictly earlier than query rows. Empty = file order.
  std::string time = {};
  /// Format of the times, in the letters of strptime. Empty = one of the formats that docs/formats.md
  /// lists.
  std::string time_format = {};
  WindowOptions windows = {};
  MissingPolicy missing = MissingPolicy::error;
  SplitOptions split = {};
  /// Keys (as TableSource::key_of gives them, without what windows add) whose tasks are in Phase::held_out
  /// and in no other phase: training, scalers, categories and shares do not see them. With split.test_from,
  /// their query rows lie in the test period.
  std::vector<std::string> hold_out = {};
  int support = 10;  ///< without windows: number of support rows per task; the rest is query ...
  /// ... but at most this many rows; 0 = all. Of more rows, tasks without time take a random sample that
  /// depends on the seed, tasks with time the first ones.
  int query = 10;
  /// Choose support rows of every class of the key, in proportion. Only for classes (labels, or targets 0 and
  /// 1), and not with time.
  bool stratify = false;
  int purge = 0;      ///< with time: rows left out between support and query
  bool scale = true;  ///< standardise features by the mean and deviation of meta-train rows
  ScaleTargets scale_targets = ScaleTargets::automatic;
  bool operator==(const TableOptions&) const = default;
};

/// What an input column of the model holds: the value of a feature, an indicator (1 where a value was
/// missing), or a level (1 where a row has that category).
enum class InputKind { number, indicator, level };

/// What was learned from meta-train rows. It is stored with the model, so that the model can be used on raw
/// files.
struct Preprocessing {
  TableOptions options;                       ///< stored without its path
  std::vector<std::string> inputs;            ///< names of the model's input columns, in order
  std::vector<InputKind> kinds;               ///< per input column
  std::vector<double> mean, deviation, fill;  ///< [inputs]; `fill` replaces missing values
  std::map<std::string, std::vector<std::string>> categories;  ///< text features: their levels, in order
  /// class names in order: of label targets, or the negative and the positive word
  std::vector<std::string> labels;
  TargetUnits target_units;  ///< how targets were scaled
  /// numeric features that have one value in all meta-train rows; their scale is 1
  std::vector<std::string> constant;
};
std::string to_json(const Preprocessing& preprocessing);
/// Reads what to_json wrote. Throws ModelError for another text.
Preprocessing preprocessing_from_json(const std::string& text);

/// The texts of one column, in one piece of memory.
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
  /// The key of a task as text: the cell of the key column, or the cells of several, escaped and joined by
  /// '/' (docs/formats.md). With windows, '/' and the time of the first query row follow.
  std::string key_of(std::int64_t task_id) const override = 0;
  /// The cells of the key columns, [options.key], as the file writes them.
  virtual std::vector<std::string> key_values(std::int64_t task_id) const = 0;
  /// The query rows of a task as row numbers of the table; row 0 is the first after the header.
  virtual std::span<const std::int32_t> query_rows(std::int64_t task_id) const = 0;
  /// The support rows of a task in the same way.
  virtual std::span<const std::int32_t> support_rows(std::int64_t task_id) const = 0;
  /// The rank of each task's key among the keys of these tasks, compared byte by byte, column by column; the
  /// smallest has rank 0. The windows of one key have the same rank.
  virtual std::vector<std::size_t> key_ranks(std::span<const std::int64_t> task_ids) const = 0;
  /// The rank of a row's time among all times of the table; equal times have equal ranks. 0 without a time
  /// column.
  virtual std::int32_t time_rank(std::int64_t row) const = 0;
  /// The texts of a target column (0 = the first of options.targets), [rows], as the file writes them. A text
  /// is empty where the value is missing, and all are when the table has no such column. Reads the file
  /// again, and throws DataError when it has changed.
  virtual CellTexts target_texts(std::size_t target) const = 0;
  /// The text of the time column in a row, as the file writes it; empty without a time column.
  virtual std::string time_of(std::int64_t row) const = 0;
  virtual const LeftOut& left_out() const = 0;
  /// What the source detected in the file because the options do not say it, one sentence each: the
  /// delimiter.
  virtual const std::vector<std::string>& notes() const = 0;
};

/// The files that a table's path names, in order of name: the file itself, or those that match the pattern. A
/// path that exists is never a pattern. Throws DataError when no file matches.
std::vector<std::string> table_files(const std::string& path);
/// The name of one of a table's files, without the folder that all of them are in. When the pattern has
/// wildcards for folders, the name includes those folders.
std::string table_file_name(const std::string& path, const std::string& file);

/// The deviation by which targets are scaled: none; one for all columns, so that a loss that sums over
/// columns keeps its value up to a factor; or each column's own.
enum class TargetScaling { none, shared, own };

/// How a table's target columns are read.
struct TargetType {
  bool labels = false;  ///< one column of class names; numbers are names too
  bool words = false;   ///< the targets may be two words instead of 0 and 1 (TableOptions::positive)
  TargetScaling scaling = TargetScaling::none;  ///< what TableOptions::scale_targets applies
  TargetDomain domain = {};                     ///< targets that are numbers must be in it

  static const TargetType real, positive, label;  ///< any finite number, numbers above 0, class labels
};
inline const TargetType TargetType::real{};
inline const TargetType TargetType::positive{.domain = Loss{.kind = LossKind::qlike}.domain()};
inline const TargetType TargetType::label{.labels = true};

/// Reads the table and fits the preprocessing to the meta-train tasks. Throws DataError, naming file, line
/// and column.
std::unique_ptr<TableSource> make_table_source(const TableOptions& options, const TargetType& target,
                                               std::uint64_t seed, Sampling sampling = Sampling::tasks);

/// Which rows must have targets. Missing targets are NaN, missing labels 0.
///
///   everywhere   for training and evaluation
///   in_support   for adaptation and prediction: rows without targets become query rows at any time, no key
///                has too few rows (its task may have few support rows and no query rows), and windows
///                continue to the last row
///   nowhere      for prediction with adapted models: as in_support, and when the table has no target
///                columns, every row is a query row
enum class TargetsNeeded { everywhere, in_support, nowhere };
/// How tasks get their phases.
///
///   split     as the options say
///   all_test  all are test tasks: a model is used on new data
///   latest    every key has one test task. Its support are the newest rows that have targets (as many as
///             windows.support, else support), its query the rows after the last of these. Older rows without
///             targets are in no task. Throws InvalidArgument without a time column, and DataError when no
///             key has a row to predict
enum class Phases { split, all_test, latest };
/// Applies the preprocessing of a trained model to a table. `options` may say how other rows become tasks
/// (path, key, time, windows, split, missing), but must keep the columns of the model. Throws InvalidArgument
/// otherwise, and DataError.
std::unique_ptr<TableSource> make_table_source(const TableOptions& options,
                                               const Preprocessing& preprocessing, const TargetType& target,
                                               TargetsNeeded needed, Phases phases, std::uint64_t seed);

}  // namespace shoal
