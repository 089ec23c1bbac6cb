// SPDX-License-Identifier: Apache-2.0
// shoal-cpu-pairs: times two ways to do the same work on the cpu backend in turns, and reports the ratio of
// each pair.
//
//   threads   one thread and two threads, in wall seconds: how many times faster two threads are
//   ragged    tasks of 1 ... 1,000 rows (log-uniform), and as many equal tasks with the same number of rows
//   in
//             all, in processor seconds of one thread: time of the ragged ones / time of the equal ones. The
//             arithmetic is the same
//
// Other programs slow both sides of a pair alike. The result is the median over the pairs; the quartiles show
// the noise.
//
// usage: shoal-cpu-pairs [--pairs=15] [--shapes=sine_k5,credit,...] [--compare=threads,ragged] [--tasks=1024]
//
// Large shapes get fewer tasks. A group of W ragged tasks computes W times the rows of its longest task; with
// N tasks, that costs about W ln(1000) / 2N more.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <numeric>
#include <string>
#include <vector>

#include <shoal/program_environment.hpp>
#include <shoal/shoal.hpp>

#include "named_options.hpp"
#include "seconds.hpp"
#include "shapes.hpp"

namespace shoal::bench {
namespace {

constexpr double seconds_a_side = 0.2;
constexpr double flops_of_a_side = 1e11;  // limits the number of tasks of large shapes

struct Options {
  int pairs = 15;
  std::int64_t tasks = 1024;
  std::vector<std::string> shapes = {"sine_k1", "sine_k5", "market", "credit", "large", "wide"};
  std::vector<std::string> compare = {"threads", "ragged"};
};

Options parse(int argc, char** argv) {
  Options options;
  use_options(
      argc, argv,
      {{"--pairs", [&](const auto& n) { options.pairs = static_cast<int>(whole_number("--pairs", n, 1)); }},
       {"--tasks", [&](const auto& n) { options.tasks = whole_number("--tasks", n, 1); }},
       {"--shapes", [&](const auto& list) { options.shapes = parts_of(list); }},
       {"--compare", [&](const auto& list) { options.compare = parts_of(list); }}});
  return options;
}

/// One side of a pair: a learner and its tasks.
class Side {
 public:
  Side(const Shape& shape, int threads, TaskBatch tasks)
      : context_(with_environment({.backend = BackendKind::cpu, .threads = threads})),
        learner_(context_, {.model = shape.model(),
                            .loss = {.kind = shape.loss},
                            .algorithm = Maml{InnerLoop{.steps = shape.steps, .learning_rate = 0.01}},
                            .optimizer = {},
                            .init = {}}),
        tasks_(std::move(tasks)) {
    // The first calls touch memory for the first time and let the plan be chosen.
    for (int call = 0; call < 3; ++call) run();
    const double begin = seconds(CLOCK_MONOTONIC);
    run();
    calls_ = std::max(1, static_cast<int>(seconds_a_side / (seconds(CLOCK_MONOTONIC) - begin)));
  }
  int calls() const { return calls_; }
  double time(clockid_t clock, int calls) const {
    const double begin = seconds(clock);
    for (int call = 0; call < calls; ++call) run();
    return seconds(clock) - begin;
  }

