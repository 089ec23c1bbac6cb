// SPDX-License-Identifier: Apache-2.0
// Parameters files and trained models: a header, a line feed, data. The configuration, the preprocessing and
// the hashes in a model's metadata are read too.
#include <shoal/run.hpp>
#include <shoal/run_folder.hpp>

#include "fuzz/fuzz_input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  const std::string path =
      fuzz::write("model.safetensors", fuzz::tensor_file({reinterpret_cast<const char*>(data), size}));
  static const ParameterLayout layout({.inputs = 1, .hidden = {2}, .outputs = 1});
  static const RateLayout rates(layout, LearnedRate::layer, 1);
  fuzz::allow({fuzz::model}, [&] { read_parameters<float>(path, layout, rates, MissingRates::start, 0.01); });
  fuzz::allow({fuzz::model}, [&] { outputs_in(path); });
  fuzz::allow({fuzz::model}, [&] { Run::open(path); });
  return 0;
}
