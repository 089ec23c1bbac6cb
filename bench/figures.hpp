// SPDX-License-Identifier: Apache-2.0
// Numbers as a person reads them.
#pragma once

#include <string>

namespace shoal::bench {

/// Three digits (two below a tenth); whole and with a comma at every thousand from 1,000 on.
std::string figure(double value);
/// With a unit: "12.3 us", "4.56 ms", "7.89 s".
std::string duration(double seconds);
/// One place behind the point, no sign.
std::string percent(double value);
/// "1 row", "2 rows", "1,234 tasks".
std::string counted(double count, const std::string& thing);

}  // namespace shoal::bench
