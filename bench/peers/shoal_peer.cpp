// SPDX-License-Identifier: Apache-2.0
// Shoal's side of bench/peers: the shapes, tasks and parameters as files, and a worker that answers the line
// protocol of bench/peers/README.md, so that Shoal is measured like every other contender.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include <shoal/program_environment.hpp>
#include <shoal/shoal.hpp>

#include "../shapes.hpp"

namespace shoal::bench {
namespace {

constexpr double inner_rate = 0.01;
constexpr std::uint64_t seed = 7;

std::int64_t whole_number(const std::string& text, const char* what) {
  std::size_t read = 0;
  std::int64_t value = -1;
  try {
    value = std::stoll(text, &read);
  } catch (const std::exception&) {
    read = 0;
  }
  if (read == 0 || read != text.size() || value < 0)
    throw InvalidArgument(std::string(what) + " must be a whole number of at least 0, is \"" + text + "\"");
  return value;
}

std::string json_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return result + "\"";
}

InnerLoop inner_loop(const Shape& shape) {
  return {.steps = shape.steps, .learning_rate = inner_rate};
}

void print_shapes() {
  std::string text;
  for (const Shape& shape : shapes()) {
    std::ostringstream line;
    line.precision(17);
    line << (text.empty() ? "" : ",\n  ") << "{\"name\": " << json_text(shape.name)
         << ", \"inputs\": " << shape.inputs << ", \"hidden\": [" << shape.hidden << ", " << shape.hidden
         << "], \"outputs\": " << shape.outputs << ", \"rows\": " << shape.rows
         << ", \"steps\": " << shape.steps << ", \"activation\": " << json_text(to_string(shape.activation))
         << ", \"loss\": " << json_text(to_string(shape.loss)) << ", \"inner_rate\": " << inner_rate
         << ", \"parameters\": " << ParameterLayout(shape.model()).size()
         << ", \"flops_per_task\": " << shape.flops_per_task() << "}";
    text += line.str();
  }
  std::printf("{\"version\": %s, \"shapes\": [\n  %s\n]}\n", json_text(SHOAL_VERSION).c_str(), text.c_str());
}

void export_files(const Shape& shape, std::int64_t count, const std::string& tasks,
                  const std::string& parameters) {
  if (count < 1) throw InvalidArgument("TASKS must be at least 1");
  write_task_file(tasks, make_tasks(shape, count, 0));
  const ParameterLayout layout(shape.model());
  const MetaParameters<float> theta{initial_parameters(shape.model(), {}, seed), {}};
  write_parameters<float>(parameters, layout, RateLayout(layout, LearnedRate::none, shape.steps), theta, {});
}

/// A problem in the precision of a backend: float on cpu and cuda, double on reference.
class Problem {
 public:
  virtual ~Problem() = default;
  virtual std::int64_t tasks() const = 0;
  /// Does the work once; the result is kept for `write` until the next call.
  virtual void run(const std::string& work) = 0;
  /// Writes the result of the last `run`; of fast weights only those of the first `most` tasks.
  virtual void write(const std::string& file, std::int64_t most) const = 0;
};

template <class Real>
class ProblemIn final : public Problem {
 public:
  ProblemIn(const Context& context, const Shape& shape, std::int64_t count, const std::string& tasks,
            const std::string& parameters)
      : shape_(shape),
        exact_(context, options(shape, Maml{inner_loop(shape)})),
        first_order_(context, options(shape, Fomaml{inner_loop(shape)})) {
    const TaskBatch64 all = read_task_file(tasks);
    if (count > all.size()) throw DataError(tasks + " has fewer than " + std::to_string(count) + " tasks");
    std::vector<std::int64_t> first(static_cast<std::size_t>(count == 0 ? all.size() : count));
    for (std::size_t t = 0; t < first.size(); ++t) first[t] = static_cast<std::int64_t>(t);
    const TaskBatch64 some = all.select(first);
    if constexpr (std::is_same_v<Real, double>)
      tasks_ = some;
    else
      tasks_ = narrow(some);
    const auto theta = read_parameters<Real>(parameters, exact_.layout(), exact_.rate_layout(),
                                             MissingRates::start, inner_rate)
                           .parameters;
    exact_.set_parameters(theta);
    first_order_.set_parameters(theta);
  }

