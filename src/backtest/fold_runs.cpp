// SPDX-License-Identifier: Apache-2.0
#include "backtest/fold_runs.hpp"

#include <algorithm>

#include <shoal/config.hpp>
#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/train_run.hpp>

#include "run/manifest.hpp"
#include "run/model_selection.hpp"
#include "run/opened_data.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// Throws ModelError unless a finished run is the one that the backtest would train now.
void require_same_run(const fs::path& run, const RunConfig& config) {
  const ModelMetadata metadata = read_metadata(model_file(run));
  const OpenedData data = open_source(config, {});
  const ModelMetadata now = metadata_of(with_validation(config, data, {}), input_hashes(config), data);
  for (const char* name : {"config", "inputs", "version"}) {
    const auto found = metadata.find(name), wanted = now.find(name);
    if (found == metadata.end() || wanted == now.end() || found->second != wanted->second)
      throw ModelError(run.string() + ": belongs to another backtest: its " + name +
                       (std::string(name) == "inputs" ? " are not" : " is not") + " the same");
  }
}

bool holds_entries(const fs::path& folder) {
  return fs::is_directory(folder) && fs::directory_iterator(folder) != fs::directory_iterator();
}

}  // namespace

std::vector<std::int64_t> seeds_of(const RunConfig& config) {
  if (!config.backtest.seeds.empty()) return config.backtest.seeds;
  return {static_cast<std::int64_t>(config.seed)};
}

RunConfig run_config_of(const Fold& fold, std::int64_t seed) {
  RunConfig config = fold.config;
  config.seed = static_cast<std::uint64_t>(seed);
  return config;
}

fs::path folder_of_run(const fs::path& folder, const Fold& fold, std::int64_t seed) {
  return folder / "folds" / fold.name / ("seed-" + std::to_string(seed));
}

void require_free_folder(const fs::path& folder, StartFrom start) {
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw ResourceError(folder.string() + ": is no folder");
  for (const char* name : {"model.safetensors", "metrics.jsonl", "checkpoints"})
    if (fs::exists(fs::symlink_status(folder / name)))
      throw InvalidArgument(folder.string() + ": already holds a run; choose another folder");
  if (start == StartFrom::checkpoint) return;
  if (holds_entries(folder / "folds") || fs::exists(fs::symlink_status(folder / "predictions.csv")) ||
      fs::exists(fs::symlink_status(folder / "backtest.json")))
    throw InvalidArgument(folder.string() +
                          ": already holds a backtest; choose another folder, or resume it");
}

bool train_folds(const fs::path& folder, const std::vector<Fold>& folds,
                 const std::vector<std::int64_t>& seeds, const BacktestOptions& options) {
  std::size_t number = 0;
  for (const Fold& fold : folds)
    for (const std::int64_t seed : seeds) {
      const fs::path run = folder_of_run(folder, fold, seed);
      const RunConfig config = with_absolute_paths(run_config_of(fold, seed));
      const std::string name = "fold " + fold.name + ", seed " + std::to_string(seed) + " (" +
                               std::to_string(++number) + " of " +
                               std::to_string(folds.size() * seeds.size()) + ")";
      if (fs::exists(run / "model.safetensors")) {
        require_same_run(run, config);
        tell_note(options.notify, name + ": is trained");
        continue;
      }
      tell_note(options.notify, name + ": training");
      TrainRunOptions train;
      train.start = options.start;
      train.stop = options.stop;
      train.stopped_by = options.stopped_by;
      train.evaluate = false;
      // what a fold's data lack has been told, before the first training
      train.notify = [&](const Notice& notice) {
        const bool told = std::find(fold.told.begin(), fold.told.end(), notice.text) != fold.told.end();
        if (notice.kind == Notice::Kind::warning && !told)
          tell_warning(options.notify, name + ": " + notice.text);
      };
      train.context = options.context;
      const TrainReport report = train_run(config, run, train);
      if (report.training.outcome == TrainOutcome::stopped) return false;
      require_few_failures(report);
    }
  return true;
}

}  // namespace shoal
