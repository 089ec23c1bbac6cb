// SPDX-License-Identifier: Apache-2.0
// Configurations in TOML. One that could be read is printed and read again.
#include "config/config_file.hpp"
#include "fuzz/fuzz_input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  fuzz::allow({fuzz::usage}, [&] {
    config::ConfigDraft draft;
    config::read_config({reinterpret_cast<const char*>(data), size}, "input.toml", "", draft);
    const std::string printed = to_toml(config::finished(draft));
    config::ConfigDraft again;
    config::read_config(printed, "printed.toml", "", again);
    fuzz::require(to_toml(config::finished(again)) == printed, "a configuration that does not read back");
  });
  return 0;
}