  std::int64_t tasks() const override { return tasks_.size(); }

  void run(const std::string& work) override {
    if (work == "adaptation") {
      fast_ = exact_.adapt(tasks_, shape_.steps);
      require_good(std::count(fast_.status.begin(), fast_.status.end(), TaskStatus::good));
    } else if (work == "first_order" || work == "second_order") {
      gradient_ = (work == "first_order" ? first_order_ : exact_)
                      .meta_gradient(tasks_, KeepFastWeights::no, QueryLossBefore::skip);
      require_good(gradient_.good);
    } else {
      throw InvalidArgument("unknown work \"" + work + "\": known: adaptation, first_order, second_order");
    }
    adapted_ = work == "adaptation";
  }

  void write(const std::string& file, std::int64_t most) const override {
    TensorFile content;
    const std::size_t all = exact_.layout().size();
    const auto kept = static_cast<std::size_t>(std::min(most, tasks_.size()));
    for (const TensorSpec& spec : exact_.layout().tensors()) {
      if (!adapted_) {
        content.tensors["meta_gradient." + spec.name] =
            Tensor::of(spec.shape, gradient_.theta.data() + spec.offset);
        continue;
      }
      std::vector<std::int64_t> shape = {static_cast<std::int64_t>(kept)};
      shape.insert(shape.end(), spec.shape.begin(), spec.shape.end());
      std::vector<Real> values;
      for (std::size_t t = 0; t < kept; ++t) {
        const Real* begin = fast_.phi.data() + t * all + spec.offset;
        values.insert(values.end(), begin, begin + spec.size);
      }
      content.tensors["fast." + spec.name] = Tensor::of(shape, values.data());
    }
    write_tensor_file(file, content);
  }

 private:
  static typename BasicMetaLearner<Real>::Options options(const Shape& shape, const Algorithm& algorithm) {
    return {.model = shape.model(),
            .loss = {.kind = shape.loss},
            .algorithm = algorithm,
            .optimizer = {},
            .init = {},
            .seed = seed};
  }
  void require_good(std::int64_t good) const {
    if (good != tasks_.size())
      throw NumericError(std::to_string(tasks_.size() - good) + " of " + std::to_string(tasks_.size()) +
                         " tasks failed");
  }

  const Shape& shape_;
  BasicMetaLearner<Real> exact_, first_order_;
  BasicTaskBatch<Real> tasks_;
  MetaGradient<Real> gradient_;
  FastWeights<Real> fast_;
  bool adapted_ = false;
};

std::string seconds_text(double seconds) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9f", seconds);
  return text;
}

double process_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Answers one request of the protocol with the members of a JSON object, without braces.
class Worker {
 public:
  Worker(const std::string& backend, int threads)
      : context_(with_environment({.backend = backend_from_string(backend), .threads = threads})) {}

  std::string greeting() const {
    return "\"contender\": \"shoal\", \"version\": " + json_text(SHOAL_VERSION) +
           ", \"backend\": " + json_text(context_.backend_name()) +
           ", \"threads\": " + std::to_string(context_.threads()) +
           ", \"isa\": " + json_text(to_string(context_.isa())) + ", \"detail\": " + json_text(detail());
  }

