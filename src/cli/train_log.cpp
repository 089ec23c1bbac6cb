// SPDX-License-Identifier: Apache-2.0
#include "cli/train_log.hpp"

#include <ctime>
#include <fstream>

#include <shoal/error.hpp>

namespace shoal::cli {

void TrainLog::line(const std::string& text) const {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
  std::ofstream stream(file_, std::ios::app);
  stream << stamp << "  " << text << std::endl;
  if (!stream) throw ResourceError(file_.string() + ": writing failed");
}

}  // namespace shoal::cli
