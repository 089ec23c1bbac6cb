// SPDX-License-Identifier: Apache-2.0
// Meta-trains on sinusoids, then adapts to new tasks: the library on one page. README.md shows this file.
#include <cstdio>

#include <shoal/shoal.hpp>

int main() {
  const shoal::Context context;  // a GPU where one is usable, else every core: the same bits
  shoal::MetaLearner learner(context, {.model = {.inputs = 1, .hidden = {40, 40}, .outputs = 1},
                                       .algorithm = shoal::Maml{{.steps = 5, .learning_rate = 0.01}},
                                       .optimizer = {.learning_rate = 0.001},
                                       .seed = 7});
  const auto tasks = shoal::make_sinusoid({.seed = 7, .support = 10, .query = 10});
  shoal::train(learner, *tasks, {.iterations = 2000, .tasks_per_batch = 25});

  const shoal::TaskBatch unseen = tasks->evaluation(shoal::Phase::test, 1000);
  const int steps[] = {0, 1, 5};
  for (const auto& row : shoal::summarize(learner.evaluate(unseen, steps), unseen.ids()))
    std::printf("after %d steps: mean query loss %.3f, 99 %% of tasks below %.3f, %.1f %% failed\n",
                row.steps, row.mean, row.q99, 100.0 * row.divergence_rate);

  const shoal::FastWeights<float> adapted = learner.adapt(unseen, 5);
  const std::vector<float> predictions = learner.predict(adapted, unseen.query(), unseen.columns());
  std::printf("%zu predictions for %lld tasks\n", predictions.size(), static_cast<long long>(unseen.size()));
}
