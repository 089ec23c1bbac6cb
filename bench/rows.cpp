// SPDX-License-Identifier: Apache-2.0
#include "rows.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <regex>
#include <type_traits>
#include <utility>

#include <shoal/shoal.hpp>

#include "shapes.hpp"

namespace shoal::bench {
namespace {

constexpr std::int64_t gradient_batches[] = {25, 256, 1024, 8192, 65536};
constexpr std::int64_t iteration_batches[] = {25, 1024};
// A row takes turns through several batches. Together they have at least so many bytes that they exceed the
// caches which fresh tasks would miss (H100: 50 MB of L2), at most a share of the memory, and not more turns
// than a training run would have different batches.
constexpr double least_turned_bytes = 128e6, most_share_of_memory = 0.125;
constexpr double fewest_turns = 2.0, most_turns = 1024.0;
// Limits of the work of one call; longer calls would show nothing new. They follow from data sheets and
// operation counts, never from a measurement, so that a machine always has the same rows. A core does about
// 1e11 operations per second, the reference 1e9.
constexpr double most_seconds_at_peak = 0.5, most_flops_a_thread = 6e10, most_reference_flops = 4e9;
constexpr std::int64_t quick_large_batch = 1024;
// of a call with scalar arithmetic, which the reference also has
constexpr double most_quick_scalar_flops = 1e9;
constexpr int iterations_a_call = 16;  // of train(), whose beginning and end are not part of an iteration

enum class Work { meta_gradient, meta_step, train };
constexpr const char* work_names[] = {"meta_gradient", "meta_step", "train"};

struct Row {
  const Shape* shape;
  std::int64_t tasks;
  Work work;

