// SPDX-License-Identifier: Apache-2.0
// Prints a configuration as TOML text that reads back to the same configuration.
#include <charconv>
#include <cstdio>
#include <filesystem>

#include <shoal/config.hpp>

#include "config/config_keys.hpp"

namespace shoal {
namespace {

using config::ConfigDraft;
using config::ConfigKey;
using config::ConfigValue;

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
        if constexpr (std::is_same_v<T, config::NamedTexts>) {
          std::string table;
          for (const auto& [name, texts] : v)
            table += (table.empty() ? "{ " : ", ") + quoted(name) + " = " + list(texts, quoted);
          return table.empty() ? "{}" : table + " }";
        }
      },
      value);
}

std::string last_part(const std::filesystem::path& path) {
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

}  // namespace

std::string to_toml(const RunConfig& config, ConfigScope scope) {
  const ConfigDraft draft = config::draft_of(config);
  std::string text, table;
  for (const ConfigKey& key : config::config_keys()) {
    if (!key.present(draft) || (key.of_machine && scope != ConfigScope::everything) ||
        (key.same_training && scope == ConfigScope::of_training))
      continue;
    ConfigValue value = key.get(draft);
    if (key.is_path && scope != ConfigScope::everything)
      if (auto* path = std::get_if<std::string>(&value)) *path = last_part(*path);
    const std::size_t dot = key.path.rfind('.');
    const std::string prefix = dot == std::string::npos ? "" : key.path.substr(0, dot);
    // Nested tables (windows, split) are written with dotted keys, so that the order does not matter.
    const std::string top = prefix.substr(0, prefix.find('.'));
    if (top != table) {
      text += (text.empty() ? "[" : "\n[") + top + "]\n";
      table = top;
    }
    text += (top.empty() ? key.path : key.path.substr(top.size() + 1)) + " = " + text_of(value) + "\n";
  }
  return text;
}

}  // namespace shoal
