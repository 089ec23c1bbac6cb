// SPDX-License-Identifier: Apache-2.0
// Tables of the tests: columns id, x, y; every task is a training task unless a test says otherwise.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

namespace shoal::testing {

inline TableOptions basic(const std::string& path) {
  TableOptions options;
  options.path = path;
  options.key = {"id"};
  options.features = {"x"};
  options.targets = {"y"};
  options.support = 2;
  options.query = 0;
  options.scale = false;
  options.split = {
      .by = "task", .train = 1.0, .validation = 0.0, .test = 0.0, .validation_from = "", .test_from = ""};
  return options;
}

/// Opens another file with the preprocessing of a model.
inline std::unique_ptr<TableSource> open_with_preprocessing(const std::string& path,
                                                            const Preprocessing& preprocessing,
                                                            TargetsNeeded needed,
                                                            TargetType target = TargetType::real) {
  TableOptions options = preprocessing.options;
  options.path = path;
  return make_table_source(options, preprocessing, target, needed, Phases::all_test, 1);
}

inline std::vector<float> values(std::span<const float> of) {
  return {of.begin(), of.end()};
}

}  // namespace shoal::testing
