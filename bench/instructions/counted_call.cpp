// SPDX-License-Identifier: Apache-2.0
// shoal-instructions: the program whose executed instructions bench/instructions/check counts.
//
// One exact second-order meta-gradient of a benchmark shape on one thread of the cpu backend, inside
// shoal_counted_call(), where valgrind's --toggle-collect starts and stops counting. A call on tasks of one
// row comes before it, so that what is made once is not counted. SHOAL_CPU_PLAN, which the caller sets, takes
// every choice out of the plan's hands, so that the same sources execute the same instructions. Rows and
// steps are arguments, because valgrind computes fused multiply-adds one number at a time, in software: the
// larger shapes as shoal-bench has them would take minutes.
//
// usage: shoal-instructions SHAPE TASKS ROWS STEPS [ISA]    (ISA: avx2, or another that this machine has)
//        shoal-instructions --compiler     what built it: counts hold for one compiler and its flags
#include <cstdio>
#include <cstdlib>
#include <string>

#include <shoal/program_environment.hpp>
#include <shoal/shoal.hpp>

#include "bench/shapes.hpp"

extern "C" __attribute__((noinline)) std::int64_t shoal_counted_call(const shoal::MetaLearner& learner,
                                                                     const shoal::TaskBatch& tasks) {
  return learner.meta_gradient(tasks, shoal::KeepFastWeights::no, shoal::QueryLossBefore::skip).good;
}

namespace {

int number(const char* name, const char* text) {
  constexpr long most = 1'000'000;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (end == text || *end != '\0' || value < 1 || value > most)
    throw shoal::InvalidArgument(std::string(name) + " must be a number from 1 to " + std::to_string(most) +
                                 ", not " + text);
  return static_cast<int>(value);
}

std::int64_t require_good(std::int64_t good, const shoal::TaskBatch& tasks) {
  if (good != tasks.size()) throw shoal::NumericError(std::to_string(tasks.size() - good) + " tasks failed");
  return good;
}

void count(shoal::bench::Shape shape, int tasks, shoal::Isa isa) {
  const shoal::Context context(
      shoal::with_environment({.backend = shoal::BackendKind::cpu, .threads = 1, .isa = isa}));
  const shoal::MetaLearner learner(
      context, {.model = shape.model(),
                .loss = {.kind = shape.loss},
                .algorithm = shoal::Maml{shoal::InnerLoop{.steps = shape.steps, .learning_rate = 0.01}},
                .optimizer = {},
                .init = {},
                .seed = 7});
  const shoal::TaskBatch batch = shoal::bench::make_tasks(shape, tasks, 1);
  shape.rows = 1;
  const shoal::TaskBatch small = shoal::bench::make_tasks(shape, tasks, 1);
  require_good(learner.meta_gradient(small, shoal::KeepFastWeights::no, shoal::QueryLossBefore::skip).good,
               small);
  require_good(shoal_counted_call(learner, batch), batch);
  std::printf("%s\n", learner.plan(batch).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2 && std::string(argv[1]) == "--compiler") {
      std::puts(SHOAL_BUILT_BY);
      return 0;
    }
    if (argc != 5 && argc != 6) {
      std::fputs("usage: shoal-instructions SHAPE TASKS ROWS STEPS [ISA] | --compiler\n", stderr);
      return 2;
    }
    shoal::bench::Shape shape = shoal::bench::shape_named(argv[1]);
    const int tasks = number("TASKS", argv[2]);
    shape.rows = number("ROWS", argv[3]);
    shape.steps = number("STEPS", argv[4]);
    count(shape, tasks, argc == 6 ? shoal::isa_from_string(argv[5]) : shoal::Isa::avx2);
    return 0;
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "shoal-instructions: error: %s\n", error.what());
    return error.exit_code();
  }
}
