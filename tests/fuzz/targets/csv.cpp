// SPDX-License-Identifier: Apache-2.0
// CSV tables as task sources. The first byte, a digit, chooses among configurations.
#include "fuzz/table_use.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  if (size == 0) return 0;
  const std::string path = fuzz::write("table.csv", {reinterpret_cast<const char*>(data) + 1, size - 1});
  TableOptions options;
  options.path = path;
  options.key = {"id"};
  options.features = {"x", "c"};
  options.targets = {"y"};
  options.support = 1;
  options.split = {
      .by = "task", .train = 1.0, .validation = 0.0, .test = 0.0, .validation_from = "", .test_from = ""};
  TargetType target = TargetType::real;
  switch ((data[0] + 2) % 10) {
    case 0:
      break;
    case 1:
      options.time = "t";
      options.windows = {.support = 2, .query = 1, .stride = 0, .purge = 0};
      break;
    case 2:
      options.time = "t";
      options.split.by = "time";
      options.split.validation_from = "2020-01-03";
      options.split.test_from = "2020-01-05";
      break;
    case 3:
      target = TargetType::label;
      break;
    case 4:
      options.missing = MissingPolicy::drop;
      options.offset = "o";
      break;
    case 5:
      options.missing = MissingPolicy::mean;
      options.categorical = {"c"};
      break;
    case 6:
      options.key = {"id", "c"};
      options.features = {"x"};
      options.time = "t";
      options.query = 1;
      target = TargetType::positive;
      break;
    case 7:
      options.format.delimiter = ";";
      options.format.decimal = ",";
      options.format.thousands = ".";
      options.format.units = {"EUR", "%"};
      break;
    case 8:
      options.format.skip_rows = 1;
      options.format.comment = "#";
      options.format.missing_words = {".", "-99.99"};
      options.max_categories = 1;
      break;
    default:
      options.split = {
          .by = "task", .train = 0.5, .validation = 0.3, .test = 0.2, .validation_from = "", .test_from = ""};
  }
  // A time boundary in another notation than the times of the file is an error of the configuration.
  const bool names_a_time = options.split.by == "time";
  const auto use = [&] { fuzz::use_table(options, target); };
  if (names_a_time)
    fuzz::allow({fuzz::data, fuzz::usage}, use);
  else
    fuzz::allow({fuzz::data}, use);
  return 0;
}
