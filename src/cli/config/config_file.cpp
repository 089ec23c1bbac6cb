// SPDX-License-Identifier: Apache-2.0
#include "cli/config/config_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

// The parser's own errors say what its assertions would, and a debug build must not end on an odd file.
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

#include <shoal/error.hpp>
#include <shoal/input_file.hpp>
#include <shoal/nearest_name.hpp>

#include "cli/config/toml_check.hpp"

namespace shoal::cli {
namespace {

constexpr std::uint64_t longest_file = 16 << 20;  ///< bytes of a configuration

/// Where a text comes from: a file, whose errors name line and column, or one word of the command line.
struct Origin {
  std::string name;
  bool lines = true;

  std::string at(const toml::source_position& place) const {
    return lines && place ? name + ":" + std::to_string(place.line) + ":" + std::to_string(place.column)
                          : name;
  }
};

/// Throws InvalidArgument where the text is not TOML.
toml::table parse_toml(const std::string& text, const Origin& origin) {
  const auto refuse = [&](const toml::source_position& place, const std::string& what) {
    throw InvalidArgument(origin.at(place) + ": not TOML: " + what);
  };
  if (const auto fault = find_toml_fault(text))
    refuse({static_cast<toml::source_index>(fault->line), static_cast<toml::source_index>(fault->column)},
           fault->what);
  try {
    return toml::parse(text, origin.name);
  } catch (const toml::parse_error& error) {
    refuse(error.source().begin, std::string(error.description()));
  }
  return {};
}

const ConfigKey* find_key(const std::string& path) {
  const auto& keys = config_keys();
  const auto at =
      std::find_if(keys.begin(), keys.end(), [&](const ConfigKey& key) { return key.path == path; });
  return at == keys.end() ? nullptr : &*at;
}

/// Names of keys and of tables.
std::vector<std::string> known_names() {
  std::vector<std::string> names;
  for (const ConfigKey& key : config_keys()) {
    for (std::size_t dot = key.path.find('.'); dot != std::string::npos; dot = key.path.find('.', dot + 1))
      if (const std::string table = key.path.substr(0, dot);
          std::find(names.begin(), names.end(), table) == names.end())
        names.push_back(table);
    names.push_back(key.path);
  }
  return names;
}

ConfigValue list_of(const toml::array& array) {
  std::vector<std::int64_t> whole;
  std::vector<double> numbers;
  std::vector<std::string> texts;
  for (const toml::node& element : array) {
    if (const auto* text = element.as_string()) texts.push_back(text->get());
    if (const auto* integer = element.as_integer()) whole.push_back(integer->get());
    if (const auto number = element.value<double>(); number && element.is_number())
      numbers.push_back(*number);
  }
  if (whole.size() == array.size()) return whole;
  if (numbers.size() == array.size()) return numbers;
  if (texts.size() == array.size()) return texts;
  throw InvalidArgument("expected a list of one type");
}

ConfigValue value_of(const toml::node& node) {
  if (const auto* value = node.as_boolean()) return value->get();
  if (const auto* value = node.as_integer()) return value->get();
  if (const auto* value = node.as_floating_point()) return value->get();
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_array()) return list_of(*value);
  throw InvalidArgument(node.is_date() || node.is_time() || node.is_date_time()
                            ? "expected a text in quotes, not a bare date or time"
                            : "expected a value, a text or a list");
}

bool is_table_name(const std::string& path) {
  const auto& keys = config_keys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const ConfigKey& key) { return key.path.starts_with(path + "."); });
}

