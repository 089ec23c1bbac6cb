// SPDX-License-Identifier: Apache-2.0
// A first program about meta-learning, step by step: a thousand tasks, a linear model, a training loop, the
// test loss of every task, then one new task that is adapted and tested.
//
// All its tasks are the same function, y = x sin x with x ~ N(0, 1). The function is even, so the best line
// is the constant e^{-1/2} = 0.606531, with mean squared error 0.335123 for every task. There is nothing to
// adapt to, and the program shows that. examples/article/window.toml is a variant in which adaptation helps.
#include <cstdio>

#include <shoal/shoal.hpp>

int main() {
  const shoal::Context context;
  // 1. The tasks: ten points to adapt on and ten to test on.
  const auto source = shoal::make_xsinx({.seed = 7, .support = 10, .query = 10});

  // 2. A linear model, adapted by one gradient step of 0.01, meta-trained by Adam.
  shoal::MetaLearner learner(context, {.model = {.inputs = 1, .hidden = {}, .outputs = 1},
                                       .algorithm = shoal::Maml{{.steps = 1, .learning_rate = 0.01}},
                                       .optimizer = {.learning_rate = 0.01},
                                       .seed = 7});

  // 3. Meta-training on a thousand tasks, again and again.
  const shoal::TaskBatch tasks = source->sample(shoal::Phase::train, 0, 1000);
  for (int epoch = 1; epoch <= 1000; ++epoch) {
    const auto result = learner.meta_step(tasks);
    if (epoch % 200 == 0)
      std::printf("epoch %4d: mean query loss %.6f\n", epoch, static_cast<double>(result.mean_query_loss));
  }

  // 4. The test loss of each task, after adaptation.
  const int one_step[] = {1};
  const auto losses = learner.evaluate(tasks, one_step);
  for (std::size_t t = 0; t < 5; ++t)
    std::printf("task %zu: test loss %.6f\n", t, static_cast<double>(losses.loss[t]));
  const auto row = shoal::summarize(losses, tasks.ids())[0];
  std::printf("all %lld tasks: mean %.6f, the worst hundredth above %.6f\n",
              static_cast<long long>(row.tasks), row.mean, row.q99);

  // 5. One new task: adapt, then test.
  const shoal::TaskBatch fresh = source->evaluation(shoal::Phase::test, 1);
  const auto adapted = learner.adapt(fresh, 1);
  const auto tested = learner.evaluate(fresh, one_step);
  std::printf("new task: slope %.6f, constant %.6f, test loss %.6f\n", static_cast<double>(adapted.phi[0]),
              static_cast<double>(adapted.phi[1]), static_cast<double>(tested.loss[0]));
  std::printf("learned start: slope %.6f, constant %.6f (best line: 0, 0.606531)\n",
              static_cast<double>(learner.parameters().theta[0]),
              static_cast<double>(learner.parameters().theta[1]));
}
