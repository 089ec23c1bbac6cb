// SPDX-License-Identifier: Apache-2.0
// The metrics.jsonl of a run that is resumed at iteration 2.
#include <shoal/run_folder.hpp>

#include "fuzz/fuzz_input.hpp"
#include "support/scratch.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  static const ParameterLayout layout({.inputs = 1, .hidden = {}, .outputs = 1});
  static const RateLayout rates(layout, LearnedRate::none, 1);
  const auto open = [](StartFrom start) {
    return open_run<float>(fuzz::folder() / "run", "manifest\n", layout, rates, start);
  };
  static const bool saved = [&] {
    Checkpoint<float> checkpoint;
    checkpoint.iteration = 2;
    checkpoint.tasks_seen = 2;
    checkpoint.parameters.theta = {1.0f, 2.0f};
    checkpoint.optimizer.first = checkpoint.optimizer.second = {0.0f, 0.0f};
    checkpoint.optimizer.step = 2;
    open(StartFrom::beginning)->save(checkpoint);
    return true;
  }();
  fuzz::require(saved, "no checkpoint");
  const std::string_view log(reinterpret_cast<const char*>(data), size);
  const std::string path = fuzz::write("run/metrics.jsonl", log);
  fuzz::allow({fuzz::model}, [&] {
    fuzz::require(open(StartFrom::checkpoint)->load()->iteration == 2, "another checkpoint");
    const std::string kept = shoal::testing::read_text(path);
    fuzz::require(log.starts_with(kept) && (kept.empty() || kept.ends_with('\n')),
                  "not the first whole lines");
  });
  return 0;
}
