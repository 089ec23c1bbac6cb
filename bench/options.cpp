// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <charconv>
#include <optional>
#include <string_view>

#include <shoal/error.hpp>

namespace shoal::bench {
namespace {

std::vector<BackendKind> backends_from(std::string_view list) {
  std::vector<BackendKind> backends;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    backends.push_back(backend_from_string(list.substr(begin, end - begin)));
    if (backends.back() == BackendKind::automatic)
      throw InvalidArgument("--backends names backends, not auto");
    begin = end + 1;
  }
  return backends;
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
    else if (const auto tasks = value_of("--tasks"))
      options.tasks = number_from<std::int64_t>("--tasks", *tasks);
    else {
      options.help = options.help || argument == "--help";
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  argv[kept] = nullptr;
  return options;
}

const char* options_help() {
  return "shoal-bench: exact second-order meta-gradients and meta-iterations a second\n"
         "  --backends=cpu,cuda   these backends, or exit 6 (default: all that can run here)\n"
         "  --threads=N           threads of the cpu backend (default 0: every core)\n"
         "  --isa=NAME            its instruction set: auto, scalar, avx2, avx512\n"
         "  --sweep-plans=SHAPE   every launch plan of the cuda backend for a shape, a JSON line each, and "
         "nothing else\n"
         "  --tasks=N             tasks of a sweep (default 0: many)\n"
         "Rows are named backend/shape/tasks/work; --benchmark_filter=REGEX picks some.\n"
         "Exit codes: 0 done, 2 refused options or no such row, 5 a task failed, 6 a backend cannot run.\n\n";
}

}  // namespace shoal::bench
