// SPDX-License-Identifier: Apache-2.0
// The evidence of a small run against what Run::evaluate says of it. Covers run/evaluation_log.
#include "report/run_evidence.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include <shoal/config.hpp>
#include <shoal/report.hpp>
#include <shoal/train_run.hpp>

namespace shoal::report {
namespace {

TEST(run_evidence, is_that_of_the_evaluation) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "run-evidence";
  std::filesystem::remove_all(folder);
  RunConfig config = default_config();
  config.tasks.source = TaskSourceKind::credit_segments;
  config.loss.kind = LossKind::bce;
  config.model.hidden = {4};
  config.train.iterations = 5;
  config.train.tasks_per_batch = 4;
  config.evaluate.tasks = 30;
  config.evaluate.steps = {0, 1};
  config.evaluate.max_failed_share = 1.0;
  train_run(config, folder);
  const Evidence evidence = evidence_of_run(folder, {});
  const Evaluation expected = Run::open(folder).evaluate(
      {.steps = {0, 1, inner_loop_of(config.algorithm).steps}, .baselines = {"auto"}});
  ASSERT_EQ(evidence.models.size(), expected.models.size());
  for (std::size_t i = 0; i < evidence.models.size(); ++i) {
    EXPECT_EQ(evidence.models[i].name, expected.models[i].name);
    EXPECT_EQ(evidence.models[i].loss, expected.models[i].loss.mean);
    const ForecastLine& line = evidence.rows.lines[i];
    const OutputRows rows{evidence.rows.loss, 1, 1, evidence.rows.target, line.output};
    EXPECT_EQ(std::get<ClassificationMetrics>(loss_metrics(rows)).log_loss,
              std::get<ClassificationMetrics>(expected.models[i].metrics).log_loss);
  }
  EXPECT_EQ(evidence.rows.keys.size(), 30U);
  EXPECT_EQ(evidence.stability.features.size(), 12U);
  EXPECT_EQ(evidence.stability.scores.size(), 1U);
  EXPECT_TRUE(evidence.heterogeneity);
  EXPECT_EQ(evidence.evaluations, 0);
  EXPECT_EQ(evidence_of_run(folder, {}).evaluations, 1);  // Run::evaluate counts, and the evidence does not
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace shoal::report