 private:
  void run() const {
    if (learner_.meta_gradient(tasks_, KeepFastWeights::no, QueryLossBefore::skip).good != tasks_.size())
      throw NumericError("a task failed");
  }
  Context context_;
  MetaLearner learner_;
  TaskBatch tasks_;
  int calls_ = 1;
};

/// Makes tasks with the given numbers of support rows and of query rows.
TaskBatch tasks_with_rows(Shape shape, const std::vector<std::int64_t>& rows) {
  std::vector<std::int64_t> offsets(rows.size() + 1, 0), ids(rows.size());
  std::partial_sum(rows.begin(), rows.end(), offsets.begin() + 1);
  std::iota(ids.begin(), ids.end(), std::int64_t{0});
  shape.rows = static_cast<int>(offsets.back());
  const TaskBatch one = make_tasks(shape, 1, 1);
  const auto cut = [&](const TaskSet<float>& set) {
    return TaskSetStorage<float>{{set.x.begin(), set.x.end()}, {set.y.begin(), set.y.end()}, {}, {}, offsets};
  };
  return TaskBatch::own(one.columns(), cut(one.support()), cut(one.query()), ids);
}

/// Numbers of rows, log-uniform from 1 to 1,000, the same on every machine.
std::vector<std::int64_t> ragged_rows(std::int64_t tasks) {
  std::vector<std::int64_t> rows;
  for (std::int64_t t = 0; t < tasks; ++t) {
    const double u = std::fmod(0.5 + 0.6180339887498949 * static_cast<double>(t), 1.0);
    rows.push_back(std::clamp<std::int64_t>(std::llround(std::pow(1000.0, u)), 1, 1000));
  }
  return rows;
}
std::vector<std::int64_t> equal_rows(const std::vector<std::int64_t>& ragged) {
  const auto tasks = static_cast<std::int64_t>(ragged.size());
  const std::int64_t all = std::accumulate(ragged.begin(), ragged.end(), std::int64_t{0});
  std::vector<std::int64_t> rows(ragged.size(), all / tasks);
  for (std::int64_t t = 0; t < all % tasks; ++t) ++rows[static_cast<std::size_t>(t)];
  return rows;
}

/// Times both sides in turns, and returns the sorted ratios first / second.
std::vector<double> ratios(const Side& first, const Side& second, clockid_t clock, int pairs) {
  const int calls = std::max(first.calls(), second.calls());
  std::vector<double> result;
  for (int pair = 0; pair < pairs; ++pair) {
    const double a = first.time(clock, calls);
    result.push_back(a / second.time(clock, calls));
  }
  std::sort(result.begin(), result.end());
  return result;
}

void print(const std::string& shape, std::int64_t tasks, const std::string& what,
           const std::vector<double>& sorted) {
  const std::size_t n = sorted.size();
  std::printf("%-8s %6lld tasks  %-28s median %5.3f   quartiles %5.3f ... %5.3f   %zu pairs\n", shape.c_str(),
              static_cast<long long>(tasks), what.c_str(), sorted[n / 2], sorted[n / 4],
              sorted[n - 1 - n / 4], n);
  std::fflush(stdout);
}

void run(const Options& options) {
  for (const std::string& what : options.compare)
    for (const std::string& name : options.shapes) {
      const Shape& shape = shape_named(name);
      const auto bounded = [&](std::int64_t most, double rows_ratio) {
        const double fitting = flops_of_a_side / (shape.flops_per_task() * rows_ratio);
        return std::clamp(static_cast<std::int64_t>(fitting), std::int64_t{16}, most);
      };
      if (what == "threads") {
        const std::int64_t tasks = bounded(options.tasks, 1.0);
        const TaskBatch batch = make_tasks(shape, tasks, 1);
        print(name, tasks, "one thread / two, wall",
              ratios(Side(shape, 1, batch), Side(shape, 2, batch), CLOCK_MONOTONIC, options.pairs));
      } else if (what == "ragged") {
        // 145 is the mean number of rows
        const std::int64_t tasks = bounded(options.tasks, 145.0 / shape.rows);
        const auto rows = ragged_rows(tasks);
        print(name, tasks, "ragged / equal, processor",
              ratios(Side(shape, 1, tasks_with_rows(shape, rows)),
                     Side(shape, 1, tasks_with_rows(shape, equal_rows(rows))), CLOCK_PROCESS_CPUTIME_ID,
                     options.pairs));
      } else {
        throw InvalidArgument("--compare takes threads and ragged, not " + what);
      }
    }
}

}  // namespace
}  // namespace shoal::bench

int main(int argc, char** argv) {
  return shoal::bench::run_program("shoal-cpu-pairs",
                                   [&] { shoal::bench::run(shoal::bench::parse(argc, argv)); });
}
