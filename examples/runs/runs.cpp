// SPDX-License-Identifier: Apache-2.0
// Does what `shoal train`, `adapt` and `predict` do: writes the same files, and has the predictions in
// memory. docs/library.md shows this file.
//
//   example-runs clients.toml FOLDER new-clients.csv
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <string>

#include <shoal/shoal.hpp>

namespace {

/// The fewest digits that read back to the same number, as in the files.
std::string digits(float value) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

void run(const std::filesystem::path& configuration, const std::filesystem::path& folder,
         const std::filesystem::path& new_clients) {
  const shoal::RunConfig config = shoal::load_config(configuration, {"train.tasks_per_batch=8"});
  shoal::TrainRunOptions options;
  options.observer = [](const shoal::TrainMetrics& metrics) {
    if (metrics.iteration % 10 == 0)
      std::fprintf(stderr, "%lld: query loss %g\n", static_cast<long long>(metrics.iteration),
                   metrics.query_loss);
  };
  options.notify = [](const shoal::Notice& notice) { std::fprintf(stderr, "%s\n", notice.text.c_str()); };
  shoal::require_few_failures(shoal::train_run(config, folder / "run", options));

  const shoal::Run run = shoal::Run::open(folder / "run");
  const shoal::AdaptedModels adapted = run.adapt(new_clients);
  shoal::write_adapted(folder / "adapted.safetensors", adapted);
  run.write_predictions(folder / "predictions.csv", new_clients);
  const shoal::Predictions predictions = run.predict(adapted, new_clients);
  for (std::size_t row = 0; row < predictions.task.size(); ++row)
    std::printf("%s,%lld,%s\n", predictions.task[row].c_str(), static_cast<long long>(predictions.row[row]),
                digits(static_cast<float>(predictions.output[row])).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: example-runs CONFIG FOLDER TABLE\n"), 2;
  try {
    run(argv[1], argv[2], argv[3]);
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.exit_code();
  }
}