void read_table(const toml::table& table, const std::string& prefix, const Origin& origin,
                const std::filesystem::path& folder, ConfigDraft& draft) {
  for (const auto& [name, node] : table) {
    const std::string path = prefix + std::string(name.str());
    const std::string where = origin.at(node.source().begin) + ": " + path;
    if (const ConfigKey* key = find_key(path)) {
      try {
        ConfigValue value = value_of(node);
        if (key->is_path)
          if (auto* text = std::get_if<std::string>(&value); text && !text->empty())
            *text = (folder / *text).string();
        key->set(draft, value);
      } catch (const InvalidArgument& error) {
        throw InvalidArgument(where + ": " + error.what());
      }
    } else if (is_table_name(path)) {
      if (!node.is_table()) throw InvalidArgument(where + ": expected a table");
      read_table(*node.as_table(), path + ".", origin, folder, draft);
    } else {
      throw InvalidArgument(where + ": unknown key" + did_you_mean(path, known_names()));
    }
  }
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += std::string("\\") + c;
    } else if (byte < 0x20 || byte == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      result += escape;
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string number_text(double value) {
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  std::string text(digits, end);
  if (text.find_first_of(".einf") == std::string::npos) text += ".0";
  if (const auto e = text.find('e'); e != std::string::npos && text.find('.') > e) text.insert(e, ".0");
  return text;
}

std::string text_of(const ConfigValue& value) {
  const auto list = [](const auto& values, auto print) {
    std::string text = "[";
    for (const auto& element : values) text += (text.size() > 1 ? ", " : "") + print(element);
    return text + "]";
  };
  return std::visit(
      [&]<class T>(const T& v) -> std::string {
        if constexpr (std::is_same_v<T, bool>) return v ? "true" : "false";
        if constexpr (std::is_same_v<T, std::int64_t>) return std::to_string(v);
        if constexpr (std::is_same_v<T, double>) return number_text(v);
        if constexpr (std::is_same_v<T, std::string>) return quoted(v);
        if constexpr (std::is_same_v<T, std::vector<std::int64_t>>)
          return list(v, [](std::int64_t e) { return std::to_string(e); });
        if constexpr (std::is_same_v<T, std::vector<double>>) return list(v, number_text);
        if constexpr (std::is_same_v<T, std::vector<std::string>>) return list(v, quoted);
      },
      value);
}

std::string last_part(const std::filesystem::path& path) {
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

}  // namespace

void read_config(const std::string& text, const std::string& source, const std::filesystem::path& folder,
                 ConfigDraft& draft) {
  const Origin origin{source};
  read_table(parse_toml(text, origin), "", origin, folder, draft);
}

void read_config_file(const std::filesystem::path& file, ConfigDraft& draft) {
  bool missing = false;
  const std::string text = read_text_or_pipe(file, longest_file, missing);
  if (missing) throw InvalidArgument(file.string() + ": configuration cannot be opened for reading");
  read_config(text, file.string(), file.parent_path(), draft);
}

void override_config(const std::string& key, const std::string& value, const std::string& source,
                     ConfigDraft& draft) {
  const ConfigKey* known = find_key(key);
  const bool bare = known && known->type == "text" && !value.starts_with('"') && !value.starts_with('\'');
  const Origin origin{source, false};
  toml::table table;
  try {
    table = parse_toml(key + " = " + (bare ? quoted(value) : value), origin);
  } catch (const InvalidArgument&) {
    if (!known) throw;
    throw InvalidArgument(source + ": " + key + ": expected a value of type " + known->type);
  }
  ConfigDraft attempt = draft;
  read_table(table, "", origin, "", attempt);
  draft = attempt;
}

void override_config(const std::string& assignment, ConfigDraft& draft) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    throw InvalidArgument("--set " + assignment + ": expected key=value");
  override_config(assignment.substr(0, equals), assignment.substr(equals + 1), "--set " + assignment, draft);
}

std::string print_config(const RunConfig& config, ConfigScope scope) {
  const ConfigDraft draft = draft_of(config);
  std::string text, table;
  for (const ConfigKey& key : config_keys()) {
    if (!key.present(draft) || (key.of_machine && scope != ConfigScope::everything) ||
        (key.same_training && scope == ConfigScope::of_training))
      continue;
    ConfigValue value = key.get(draft);
    if (key.is_path && scope != ConfigScope::everything)
      if (auto* path = std::get_if<std::string>(&value)) *path = last_part(*path);
    const std::size_t dot = key.path.rfind('.');
    const std::string prefix = dot == std::string::npos ? "" : key.path.substr(0, dot);
    // Tables in tables (windows, split) are written with dotted keys, so that order does not matter.
    const std::string top = prefix.substr(0, prefix.find('.'));
    if (top != table) {
      text += (text.empty() ? "[" : "\n[") + top + "]\n";
      table = top;
    }
    text += (top.empty() ? key.path : key.path.substr(top.size() + 1)) + " = " + text_of(value) + "\n";
  }
  return text;
}

}  // namespace shoal::cli
