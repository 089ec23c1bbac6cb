// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <charconv>
#include <optional>
#include <string_view>

#include <shoal/error.hpp>

namespace shoal::bench {
namespace {

/// The parts of "a,b".
std::vector<std::string> parts_of(std::string_view list) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    parts.emplace_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::vector<BackendKind> backends_from(std::string_view list) {
  std::vector<BackendKind> backends;
  for (const std::string& name : parts_of(list)) {
    backends.push_back(backend_from_string(name));
    if (backends.back() == BackendKind::automatic)
      throw InvalidArgument("--backends names backends, not auto");
  }
  return backends;
}

std::vector<std::string> plans_from(std::string_view list) {
  std::vector<std::string> plans = parts_of(list);
  for (const std::string& plan : plans)
    if (plan.empty())
      throw InvalidArgument("--plans names launch plans, like generic,fixed,64x16, not \"" +
                            std::string(list) + "\"");
  return plans;
}

template <class Number>
Number number_from(std::string_view option, std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0)
    throw InvalidArgument(std::string(option) + " must be a number of at least 0, is \"" + std::string(text) +
                          "\"");
  return number;
}

constexpr std::string_view colour_option = "--benchmark_color=";

std::string chart_file(std::string_view name) {
  if (!name.ends_with(".svg"))
    throw InvalidArgument("--chart draws SVG: FILE.svg, not \"" + std::string(name) + "\"");
  return std::string(name);
}

}  // namespace

Options take_options(int& argc, char** argv) {
  Options options;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto value_of = [&](std::string_view name) -> std::optional<std::string_view> {
      if (!argument.starts_with(name)) return std::nullopt;
      if (argument.size() > name.size() && argument[name.size()] == '=')
        return argument.substr(name.size() + 1);
      if (argument.size() > name.size()) return std::nullopt;
      if (i + 1 == argc) throw InvalidArgument(std::string(name) + " needs a value");
      return argv[++i];
    };
    if (const auto list = value_of("--backends"))
      options.backends = backends_from(*list);
    else if (const auto threads = value_of("--threads"))
      options.threads = number_from<int>("--threads", *threads);
    else if (const auto isa = value_of("--isa"))
      options.isa = isa_from_string(*isa);
    else if (const auto shape = value_of("--sweep-plans"))
      options.sweep = *shape;
    else if (const auto compared = value_of("--compare-plans"))
      options.compared = *compared;
    else if (const auto plans = value_of("--plans"))
      options.plans = plans_from(*plans);
    else if (const auto tasks = value_of("--tasks"))
      options.tasks = number_from<std::int64_t>("--tasks", *tasks);
    else if (const auto chart = value_of("--chart"))
      options.chart = chart_file(*chart);
    else if (argument == "--quick")
      options.quick = true;
    else {
      if (argument.starts_with(colour_option))
        options.colour_is_named = argument.substr(colour_option.size()) != "auto";
      options.help = options.help || argument == "--help";
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  argv[kept] = nullptr;
  return options;
}

const char* options_help() {
  return R"(shoal-bench: exact second-order meta-gradients and meta-iterations a second
  --quick               under a minute: every shape and backend, 25 and 1,024
                        tasks (scalar arithmetic: small shapes only), each timed
                        briefly (--benchmark_min_time=0.05, unless another is
                        given)
  --chart=FILE.svg      draw the rows: tasks a second and shares of peak, by
                        shape and backend
  --backends=cpu,cuda   these backends, or exit 6 (default: all that can run)
  --threads=N           threads of the cpu backend (default 0: every core)
  --isa=NAME            its instruction set: auto, scalar, avx2, avx512
  --sweep-plans=SHAPE   every launch plan of the cuda backend for a shape, a
                        JSON line each, and nothing else
  --compare-plans=SHAPE some launch plans against the first of them, in turns,
                        a JSON line each, and nothing else
  --plans=A,B           those plans (default generic,fixed), as SHOAL_CUDA_PLAN
                        takes them
  --tasks=N             tasks of a sweep or a comparison (default 0: many)
What is printed is a table with a report in words, as wide as the terminal (or
COLUMNS), 100 columns at most, in colours on a terminal unless NO_COLOR is set.
The same rows with all figures, for programs: --benchmark_format=json or csv
instead of the table, --benchmark_out=FILE beside it. With
--benchmark_repetitions=N the table and the chart show medians.
Rows are named backend/shape/tasks/work; --benchmark_filter=REGEX picks some.
Exit codes: 0 done, 2 refused options or no such row, 5 a task failed,
6 a backend cannot run or a file cannot be written.

)";
}

}  // namespace shoal::bench
