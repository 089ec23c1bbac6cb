// SPDX-License-Identifier: Apache-2.0
// .npy tables as task sources.
#include "fuzz/table_use.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  TableOptions options;
  options.path = fuzz::write("table.npy", {reinterpret_cast<const char*>(data), size});
  options.key = {"c0"};
  options.features = {"c1"};
  options.targets = {"c2"};
  options.support = 1;
  options.split = {
      .by = "task", .train = 1.0, .validation = 0.0, .test = 0.0, .validation_from = "", .test_from = ""};
  fuzz::allow({fuzz::data}, [&] { fuzz::use_table(options, TargetType::real); });
  return 0;
}
