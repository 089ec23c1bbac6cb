// SPDX-License-Identifier: Apache-2.0
#include "finance/csv_line.hpp"

namespace shoal::finance {
namespace {

std::string without_blanks(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t"), end = text.find_last_not_of(" \t");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

}  // namespace

bool CsvLines::next(std::vector<std::string>& fields) {
  fields.clear();
  if (rest_.empty()) return false;
  line_ = next_line_;
  std::string field;
  bool quoted = false, was_quoted = false;
  const auto end_field = [&] {
    fields.push_back(was_quoted ? field : without_blanks(field));
    field.clear();
    was_quoted = false;
  };
  std::size_t i = 0;
  for (; i < rest_.size(); ++i) {
    const char c = rest_[i];
    if (c == '\n') ++next_line_;
    if (quoted) {
      if (c != '"') {
        field += c;
      } else if (i + 1 < rest_.size() && rest_[i + 1] == '"') {
        field += c;
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"' && without_blanks(field).empty()) {
      quoted = was_quoted = true;
      field.clear();
    } else if (c == ',') {
      end_field();
    } else if (c == '\n') {
      break;
    } else if (c != '\r' || (i + 1 < rest_.size() && rest_[i + 1] != '\n')) {
      field += c;
    }
  }
  end_field();
  rest_.remove_prefix(i < rest_.size() ? i + 1 : i);
  return true;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace shoal::finance
