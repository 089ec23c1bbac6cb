// SPDX-License-Identifier: Apache-2.0
// Values of --set.
#include "config/config_file.hpp"
#include "fuzz/fuzz_input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  fuzz::allow({fuzz::usage}, [&] {
    config::ConfigDraft draft;
    config::override_config(ConfigOverride(std::string(reinterpret_cast<const char*>(data), size)), draft);
    to_toml(config::finished(draft));
  });
  return 0;
}
