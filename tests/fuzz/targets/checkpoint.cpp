// SPDX-License-Identifier: Apache-2.0
// Checkpoints of a run folder: a header, a line feed, data.
#include <shoal/run_folder.hpp>

#include "fuzz/fuzz_input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  std::filesystem::create_directories(fuzz::folder() / "run" / "checkpoints");
  fuzz::write("run/checkpoints/checkpoint-7.safetensors",
              fuzz::tensor_file({reinterpret_cast<const char*>(data), size}));
  static const ParameterLayout layout({.inputs = 1, .hidden = {2}, .outputs = 1});
  static const RateLayout rates(layout, LearnedRate::none, 1);
  fuzz::allow({fuzz::model}, [&] {
    const auto run =
        open_run<float>(fuzz::folder() / "run", "manifest\n", layout, rates, StartFrom::checkpoint);
    if (const auto checkpoint = run->load()) {
      fuzz::require(checkpoint->parameters.theta.size() == layout.size(), "parameters that do not fit");
      fuzz::require(checkpoint->iteration >= 0 && checkpoint->tasks_seen >= 0, "counters below 0");
    }
  });
  return 0;
}
