// SPDX-License-Identifier: Apache-2.0
#include "run/evaluation_log.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>
#include <shoal/input_file.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/run_folder.hpp>

namespace shoal {
namespace {

constexpr const char* log_name = "evaluations.jsonl";

bool in_run_folder(const std::filesystem::path& model) {
  std::error_code none;
  return model.filename() == "model.safetensors" &&
         std::filesystem::is_regular_file(model.parent_path() / "run.json", none);
}

}  // namespace

void note_evaluation(const std::filesystem::path& model, const Evaluation& evaluation,
                     const std::vector<std::string>& baselines) {
  const auto seen = std::count_if(
      evaluation.tasks.begin(), evaluation.tasks.end(),
      [](const ReportedTask& task) { return task.phase == "test" || task.phase == "held-out"; });
  if (seen == 0 || !in_run_folder(model)) return;
  const nlohmann::ordered_json line = {{"phase", evaluation.phase},
                                       {"test_tasks", seen},
                                       {"steps", evaluation.losses.steps},
                                       {"baselines", baselines}};
  try {
    append_line(model.parent_path() / log_name, printable_json(line.dump()) + "\n");
  } catch (const ResourceError&) {  // a folder that may only be read
  }
}

std::optional<std::int64_t> counted_evaluations(const std::filesystem::path& model) {
  if (!in_run_folder(model)) return std::nullopt;
  const std::filesystem::path log = model.parent_path() / log_name;
  if (!std::filesystem::exists(std::filesystem::symlink_status(log))) return 0;
  const std::string text = read_file<ResourceError>(log, Links::refused);
  return std::count(text.begin(), text.end(), '\n');
}

}  // namespace shoal
