// SPDX-License-Identifier: Apache-2.0
// A small table of clients and runs on it: numbers, categories, a target in thousands, and rows that are left
// out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <shoal/config.hpp>
#include <shoal/notice.hpp>
#include <shoal/train_run.hpp>

#include "support/scratch.hpp"

namespace shoal::testing {

/// Writes `clients` clients with ten rows each to a file of the folder; the last client has two rows.
inline std::string clients_table(const Scratch& scratch, const std::string& name, int clients,
                                 int first = 0) {
  std::string text = "client,month,income,grade,spent\n";
  for (int c = first; c < first + clients; ++c)
    for (int row = 0; row < (c == first + clients - 1 ? 2 : 10); ++row) {
      const int income = (c * 7 + row * 13) % 29;
      const char* grades[] = {"a", "b", "c"};
      text += "client " + std::to_string(c) + "," + std::to_string(row) + "," + std::to_string(income) + "." +
              std::to_string(row) + "," + grades[(c + row) % 3] + "," +
              std::to_string(1000 + 40 * income - 15 * c + 3 * row) + "\n";
    }
  return scratch.file(name, text);
}

/// A configuration of a small run on the table.
inline RunConfig clients_config(const std::string& table, std::vector<ConfigOverride> more = {}) {
  std::vector<ConfigOverride> overrides = {"threads=1",
                                           "backend=cpu",
                                           "tasks.source=table",
                                           "tasks.key=[\"client\"]",
                                           "tasks.features=[\"income\", \"grade\"]",
                                           "tasks.targets=[\"spent\"]",
                                           "tasks.time=month",
                                           "tasks.support=5",
                                           "tasks.query=4",
                                           "model.hidden=[6]",
                                           "algorithm.inner_steps=2",
                                           "algorithm.inner_lr=0.05",
                                           "train.iterations=20",
                                           "train.tasks_per_batch=4",
                                           "evaluate.steps=[0, 2]"};
  overrides.emplace_back("tasks.path", table, "tasks.path", true);
  overrides.insert(overrides.end(), more.begin(), more.end());
  return load_config("", overrides);
}

/// Collects the texts of notices.
struct Heard {
  std::vector<std::string> notes, warnings;

  Notify notify() {
    return [this](const Notice& notice) {
      (notice.kind == Notice::Kind::note ? notes : warnings).push_back(notice.text);
    };
  }
  static bool any(const std::vector<std::string>& texts, const std::string& part) {
    for (const std::string& text : texts)
      if (text.find(part) != std::string::npos) return true;
    return false;
  }
};

}  // namespace shoal::testing
