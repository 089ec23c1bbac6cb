// SPDX-License-Identifier: Apache-2.0
#include "io/own_files.hpp"

#include <string_view>
#include <vector>

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view own_names[] = {"model.safetensors", "metrics.jsonl", "run.json", "train.log",
                                          "lock"};

/// The files of a folder that Shoal writes, including temporary ones.
std::vector<fs::path> own_files(const fs::path& run) {
  std::vector<fs::path> found;
  if (!fs::is_directory(run)) return found;
  const auto is_own = [](std::string_view name) {
    for (const std::string_view own : own_names)
      if (name == own || name.starts_with(std::string(own) + ".tmp.")) return true;
    return name.starts_with("checkpoint-");
  };
  for (const fs::path& folder : {run, run / "checkpoints"}) {
    if (!fs::is_directory(fs::symlink_status(folder == run ? run / "." : folder))) continue;
    for (const auto& entry : fs::directory_iterator(folder))
      if (is_own(entry.path().filename().string())) found.push_back(entry.path());
  }
  return found;
}

}  // namespace

ResourceError not_own_file(const fs::path& file, bool is_link) {
  return ResourceError(file.string() + (is_link ? ": is a symbolic link" : ": is not a regular file") +
                       "; the files that Shoal writes in a run folder must be regular files of that folder");
}

void require_own_files(const fs::path& run) {
  const fs::path checkpoints = run / "checkpoints";
  const fs::file_status folder = fs::symlink_status(checkpoints);
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw not_own_file(checkpoints, fs::is_symlink(folder));
  for (const fs::path& file : own_files(run)) {
    const fs::file_status status = fs::symlink_status(file);
    if (!fs::is_regular_file(status)) throw not_own_file(file, fs::is_symlink(status));
  }
}

void remove_temporaries(const fs::path& run) {
  for (const fs::path& file : own_files(run))
    if (file.filename().string().find(".tmp.") != std::string::npos) fs::remove(file);
}

}  // namespace shoal
