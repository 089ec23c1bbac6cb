// SPDX-License-Identifier: Apache-2.0
// Values of --set.
#include "cli/config/config_file.hpp"
#include "fuzz/fuzz_input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  fuzz::allow({fuzz::usage}, [&] {
    cli::ConfigDraft draft;
    cli::override_config({reinterpret_cast<const char*>(data), size}, draft);
    cli::print_config(cli::finished(draft));
  });
  return 0;
}
