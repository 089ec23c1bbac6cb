// SPDX-License-Identifier: Apache-2.0
// write_gradient: writes the meta-gradient of a learner on a task file to a file.
#include <shoal/gradient_file.hpp>

#include <gtest/gtest.h>

#include <algorithm>

#include <shoal/config.hpp>
#include <shoal/error.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/task_file.hpp>
#include <shoal/task_source.hpp>
#include <shoal/tensor_file.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

TEST(GradientFile, HoldsTheGradientOfALearner) {
  const testing::Scratch scratch;
  const std::string tasks = (scratch / "t.safetensors").string();
  const TaskBatch batch = make_sinusoid({.seed = 3})->evaluation(Phase::test, 6);
  write_task_file(tasks, batch);
  const RunConfig config = load_config("", {{"tasks.source", "file", "tasks"},
                                            {"tasks.path", tasks, "tasks", true},
                                            "backend=cpu",
                                            "threads=1",
                                            "model.hidden=[5]",
                                            "algorithm.inner_steps=2"});
  GradientOptions options;
  options.fast_weights = true;
  const GradientReport report = write_gradient(config, scratch / "g.safetensors", options);
  EXPECT_EQ(report.tasks, 6);
  EXPECT_EQ(report.good, 6);
  EXPECT_EQ(report.backend, "cpu");

  const Context context({.backend = BackendKind::cpu, .threads = 1});
  const MetaLearner learner(
      context, {.model = {.inputs = 1, .hidden = {5}, .outputs = 1}, .algorithm = Maml{{.steps = 2}}});
  const MetaGradient<float> expected = learner.meta_gradient(batch, KeepFastWeights::yes);
  TensorFile content = read_tensor_file(scratch / "g.safetensors");
  for (const TensorSpec& spec : learner.layout().tensors()) {
    const auto values = content.tensors.at("meta_gradient." + spec.name).values<float>();
    const auto begin = expected.theta.begin() + static_cast<std::ptrdiff_t>(spec.offset);
    EXPECT_TRUE(std::equal(values.begin(), values.end(), begin)) << spec.name;
    EXPECT_TRUE(content.tensors.contains("fast." + spec.name));
  }
  EXPECT_EQ(content.tensors.at("query_loss").values<float>(), expected.query_loss);
  EXPECT_EQ(report.mean_query_loss, static_cast<double>(expected.mean_query_loss));
}

TEST(GradientFile, Refuses) {
  const testing::Scratch scratch;
  EXPECT_THROW(write_gradient(RunConfig{}, scratch / "g.safetensors"), InvalidArgument);
  const std::string tasks = (scratch / "t.safetensors").string();
  write_task_file(tasks, make_sinusoid({.seed = 3})->evaluation(Phase::test, 2));
  RunConfig config;
  config.tasks.source = TaskSourceKind::file;
  config.tasks.table.path = tasks;
  EXPECT_THROW(write_gradient(config, tasks), InvalidArgument) << "the tasks would be lost";
  GradientOptions options;
  options.parameters = scratch / "nothing.safetensors";
  EXPECT_THROW(write_gradient(config, scratch / "g.safetensors", options), ModelError);
  EXPECT_FALSE(std::filesystem::exists(scratch / "g.safetensors"));
}

}  // namespace
}  // namespace shoal
