// SPDX-License-Identifier: Apache-2.0
// Formats numbers for people.
#pragma once

#include <string>

namespace shoal::bench {

/// Three significant digits (two below 0.1); from 1,000 on a whole number with a comma at every thousand.
std::string figure(double value);
/// A duration with its unit: "12.3 us", "4.56 ms", "7.89 s".
std::string duration(double seconds);
/// One digit after the point, without a % sign.
std::string percent(double value);
/// "1 row", "2 rows", "1,234 tasks".
std::string counted(double count, const std::string& thing);

}  // namespace shoal::bench
