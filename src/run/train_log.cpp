// SPDX-License-Identifier: Apache-2.0
#include "run/train_log.hpp"

#include <ctime>

#include <shoal/quoted_text.hpp>
#include <shoal/run_folder.hpp>

namespace shoal {
namespace {

constexpr std::size_t most_characters = 2000;

}  // namespace

void TrainLog::line(const std::string& text) const {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
  append_line(file_, std::string(stamp) + "  " + printable(text, most_characters) + "\n");
}

}  // namespace shoal
