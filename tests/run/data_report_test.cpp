// SPDX-License-Identifier: Apache-2.0
// The report about data, as sentences and as JSON.
// Covers open_tasks, opened_data, task_names.
#include <shoal/data_report.hpp>

#include <gtest/gtest.h>

#include <shoal/error.hpp>
#include <shoal/open_tasks.hpp>

#include "run/clients.hpp"

namespace shoal {
namespace {

TEST(DataReport, SaysNothingOfNothing) {
  EXPECT_EQ(left_out_json(LeftOut{}), "null");
  EXPECT_TRUE(left_out_lines(LeftOut{}).empty());
  EXPECT_EQ(scaling_json(Preprocessing{}), "null");
  EXPECT_TRUE(scaling_lines(Preprocessing{}).empty());
}

TEST(DataReport, CountsByRule) {
  LeftOut left;
  left.rows(LeftOutRule::too_few) = 3;
  left.rows(LeftOutRule::tie) = 1;
  left.keys = 2;
  left.example = "A/\"B\"";
  left.unknown_categories = {"grade=z"};
  EXPECT_EQ(left_out_json(left),
            R"({"rows":4,"rows_by_rule":{"too_few":3,"tie":1},"keys":2,"example":"A/\"B\"",)"
            R"("unknown_categories":["grade=z"]})");
  EXPECT_EQ(
      left_out_lines(left),
      (std::vector<std::string>{"left out: 3 rows of 2 keys with too few rows for a task, e.g. \"A/\"B\"\"",
                                "left out: 1 row at the time of the last support row, on neither side",
                                "1 category that no meta-train row had; its inputs are 0, e.g. grade=z"}));
}

TEST(DataReport, NamesScaledTargetsAndConstantFeatures) {
  Preprocessing preprocessing;
  preprocessing.options.targets = {"spent"};
  preprocessing.target_units = {{1250.5}, {0.25}};
  preprocessing.constant = {"a", "b", "c", "d", "e", "f"};
  EXPECT_EQ(scaling_json(preprocessing),
            R"({"targets":{"spent":{"mean":1250.5,"deviation":0.25}},"constant":["a","b","c","d","e","f"]})");
  EXPECT_EQ(scaling_lines(preprocessing),
            (std::vector<std::string>{
                "target \"spent\" is scaled by its mean 1250.5 and deviation 0.25 (tasks.scale_targets); "
                "losses and predictions are in its own units",
                "6 features are constant over the meta-train rows and not scaled: "
                "\"a\", \"b\", \"c\", \"d\", \"e\", ..."}));
}

TEST(OpenTasks, TellsWhatATrainingWould) {
  const testing::Scratch scratch;
  testing::Heard heard;
  const std::string table = testing::clients_table(scratch, "clients.csv", 4);
  const OpenedTasks tasks = open_tasks(
      testing::clients_config(
          table, {"tasks.split.train=0.9", "tasks.split.validation=0.05", "tasks.split.test=0.05"}),
      heard.notify());
  EXPECT_EQ(tasks.report.file, table);
  EXPECT_EQ(tasks.report.left_out->keys, 1);
  EXPECT_EQ(tasks.report.warnings, heard.warnings);
  EXPECT_TRUE(testing::Heard::any(heard.warnings, "tasks.split.test = 0.05 gets no task"));
  EXPECT_TRUE(testing::Heard::any(heard.notes, "left out: 2 rows of 1 key with"));
  const OpenedTasks generated = open_tasks(RunConfig{});
  EXPECT_EQ(generated.report.file, "");
  EXPECT_FALSE(generated.report.left_out);
}

}  // namespace
}  // namespace shoal