  RowName name(const Context& context) const {
    return {std::string(context.backend_name()), std::string(shape->name), tasks,
            work_names[static_cast<int>(work)]};
  }
  double flops() const { return static_cast<double>(tasks) * shape->flops_per_task(); }
};

int first_failure = 0;

std::size_t turns_of(const Row& row) {
  const double bytes = static_cast<double>(row.tasks) * row.shape->input_bytes(sizeof(float));
  return static_cast<std::size_t>(std::clamp(least_turned_bytes / bytes + 1.0, fewest_turns, most_turns));
}

/// The batches that a row takes turns through, the same for every backend. They are kept until another row
/// asks.
const std::vector<TaskBatch>& inputs_of(const Row& row) {
  static std::vector<TaskBatch> kept;
  static const Shape* shape = nullptr;
  static std::int64_t tasks = 0;
  if (row.shape != shape || row.tasks != tasks) {
    kept.clear();
    for (std::size_t turn = 0; turn < turns_of(row); ++turn)
      kept.push_back(make_tasks(*row.shape, row.tasks, turn));
    shape = row.shape;
    tasks = row.tasks;
  }
  return kept;
}

template <class Real>
BasicMetaLearner<Real> learner_for(const Context& context, const Shape& shape) {
  // The rate is so small that the time does not depend on how long a row has trained.
  return BasicMetaLearner<Real>(context,
                                {.model = shape.model(),
                                 .loss = {.kind = shape.loss},
                                 .algorithm = Maml{InnerLoop{.steps = shape.steps, .learning_rate = 0.01}},
                                 .optimizer = {.kind = OptimizerKind::adam, .learning_rate = 1e-7},
                                 .init = {},
                                 .seed = 7});
}

void require_good(std::int64_t good, std::int64_t tasks) {
  if (good != tasks)
    throw NumericError(std::to_string(tasks - good) + " of " + std::to_string(tasks) + " tasks failed");
}

/// Adds the counters of all calls; those of the device's time only when the context has counted
/// `device_seconds`.
void count(benchmark::State& state, const Lane& lane, const Row& row, double device_seconds) {
  const auto calls = static_cast<double>(state.iterations());
  const double tasks = calls * static_cast<double>(row.tasks),
               gflop = tasks * row.shape->flops_per_task() * 1e-9;
  const double bytes =
      row.shape->input_bytes(lane.context->backend_name() == "reference" ? sizeof(double) : sizeof(float));
  const auto rate = [](double value) { return benchmark::Counter(value, benchmark::Counter::kIsRate); };
  state.counters["tasks/s"] = rate(tasks);
  state.counters["GFLOP/s"] = rate(gflop);
  state.counters["input_GB/s"] = rate(tasks * bytes * 1e-9);
  state.counters["flops/task"] = row.shape->flops_per_task();
  state.counters["input_bytes/task"] = bytes;
  if (lane.peak_gflops > 0.0) state.counters["%peak"] = rate(100.0 * gflop / lane.peak_gflops);
  if (device_seconds <= 0.0) return;
  state.counters["device_us"] = 1e6 * device_seconds / calls;
  state.counters["device_tasks/s"] = tasks / device_seconds;
  state.counters["device_GFLOP/s"] = gflop / device_seconds;
  state.counters["device_%peak"] = 100.0 * gflop / device_seconds / lane.peak_gflops;
}

template <class Real>
void time_calls(benchmark::State& state, const Lane& lane, const Row& row) {
  BasicMetaLearner<Real> learner = learner_for<Real>(*lane.context, *row.shape);
  std::vector<BasicTaskBatch<Real>> widened;
  if constexpr (std::is_same_v<Real, double>)
    for (const TaskBatch& batch : inputs_of(row)) widened.push_back(widen(batch));
  const std::vector<BasicTaskBatch<Real>>& inputs = [&]() -> const auto& {
    if constexpr (std::is_same_v<Real, double>)
      return widened;
    else
      return inputs_of(row);
  }
  ();
  const auto source = make_sinusoid({.seed = 7, .support = row.shape->rows, .query = row.shape->rows});
  std::size_t turn = 0;
  const auto call = [&] {
    const auto& tasks = inputs[turn++ % inputs.size()];
    if (row.work == Work::meta_step)
      require_good(learner.meta_step(tasks, QueryLossBefore::skip).good, row.tasks);
    else
      require_good(learner.meta_gradient(tasks, KeepFastWeights::no, QueryLossBefore::skip).good, row.tasks);
  };
  TrainOptions some_iterations;
  some_iterations.iterations = iterations_a_call;
  some_iterations.tasks_per_batch = row.tasks;
  const auto train_on_generated_tasks = [&] {
    const TrainSummary done = train(learner, *source, some_iterations);
    require_good(done.tasks_seen - done.tasks_failed, done.tasks_seen);
  };
  double device_before = 0.0;
  const auto start = [&] { device_before = lane.context->device_seconds().value_or(0.0); };
  // Warms up: touches all memory, loads the code and lets the clocks rise.
  if (row.work == Work::train) {
    train_on_generated_tasks();
    start();
    while (state.KeepRunningBatch(iterations_a_call)) train_on_generated_tasks();
  } else {
    const auto begin = std::chrono::steady_clock::now();
    call();
    if (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(200)) call();
    start();
    while (state.KeepRunning()) call();
  }
  count(state, lane, row, lane.context->device_seconds().value_or(0.0) - device_before);
}

void time_row(benchmark::State& state, const Lane& lane, const Row& row) {
  try {
    if (lane.context->backend_name() == "reference")
      time_calls<double>(state, lane, row);
    else
      time_calls<float>(state, lane, row);
  } catch (const Error& error) {
    if (first_failure == 0) first_failure = error.exit_code();
    state.SkipWithError(error.what());
  } catch (const std::bad_alloc&) {
    if (first_failure == 0) first_failure = 6;
    state.SkipWithError("out of memory");
  }
}

std::vector<Row> all_rows() {
  // in order of importance, so that a run that is cut short has the most important rows
  std::vector<Row> rows;
  for (const Shape& shape : shapes())
    for (const std::int64_t tasks : iteration_batches) {
      rows.push_back({&shape, tasks, Work::meta_step});
      if (shape.inputs == 1) rows.push_back({&shape, tasks, Work::train});
    }
  for (const Shape& shape : shapes())
    for (const std::int64_t tasks : gradient_batches) rows.push_back({&shape, tasks, Work::meta_gradient});
  return rows;
}

/// Whether a row belongs to --quick: every shape in a small and a large batch, and every other kind of work
/// once. Rows of scalar arithmetic are left out when they alone would take most of a minute.
bool is_quick(const Lane& lane, const Row& row) {
  const bool slow = lane.context->backend_name() != "cuda" && lane.context->isa() == Isa::scalar;
  if (slow && row.flops() > most_quick_scalar_flops) return false;
  const bool small = row.tasks == gradient_batches[0], large = row.tasks == quick_large_batch;
  return row.work == Work::meta_gradient ? small || large : large && row.shape == shapes().data();
}

bool fits(const Lane& lane, const Row& row) {
  const double bytes = static_cast<double>(row.tasks) * row.shape->input_bytes(sizeof(float));
  if (bytes * static_cast<double>(turns_of(row)) > most_share_of_memory * static_cast<double>(memory_bytes()))
    return false;
  if (lane.context->backend_name() == "reference") return row.flops() <= most_reference_flops;
  if (row.tasks == gradient_batches[0]) return true;
  return lane.context->backend_name() == "cpu"
             ? row.flops() <= most_flops_a_thread * lane.context->threads()
             : row.flops() * 1e-9 <= most_seconds_at_peak * lane.peak_gflops;
}

}  // namespace

RegisteredRows register_rows(const std::vector<Lane>& lanes, bool quick,
                             const std::function<void(const RowName&)>& starts) {
  RegisteredRows rows;
  for (const Row& row : all_rows())
    for (const Lane& lane : lanes) {
      const RowName name = row.name(*lane.context);
      if (!fits(lane, row)) {
        rows.too_large.push_back(name);
        continue;
      }
      if (quick && !is_quick(lane, row)) {
        rows.left_by_quick.push_back(name);
        continue;
      }
      rows.registered.push_back(name);
      benchmark::RegisterBenchmark(name.text().c_str(),
                                   [&lane, row, name, starts](benchmark::State& state) {
                                     starts(name);
                                     time_row(state, lane, row);
                                   })
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
    }
  return rows;
}

std::vector<RowName> rows_that_match(const std::vector<RowName>& rows, std::string filter) {
  const bool all_others = filter.starts_with('-');
  if (all_others) filter.erase(0, 1);
  if (filter.empty() || filter == "all") return rows;
  std::vector<RowName> matching;
  try {
    const std::regex expression(filter);
    for (const RowName& row : rows)
      if (std::regex_search(row.text() + "/real_time", expression) != all_others) matching.push_back(row);
  } catch (const std::regex_error&) {
    matching.clear();  // Google Benchmark reports the error itself
  }
  return matching;
}

int failure_of_rows() {
  return first_failure;
}

}  // namespace shoal::bench
