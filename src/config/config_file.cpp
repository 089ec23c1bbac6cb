// SPDX-License-Identifier: Apache-2.0
#include "config/config_file.hpp"

#include <algorithm>

// The parser reports errors that its assertions would abort on, and a debug build must not abort on a
// malformed file. A program that links the library may use the parser itself, with assertions; so its
// namespace gets another name here.
#define TOML_ASSERT(expression) static_assert(true)
#define toml shoal_toml
#include <toml++/toml.h>

#include <shoal/error.hpp>
#include <shoal/input_file.hpp>
#include <shoal/nearest_name.hpp>
#include <shoal/quoted_text.hpp>

#include "config/toml_check.hpp"

namespace shoal::config {
namespace {

constexpr std::uint64_t longest_file = 16 << 20;  ///< largest size of a configuration in bytes

/// Where a text comes from: a file, whose errors name line and column, or an argument of the command line.
struct Origin {
  std::string name;
  bool lines = true;

  std::string at(const toml::source_position& place) const {
    return lines && place ? name + ":" + std::to_string(place.line) + ":" + std::to_string(place.column)
                          : name;
  }
};

/// Throws InvalidArgument when the text is not TOML.
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

/// The names of keys and of tables.
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

ConfigValue table_of(const toml::table& table) {
  NamedTexts named;
  for (const auto& [name, node] : table) {
    const auto* list = node.as_array();
    const ConfigValue value = list ? list_of(*list) : ConfigValue{};
    const auto* texts = std::get_if<std::vector<std::string>>(&value);
    if (!texts) throw InvalidArgument(std::string(name.str()) + ": expected a list of texts in quotes");
    named[std::string(name.str())] = *texts;
  }
  return named;
}

ConfigValue value_of(const toml::node& node) {
  if (const auto* value = node.as_boolean()) return value->get();
  if (const auto* value = node.as_integer()) return value->get();
  if (const auto* value = node.as_floating_point()) return value->get();
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_array()) return list_of(*value);
  if (const auto* value = node.as_table()) return table_of(*value);
  throw InvalidArgument(node.is_date() || node.is_time() || node.is_date_time()
                            ? "expected a text in quotes, not a bare date or time"
                            : "expected a value, a text or a list");
}

bool is_table_name(const std::string& path) {
  const auto& keys = config_keys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const ConfigKey& key) { return key.path.starts_with(path + "."); });
}

/// `found`: receives the keys, where it is not null.
void read_table(const toml::table& table, const std::string& prefix, const Origin& origin,
                const std::filesystem::path& folder, ConfigDraft& draft,
                std::vector<std::string>* found = nullptr) {
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
        if (found) found->push_back(path);
      } catch (const InvalidArgument& error) {
        throw InvalidArgument(where + ": " + error.what());
      }
    } else if (is_table_name(path)) {
      if (!node.is_table()) throw InvalidArgument(where + ": expected a table");
      read_table(*node.as_table(), path + ".", origin, folder, draft, found);
    } else {
      throw InvalidArgument(where + ": unknown key" + did_you_mean(path, known_names()));
    }
  }
}

}  // namespace

void read_config(const std::string& text, const std::string& source, const std::filesystem::path& folder,
                 ConfigDraft& draft) {
  const Origin origin{source};
  read_table(parse_toml(text, origin), "", origin, folder, draft);
}

std::vector<std::string> keys_in(const std::string& text, const std::string& source) {
  const Origin origin{source};
  ConfigDraft draft;
  std::vector<std::string> found;
  read_table(parse_toml(text, origin), "", origin, "", draft, &found);
  return found;
}

void read_config_file(const std::filesystem::path& file, ConfigDraft& draft) {
  bool missing = false;
  const std::string text = read_text_or_pipe(file, longest_file, missing);
  if (missing) throw InvalidArgument(file.string() + ": configuration cannot be opened for reading");
  read_config(text, file.string(), file.parent_path(), draft);
}

void override_config(const ConfigOverride& change, ConfigDraft& draft) {
  const ConfigKey* known = find_key(change.key);
  if (change.literal && known && known->type == "text") return known->set(draft, change.value);
  const std::string& value = change.value;
  const bool bare = known && known->type == "text" && !value.starts_with('"') && !value.starts_with('\'');
  const Origin origin{change.origin, false};
  toml::table table;
  try {
    table = parse_toml(change.key + " = " + (bare ? toml_text(value) : value), origin);
  } catch (const InvalidArgument&) {
    if (!known) throw;
    throw InvalidArgument(change.origin + ": " + change.key + ": expected a value of type " + known->type);
  }
  ConfigDraft attempt = draft;
  read_table(table, "", origin, "", attempt);
  draft = attempt;
}

}  // namespace shoal::config
