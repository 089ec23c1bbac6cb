// SPDX-License-Identifier: Apache-2.0
// shoal-cpu-layouts: compares what lanes may stand for on the cpu backend
// (docs/decisions/0006-lanes-are-units.md).
//
// Times exact second-order meta-gradients with lanes = tasks, with lanes = units and with the plan's own
// choice. They take turns within one run and are timed in processor seconds, so that other programs affect
// all of them alike. The results are medians. Between them, the program measures the peak of one core.
//
// usage: shoal-cpu-layouts [--threads=1] [--rounds=9] [--isa=auto] [--shapes=sine_k5,credit,...]
//                          [--shapes=INPUTSxHIDDENxOUTPUTSxROWSxSTEPS,...] [--tasks=1,4,25,256] [--steps=K]
//                          [--layouts=tasks,units,auto]
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <shoal/shoal.hpp>

#include "named_options.hpp"
#include "seconds.hpp"
#include "shapes.hpp"

namespace shoal::bench {
namespace {

template <class Work>
double seconds_of(Work work) {
  const double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
  work();
  return seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::unique_ptr<Context> context_with(const std::string& layout, int threads, Isa isa) {
  return std::make_unique<Context>(
      ContextOptions{.backend = BackendKind::cpu, .threads = threads, .isa = isa, .cpu_plan = layout});
}

struct Options {
  int threads = 1, rounds = 9, steps = 0;
  Isa isa = Isa::automatic;
  std::vector<std::string> shapes = {"sine_k5", "market", "credit", "large", "wide"};
  std::vector<std::int64_t> tasks = {1, 4, 25, 256};
  std::vector<std::string> layouts = {"tasks", "units", "auto"};
};

/// Returns a named shape, or reads one from numbers.
Shape shape_of(const std::string& name) {
  for (const Shape& shape : shapes())
    if (shape.name == name) return shape;
  Shape shape{name, 0, 0, 0, 0, 0, Activation::tanh, LossKind::mse};
  if (std::sscanf(name.c_str(), "%dx%dx%dx%dx%d", &shape.inputs, &shape.hidden, &shape.outputs, &shape.rows,
                  &shape.steps) != 5)
    throw InvalidArgument("no shape " + name);
  return shape;
}

Options parse(int argc, char** argv) {
  Options options;
  const auto number = [](const char* name, int& to) {
    return [name, &to](const std::string& text) { to = static_cast<int>(whole_number(name, text, 1)); };
  };
  use_options(argc, argv,
              {{"--threads", number("--threads", options.threads)},
               {"--rounds", number("--rounds", options.rounds)},
               {"--steps", number("--steps", options.steps)},
               {"--isa", [&](const auto& name) { options.isa = isa_from_string(name); }},
               {"--shapes", [&](const auto& list) { options.shapes = parts_of(list); }},
               {"--layouts", [&](const auto& list) { options.layouts = parts_of(list); }},
               {"--tasks", [&](const auto& list) {
                  options.tasks.clear();
                  for (const auto& n : parts_of(list)) options.tasks.push_back(whole_number("--tasks", n, 1));
                }}});
  return options;
}

void run(const Options& options) {
  std::vector<std::unique_ptr<Context>> contexts;
  for (const std::string& layout : options.layouts)
    contexts.push_back(context_with(layout, options.threads, options.isa));
  const Isa isa = contexts[0]->isa();
  std::printf(
      "%s, %d threads; median of %d; microseconds of processor time a task, %% of the peak of one core\n",
      std::string(to_string(isa)).c_str(), options.threads, options.rounds);
  std::printf("%-14s %6s", "shape", "tasks");
  for (const std::string& layout : options.layouts) std::printf(" %12s %6s", layout.c_str(), "%");
  std::printf(" %9s\n", "peak GF/s");
  for (const std::string& name : options.shapes) {
    Shape shape = shape_of(name);
    if (options.steps > 0) shape.steps = options.steps;
    for (const std::int64_t tasks : options.tasks) {
      const TaskBatch batch = make_tasks(shape, tasks, 1);
      std::vector<MetaLearner> learners;
      for (const auto& context : contexts)
        learners.emplace_back(
            *context,
            MetaLearner::Options{.model = shape.model(),
                                 .loss = {.kind = shape.loss},
                                 .algorithm = Maml{InnerLoop{.steps = shape.steps, .learning_rate = 0.01}},
                                 .optimizer = {},
                                 .init = {},
                                 .seed = 7});
      const double work = shape.flops_per_task() * static_cast<double>(tasks);
      const int calls = static_cast<int>(std::clamp(1e9 / work, 1.0, 1000.0));
      std::vector<std::vector<double>> seconds(learners.size());
      std::vector<double> peaks;
      for (int round = -1; round < options.rounds; ++round)
        for (std::size_t i = 0; i < learners.size(); ++i) {
          const double one = fma_peak(isa);
          const double spent = seconds_of([&] {
            for (int call = 0; call < calls; ++call)
              if (learners[i].meta_gradient(batch, KeepFastWeights::no, QueryLossBefore::skip).good != tasks)
                throw InvalidArgument("a task failed");
          });
          if (round < 0) continue;  // a warm-up round, in which all memory is touched first
          peaks.push_back(one);
          seconds[i].push_back(spent / calls);
        }
      const double best = median(peaks);
      std::printf("%-14s %6lld", name.c_str(), static_cast<long long>(tasks));
      for (const auto& layout : seconds) {
        const double call = median(layout);
        std::printf(" %12.1f %5.1f%%", call * 1e6 / static_cast<double>(tasks),
                    best > 0.0 ? 100.0 * work * 1e-9 / call / best : 0.0);
      }
      std::printf(" %9.1f\n", best);
      std::fflush(stdout);
    }
  }
}

}  // namespace
}  // namespace shoal::bench

int main(int argc, char** argv) {
  return shoal::bench::run_program("shoal-cpu-layouts",
                                   [&] { shoal::bench::run(shoal::bench::parse(argc, argv)); });
}
