// SPDX-License-Identifier: Apache-2.0
// shoal-curves: measures time and memory of one point of a cost curve and prints them as one line of JSON
// (bench/curves/run draws the curves).
//
// It computes exact second-order meta-gradients on the cpu backend, through the public interface. Time is
// that of one call in processor seconds and wall-clock seconds: medians over blocks of calls, after untimed
// calls (first touch of memory, the trials of the plan). Memory is the largest resident size of this process
// (VmHWM) minus what was resident before the tasks were made (VmRSS; a tiny model has made the code
// resident), so that it consists of the rows of the tasks, the workspace of the threads and the results. A
// process measures one point only, because an earlier, larger one would hide its peak.
//
// usage: shoal-curves [--NAME=NUMBER ...] [--isa=auto]      the names are those of `struct Point`, below
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <shoal/program_environment.hpp>
#include <shoal/shoal.hpp>

#include "../named_options.hpp"
#include "../seconds.hpp"

namespace shoal::bench {
namespace {

/// The quantities that can be varied; the defaults are the shape `credit` of shoal-bench.
struct Point {
  int tasks = 16;
  int support = 64, query = 64;  ///< rows of a task
  int inputs = 32, width = 64, outputs = 1;
  int depth = 2;  ///< hidden layers
  int steps = 5;  ///< K
  int threads = 1;
  int milliseconds = 300;  ///< total time of the timed calls, at least
  Isa isa = Isa::automatic;
};

struct Field {
  const char* name;
  int Point::*value;
};
constexpr Field fields[] = {{"tasks", &Point::tasks},     {"support", &Point::support},
                            {"query", &Point::query},     {"inputs", &Point::inputs},
                            {"width", &Point::width},     {"outputs", &Point::outputs},
                            {"depth", &Point::depth},     {"steps", &Point::steps},
                            {"threads", &Point::threads}, {"milliseconds", &Point::milliseconds}};

Point parse(int argc, char** argv) {
  Point point;
  OptionUses uses = {{"--isa", [&](const std::string& name) { point.isa = isa_from_string(name); }}};
  for (const Field& field : fields) {
    const std::string name = std::string("--") + field.name;
    uses[name] = [&point, &field, name](const std::string& text) {
      point.*field.value = static_cast<int>(whole_number(name, text, 1));
    };
  }
  use_options(argc, argv, uses);
  return point;
}

/// Makes tasks: inputs with the variance of standard normals, labels 0 or 1.
TaskBatch make_batch(const Point& point) {
  std::mt19937_64 bits(1);
  const auto make_set = [&](int rows) {
    TaskSetStorage<float> set;
    const std::size_t all = static_cast<std::size_t>(point.tasks) * static_cast<std::size_t>(rows);
    set.x.resize(all * static_cast<std::size_t>(point.inputs));
    set.y.resize(all * static_cast<std::size_t>(point.outputs));
    for (float& x : set.x)  // uniform on +-sqrt(3)
      x = (static_cast<float>(bits() >> 40) * 0x1p-23f - 1.0f) * 1.7320508f;
    for (float& y : set.y) y = static_cast<float>(bits() >> 63);
    set.row_starts.resize(static_cast<std::size_t>(point.tasks) + 1);
    for (std::size_t t = 0; t < set.row_starts.size(); ++t)
      set.row_starts[t] = static_cast<std::int64_t>(t) * rows;
    return set;
  };
  auto support = make_set(point.support), query = make_set(point.query);
  std::vector<std::int64_t> ids(static_cast<std::size_t>(point.tasks));
  std::iota(ids.begin(), ids.end(), std::int64_t{0});
  return TaskBatch::own({point.inputs, point.outputs, 0}, std::move(support), std::move(query),
                        std::move(ids));
}

/// A line of /proc/self/status, in bytes.
long long status_bytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name + ":")) return 1024 * std::atoll(line.c_str() + name.size() + 1);
  throw ResourceError("/proc/self/status has no " + name);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

constexpr double least_warm_up = 0.1, least_block = 2e-3;  // seconds; below a block clocks are coarse

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

MetaLearner learner_for(const Context& context, const Point& point) {
  return MetaLearner(
      context, {.model = {.inputs = point.inputs,
                          .hidden = std::vector<int>(static_cast<std::size_t>(point.depth), point.width),
                          .outputs = point.outputs,
                          .activation = Activation::tanh},
                .loss = {.kind = LossKind::bce},
                .algorithm = Maml{InnerLoop{.steps = point.steps, .learning_rate = 0.01}},
                .optimizer = {},
                .init = {},
                .seed = 7});
}

void call(const MetaLearner& learner, const TaskBatch& batch) {
  const std::int64_t good = learner.meta_gradient(batch, KeepFastWeights::no, QueryLossBefore::skip).good;
  if (good != batch.size())
    throw NumericError(std::to_string(batch.size() - good) + " of " + std::to_string(batch.size()) +
                       " tasks failed");
}

/// Makes the code resident, for both layouts of lanes, so that its pages do not count as the point's memory.
void run_tiny_model(Isa isa) {
  const Context context(with_environment({.backend = BackendKind::cpu, .threads = 1, .isa = isa}));
  for (const int tasks : {1, 64}) {
    const Point tiny{.tasks = tasks, .support = 8, .query = 8, .inputs = 4, .width = 8};
    call(learner_for(context, tiny), make_batch(tiny));
  }
}

void measure(const Point& point) {
  const Context context(
      with_environment({.backend = BackendKind::cpu, .threads = point.threads, .isa = point.isa}));
  run_tiny_model(point.isa);
  const MetaLearner learner = learner_for(context, point);
  const long long baseline = status_bytes("VmRSS");
  const TaskBatch batch = make_batch(point);
  const double start = seconds(CLOCK_MONOTONIC);
  int warm_calls = 0;
  do {
    call(learner, batch);
    ++warm_calls;
  } while (seconds(CLOCK_MONOTONIC) - start < least_warm_up);
  const double guess = (seconds(CLOCK_MONOTONIC) - start) / warm_calls;
  const int calls_a_block = std::max(1, static_cast<int>(least_block / guess));

  std::vector<double> processor, wall;
  const double timed_from = seconds(CLOCK_MONOTONIC);
  do {
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), begin = seconds(CLOCK_MONOTONIC);
    for (int i = 0; i < calls_a_block; ++i) call(learner, batch);
    processor.push_back((seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / calls_a_block);
    wall.push_back((seconds(CLOCK_MONOTONIC) - begin) / calls_a_block);
  } while (seconds(CLOCK_MONOTONIC) - timed_from < 1e-3 * point.milliseconds);
  const long long peak = status_bytes("VmHWM");

  std::printf("{");
  for (const Field& field : fields) std::printf("\"%s\": %d, ", field.name, point.*field.value);
  std::printf("\"isa\": %s, \"machine\": %s, \"plan\": %s, \"parameters\": %zu, ",
              quoted(std::string(to_string(context.isa()))).c_str(), quoted(machine_name()).c_str(),
              quoted(learner.plan(batch)).c_str(), learner.layout().size());
  std::printf("\"calls\": %zu, \"cpu_seconds\": %.9g, \"wall_seconds\": %.9g, ",
              processor.size() * static_cast<std::size_t>(calls_a_block), median(processor), median(wall));
  std::printf("\"baseline_bytes\": %lld, \"memory_bytes\": %lld}\n", baseline, peak - baseline);
}

}  // namespace
}  // namespace shoal::bench

int main(int argc, char** argv) {
  return shoal::bench::run_program("shoal-curves",
                                   [&] { shoal::bench::measure(shoal::bench::parse(argc, argv)); });
}
