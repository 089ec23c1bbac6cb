// SPDX-License-Identifier: Apache-2.0
#include "data/delimiter.hpp"

#include <algorithm>
#include <exception>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/nearest_name.hpp>
#include <shoal/quoted_text.hpp>

#include "data/table_format.hpp"

namespace shoal {
namespace {

struct Delimiter {
  const char *character, *name, *as_written;
};
constexpr Delimiter comma = {",", "commas", "\",\""}, blank = {" ", "blanks", "\" \""};
/// The delimiters that are detected.
constexpr Delimiter found_alone[] = {
    {";", "semicolons", "\";\""}, {"\t", "tabs", "\"\\t\""}, {"|", "bars", "\"|\""}};

/// An attempt to read the header with one delimiter.
struct Attempt {
  Delimiter delimiter;
  std::unique_ptr<RowReader> reader;  ///< null when the header cannot be read with this delimiter
  std::exception_ptr error;           ///< the reason
  std::vector<std::size_t> column_indices;
  std::size_t found = 0;
  std::string missing;  ///< the first wanted column that is missing
  std::string twice;    ///< the first wanted column that occurs twice

  bool has_all() const { return reader && missing.empty(); }
};

/// Finds the wanted columns in one pass over the names.
void find_columns(Attempt& attempt, const std::vector<std::string>& wanted) {
  std::unordered_map<std::string_view, std::size_t> place_of;
  for (const std::string& name : wanted) place_of.emplace(name, no_column);
  const std::vector<std::string>& names = attempt.reader->names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto at = names[i].empty() ? place_of.end() : place_of.find(names[i]);
    if (at == place_of.end() || at->first == file_column) continue;
    if (at->second != no_column && attempt.twice.empty())
      attempt.twice = "column " + quoted_text(names[i]) + " occurs twice (columns " +
                      std::to_string(at->second + 1) + " and " + std::to_string(i + 1) + ")";
    if (at->second == no_column) at->second = i;
  }
  for (const std::string& name : wanted) {
    attempt.column_indices.push_back(place_of[name]);
    if (name == file_column || place_of[name] != no_column)
      ++attempt.found;
    else if (attempt.missing.empty())
      attempt.missing = name.empty() ? "(a name that is empty)" : name;
  }
}

Attempt attempt_with(const std::string& path, TableFormat format, Delimiter delimiter,
                     const std::vector<std::string>& wanted) {
  Attempt attempt;
  attempt.delimiter = delimiter;
  format.delimiter = delimiter.character;
  try {
    attempt.reader = open_table(path, format);
  } catch (const QuoteError&) {
    attempt.error = std::current_exception();
    return attempt;
  }
  find_columns(attempt, wanted);
  return attempt;
}

OpenedTable opened(Attempt attempt, const TableFormat& format, std::string note) {
  if (!attempt.twice.empty()) throw DataError(attempt.reader->header_location() + ": " + attempt.twice);
  OpenedTable table{std::move(attempt.reader), format, std::move(attempt.column_indices), std::move(note)};
  table.format.delimiter = attempt.delimiter.character;
  validate(table.format);  // with the options alone, this could not be checked: the delimiter was not known
  return table;
}

[[noreturn]] void refuse(const Attempt& attempt, const std::string& more) {
  if (!attempt.reader) std::rethrow_exception(attempt.error);
  if (!attempt.twice.empty()) throw DataError(attempt.reader->header_location() + ": " + attempt.twice);
  throw NoColumnError(attempt.reader->header_location() + ": there is no column " +
                          quoted_text(attempt.missing) +
                          did_you_mean(attempt.missing, attempt.reader->names()) + more,
                      attempt.missing);
}

std::string setting(const Delimiter& delimiter) {
  return std::string("set tasks.delimiter = ") + delimiter.as_written;
}

}  // namespace

OpenedTable open_with_columns(const std::string& path, const TableFormat& format,
                              const std::vector<std::string>& wanted) {
  const bool told = !format.delimiter.empty();
  Delimiter first = comma;
  if (told) first = {format.delimiter.c_str(), "the delimiter", ""};
  Attempt as_told = attempt_with(path, format, first, wanted);
  if (as_told.has_all()) return opened(std::move(as_told), format, "");
  if (as_told.reader && as_told.reader->stores_numbers()) refuse(as_told, "");

  std::vector<Attempt> others, complete;
  for (const Delimiter& delimiter : found_alone)
    others.push_back(attempt_with(path, format, delimiter, wanted));
  if (told) others.push_back(attempt_with(path, format, comma, wanted));
  const Attempt* best = &as_told;
  for (Attempt& other : others) {
    if (other.has_all())
      complete.push_back(std::move(other));
    else if (other.reader && other.found > best->found)
      best = &other;
  }
  if (!told && complete.size() == 1) {
    const std::string note = std::string("fields are separated by ") + complete[0].delimiter.name +
                             " (detected; " + setting(complete[0].delimiter) + " to make it explicit)";
    return opened(std::move(complete[0]), format, note);
  }
  if (!told && complete.size() > 1)
    throw DataError(complete[0].reader->header_location() + ": " + complete[0].delimiter.name + " and " +
                    complete[1].delimiter.name + " both give the columns of the configuration: " +
                    setting(complete[0].delimiter) + " or the other");
  if (!complete.empty())
    refuse(as_told, std::string("; the fields are separated by ") + complete[0].delimiter.name + ": " +
                        setting(complete[0].delimiter));
  if (attempt_with(path, format, blank, wanted).has_all() && first.character != std::string_view(" "))
    refuse(as_told, "; the fields are separated by blanks: " + setting(blank));
  if (best != &as_told)
    refuse(*best, std::string(" (with fields separated by ") + best->delimiter.name + ", which gives " +
                      std::to_string(best->found) + " of the columns)");
  refuse(as_told, "");
}

}  // namespace shoal
