// SPDX-License-Identifier: Apache-2.0
#include "figures.hpp"

#include <cstdio>

namespace shoal::bench {
namespace {

std::string printed(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

std::string figure(double value) {
  // Each bound is the value from which rounding would give one more digit.
  if (value < 0.00995) return printed("%.2g", value);
  if (value < 0.9995) return printed("%.3f", value);
  if (value < 9.995) return printed("%.2f", value);
  if (value < 99.95) return printed("%.1f", value);
  std::string digits = printed("%.0f", value);
  for (std::size_t place = digits.size(); place > 3; place -= 3) digits.insert(place - 3, ",");
  return digits;
}

std::string duration(double seconds) {
  if (seconds < 0.9995e-3) return figure(seconds * 1e6) + " us";
  if (seconds < 0.9995) return figure(seconds * 1e3) + " ms";
  return figure(seconds) + " s";
}

std::string percent(double value) {
  return printed("%.1f", value);
}

std::string counted(double count, const std::string& thing) {
  if (count < 1000.0) return printed("%.0f ", count) + thing + (count == 1.0 ? "" : "s");
  return figure(count) + " " + thing + "s";
}

}  // namespace shoal::bench
