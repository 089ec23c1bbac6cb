// SPDX-License-Identifier: Apache-2.0
#include "data/table_options.hpp"

#include <cmath>
#include <string>
#include <unordered_set>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/table_format.hpp"

namespace shoal {
namespace {

/// Checks that every column has one role. A target that is also an input would tell the model the answer.
void validate_columns(const TableOptions& o) {
  const auto refuse = [](const std::string& name, const std::string& what) {
    throw InvalidArgument("tasks: column " + quoted_text(name) + " " + what);
  };
  const auto names_of = [&](const std::vector<std::string>& list, const std::string& key) {
    std::unordered_set<std::string> names;
    for (const std::string& name : list) {
      if (name.empty()) refuse(name, "in " + key + " has an empty name: unnamed columns cannot be asked for");
      if (!names.insert(name).second) refuse(name, "is named twice in " + key);
    }
    return names;
  };
  const auto features = names_of(o.features, "features"), targets = names_of(o.targets, "targets"),
             keys = names_of(o.key, "key");
  for (const std::string& name : o.targets) {
    if (features.contains(name)) refuse(name, "is a target and a feature");
    if (keys.contains(name)) refuse(name, "is a target and part of the key");
    if (name == o.offset) refuse(name, "is a target and the offset");
  }
  if (keys.contains(o.offset)) refuse(o.offset, "is the offset and part of the key");
  for (const std::string& name : o.categorical)
    if (!features.contains(name)) refuse(name, "is listed as categorical, but is not among the features");
}

}  // namespace

void validate(const TableOptions& o, const TargetType& target) {
  const auto require = [](bool holds, const std::string& what) {
    if (!holds) throw InvalidArgument("tasks: " + what);
  };
  require(!o.key.empty(), "source \"table\" needs a key: the column or columns that name a task");
  require(!o.features.empty(), "source \"table\" needs features");
  require(!o.targets.empty(), "source \"table\" needs targets");
  require(!target.labels || o.targets.size() == 1, "loss softmax takes one target column of class labels");
  require(o.positive.empty() || target.words,
          "positive names one of two values of a target, and only loss bce has them");
  require(o.scale_targets != ScaleTargets::on || target.scaling != TargetScaling::none,
          "scale_targets = true: the targets of this loss have no unit (mse, huber, pinball, gaussian-nll)");
  validate_columns(o);
  validate(o.format);
  require(o.windows.support >= 0 && o.windows.query >= 0 && o.windows.stride >= 0 && o.windows.purge >= 0,
          "windows: support, query, stride and purge must be at least 0");
  require(o.windows.query > 0 || o.windows.support == 0, "windows: query must be at least 1");
  require(o.support >= 0 && o.query >= 0 && o.purge >= 0, "support, query and purge must be at least 0");
  require(!o.time.empty() || o.time_format.empty(), "time_format needs a time column (tasks.time)");
  require(
      !o.stratify || o.time.empty(),
      "stratify draws the support at random, but with a time column (tasks.time) the support is the first "
      "rows in time; set one of the two");
  require(!o.stratify || o.targets.size() == 1, "stratify takes one target column: that of the classes");
  require(o.split.by == "task" || o.split.by == "time",
          "split.by must be \"task\" or \"time\", not \"" + o.split.by + "\"");
  require(o.split.purge >= 0, "split.purge must be at least 0");
  require((o.split.train_from.empty() && o.split.purge == 0) || (o.split.by == "time" && o.windows.query > 0),
          "split.train_from and split.purge are for windows that are split by time");
  if (o.split.by == "task") {
    const double sum = o.split.train + o.split.validation + o.split.test;
    require(o.split.train >= 0.0 && o.split.validation >= 0.0 && o.split.test >= 0.0 &&
                std::abs(sum - 1.0) < 1e-9,
            "split: shares of train, validation and test must be at least 0 and sum to 1");
  }
}

void validate_same_columns(const TableOptions& mine, const Preprocessing& preprocessing) {
  const TableOptions& trained = preprocessing.options;
  const auto require = [](bool same, const char* key) {
    if (!same) throw InvalidArgument(std::string("tasks.") + key + " is not what the model was trained with");
  };
  require(mine.features == trained.features, "features");
  require(mine.categorical == trained.categorical, "categorical");
  require(mine.targets == trained.targets, "targets");
  require(mine.offset == trained.offset, "offset");
  require(mine.scale == trained.scale, "scale");
  require(mine.positive == trained.positive, "positive");
  require(mine.scale_targets == ScaleTargets::automatic ||
              (mine.scale_targets == ScaleTargets::on) == preprocessing.target_units.scale(),
          "scale_targets");
}

}  // namespace shoal
