// SPDX-License-Identifier: Apache-2.0
#include "cli/session.hpp"

#include <shoal/error.hpp>
#include <shoal/program_environment.hpp>
#include <shoal/table_source.hpp>
#include <shoal/version.hpp>

namespace shoal::cli {

std::string version() {
  return SHOAL_VERSION;
}

Context make_context(const RunConfig& config) {
  return Context(with_environment(
      {.backend = config.backend, .threads = config.threads, .isa = config.isa, .math = config.math}));
}

Phase phase_from_string(const std::string& name, const char* others) {
  for (const Phase phase : {Phase::train, Phase::validation, Phase::test})
    if (name == to_string(phase)) return phase;
  throw InvalidArgument("--phase " + name + ": known: train, validation, test" + others);
}

void require_parent_folder(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (!std::filesystem::is_directory(folder))
    throw ResourceError(file.string() + ": there is no folder " + folder.string());
}

void require_other_file(const std::filesystem::path& out, std::initializer_list<std::string_view> inputs) {
  if (!std::filesystem::is_regular_file(out)) return;
  for (const std::string_view input : inputs)
    for (const std::string& file :
         input.empty() ? std::vector<std::string>{} : table_files(std::string(input)))
      if (std::error_code none; std::filesystem::equivalent(out, file, none))
        throw InvalidArgument("--out " + out.string() + ": the command reads this file");
}

}  // namespace shoal::cli
