// SPDX-License-Identifier: Apache-2.0
// Configurations in TOML. What could be read is printed and read again.
#include "cli/config/config_file.hpp"
#include "fuzz/fuzz_input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  fuzz::allow({fuzz::usage}, [&] {
    cli::ConfigDraft draft;
    cli::read_config({reinterpret_cast<const char*>(data), size}, "input.toml", "", draft);
    const std::string printed = cli::print_config(cli::finished(draft));
    cli::ConfigDraft again;
    cli::read_config(printed, "printed.toml", "", again);
    fuzz::require(cli::print_config(cli::finished(again)) == printed,
                  "a configuration that does not read back");
  });
  return 0;
}
