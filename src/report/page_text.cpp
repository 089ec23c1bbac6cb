// SPDX-License-Identifier: Apache-2.0
#include "report/page_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <shoal/quoted_text.hpp>

namespace shoal::report {

std::string escaped(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  return result;
}

std::string name_text(std::string_view name) {
  return printable(name, longest_name);
}

std::string fixed_text(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  char text[400];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits);
  std::string result(text, end);
  const bool is_zero = result.find_first_not_of("-0.") == std::string::npos;
  return is_zero && result.front() == '-' ? result.substr(1) : result;
}

std::string number_text(double value) {
  const double size = std::fabs(value);
  if (!std::isfinite(value)) return "-";
  if (value == 0.0) return "0";
  if (size >= 1e7 || size < 1e-4) {
    char text[64];
    const auto [end, error] =
        std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, 2);
    return std::string(text, end);
  }
  if (size >= 1000.0) return fixed_text(value, 0);
  if (size >= 100.0) return fixed_text(value, 1);
  if (size >= 10.0) return fixed_text(value, 2);
  return fixed_text(value, size >= 0.01 ? 4 : 5);
}

std::string number_text(const std::optional<double>& value) {
  return value ? number_text(*value) : "-";
}

std::string count_text(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (auto place = static_cast<std::ptrdiff_t>(digits.size()) - 3; place > (count < 0 ? 1 : 0); place -= 3)
    digits.insert(static_cast<std::size_t>(place), ",");
  return digits;
}

std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
  return count_text(count) + " " + std::string(count == 1 ? one : many);
}

std::string percent_text(double share) {
  return std::isfinite(share) ? fixed_text(100.0 * share, 2) + " %" : "-";
}

std::string p_text(double p) {
  if (!std::isfinite(p)) return "-";
  return p < 0.001 ? "< 0.001" : fixed_text(p, p < 0.0995 ? 4 : 3);
}

std::string shown(const Value& value, Show show) {
  if (const auto* count = std::get_if<std::int64_t>(&value)) return count_text(*count);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const auto* number = std::get_if<double>(&value);
  if (!number) return "-";
  if (show == Show::percent) return percent_text(*number);
  if (show == Show::p_value) return p_text(*number);
  return number_text(*number);
}

}  // namespace shoal::report