  std::string answer(const std::vector<std::string>& words) {
    const auto expect = [&](std::size_t count) {
      if (words.size() != count)
        throw InvalidArgument(words[0] + " takes " + std::to_string(count - 1) + " words, not " +
                              std::to_string(words.size() - 1));
    };
    if (words[0] == "load") {  // SHAPE COUNT PRECISION TASKS PARAMETERS
      expect(6);
      const bool in_double = context_.backend_name() == "reference";
      if (words[3] != (in_double ? "f64" : "f32"))
        throw InvalidArgument("this backend does not compute in " + words[3]);
      const Shape& shape = shape_named(words[1]);
      const std::int64_t count = whole_number(words[2], "COUNT");
      problem_.reset();
      if (in_double)
        problem_ = std::make_unique<ProblemIn<double>>(context_, shape, count, words[4], words[5]);
      else
        problem_ = std::make_unique<ProblemIn<float>>(context_, shape, count, words[4], words[5]);
      return "\"tasks\": " + std::to_string(problem_->tasks());
    }
    if (!problem_) throw InvalidArgument("load comes first");
    if (words[0] == "prepare") {  // WORK CHUNK: first touch of memory and code
      expect(3);
      require_whole_batch(words[2]);
      const auto begin = std::chrono::steady_clock::now();
      problem_->run(words[1]);
      return "\"seconds\": " + seconds_since(begin);
    }
    if (words[0] == "result") {  // WORK CHUNK MOST FILE
      expect(5);
      require_whole_batch(words[2]);
      problem_->run(words[1]);
      problem_->write(words[4], whole_number(words[3], "MOST"));
      return "\"file\": " + json_text(words[4]);
    }
    if (words[0] == "time") {  // WORK CHUNK CALLS
      expect(4);
      require_whole_batch(words[2]);
      const std::int64_t calls = whole_number(words[3], "CALLS");
      const double cpu = process_seconds();
      const auto begin = std::chrono::steady_clock::now();
      for (std::int64_t call = 0; call < calls; ++call) problem_->run(words[1]);
      const std::string wall = seconds_since(begin);
      return "\"wall\": " + wall + ", \"cpu\": " + seconds_text(process_seconds() - cpu);
    }
    throw InvalidArgument("unknown request \"" + words[0] + "\": known: load, prepare, result, time, quit");
  }

 private:
  std::string detail() const {
    for (const BackendReport& report : Context::backends(with_environment({})))
      if (report.name == context_.backend_name()) return report.detail;
    return {};
  }
  static std::string seconds_since(std::chrono::steady_clock::time_point begin) {
    return seconds_text(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  static void require_whole_batch(const std::string& chunk) {
    if (whole_number(chunk, "CHUNK") != 0)
      throw InvalidArgument("shoal cuts batches itself: CHUNK must be 0");
  }

  Context context_;
  std::unique_ptr<Problem> problem_;
};

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; std::getline(stream, word, '\t');) words.push_back(word);
  return words.empty() ? std::vector<std::string>{""} : words;
}

/// Answers every request line with one JSON line; an error is the answer to its request and ends nothing.
void work(const std::string& backend, int threads) {
  Worker worker(backend, threads);
  std::cout << "{\"ok\": true, " << worker.greeting() << "}" << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    try {
      std::cout << "{\"ok\": true, " + worker.answer(words_of(line)) + "}" << std::endl;
    } catch (const std::exception& error) {
      std::cout << "{\"ok\": false, \"error\": " + json_text(error.what()) + "}" << std::endl;
    }
  }
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "shapes") {
    print_shapes();
  } else if (words.size() == 5 && words[0] == "export") {
    export_files(shape_named(words[1]), whole_number(words[2], "TASKS"), words[3], words[4]);
  } else if (words.size() == 3 && words[0] == "work") {
    work(words[1], static_cast<int>(whole_number(words[2], "THREADS")));
  } else {
    std::fputs(
        "usage: shoal-peer shapes | export SHAPE TASKS TASK_FILE PARAMETERS_FILE | work BACKEND THREADS\n"
        "The part of bench/peers/run that knows Shoal; bench/peers/README.md has the protocol of `work`.\n",
        stderr);
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace shoal::bench

int main(int argc, char** argv) {
  try {
    return shoal::bench::run({argv + 1, argv + argc});
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "shoal-peer: error: %s\n", error.what());
    return error.exit_code();
  }
}
