// SPDX-License-Identifier: Apache-2.0
// The kinds of configuration keys: each function makes a ConfigKey for a member of the draft, with checks and
// messages.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <shoal/error.hpp>

#include "config/config_keys.hpp"

namespace shoal::config {

using Draft = ConfigDraft;

/// A member of the draft, as the functions below take it.
// NOLINTBEGIN(bugprone-macro-parentheses): a member's name cannot stand in parentheses.
#define SHOAL_FIELD(expression) \
  [](Draft & d) -> auto& {      \
    return d.expression;        \
  }
// NOLINTEND(bugprone-macro-parentheses)

[[noreturn]] inline void expected(const std::string& what) {
  throw InvalidArgument("expected " + what);
}

inline std::string short_text(double bound) {
  return std::to_string(static_cast<std::int64_t>(bound));
}

inline double as_number(const ConfigValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  expected("a number");
}

inline std::int64_t as_integer(const ConfigValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  expected("an integer");
}

inline const std::string& as_text(const ConfigValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  expected("a text in quotes");
}

inline bool is_empty_list(const ConfigValue& value) {
  const auto* list = std::get_if<std::vector<std::int64_t>>(&value);
  return list && list->empty();
}

template <class Field>
ConfigKey integer(std::string path, Field field, std::string doc, std::int64_t low = 0,
                  std::int64_t high = std::numeric_limits<int>::max()) {
  return {std::move(path), "integer", std::move(doc),
          [field](const Draft& d) {
            return ConfigValue(static_cast<std::int64_t>(field(const_cast<Draft&>(d))));
          },
          [field, low, high](Draft& d, const ConfigValue& value) {
            const std::int64_t whole = as_integer(value);
            if (whole < low || whole > high)
              expected("an integer from " + std::to_string(low) + " to " + std::to_string(high));
            auto& target = field(d);
            target = static_cast<std::remove_reference_t<decltype(target)>>(whole);
          }};
}

inline constexpr double unbounded = std::numeric_limits<double>::infinity();

template <class Field>
ConfigKey number(std::string path, Field field, std::string doc, double low = -unbounded,
                 double high = unbounded) {
  return {std::move(path), "number", std::move(doc),
          [field](const Draft& d) { return ConfigValue(static_cast<double>(field(const_cast<Draft&>(d)))); },
          [field, low, high](Draft& d, const ConfigValue& value) {
            const double read = as_number(value);
            if (!std::isfinite(read)) expected("a finite number");
            if (read < low) expected("a number from " + short_text(low) + " up");
            if (read > high) expected("a number up to " + short_text(high));
            field(d) = read;
          }};
}

template <class Field>
ConfigKey text(std::string path, Field field, std::string doc) {
  return {std::move(path), "text", std::move(doc),
          [field](const Draft& d) { return ConfigValue(field(const_cast<Draft&>(d))); },
          [field](Draft& d, const ConfigValue& value) { field(d) = as_text(value); }};
}

template <class Field>
ConfigKey flag(std::string path, Field field, std::string doc) {
  return {std::move(path), "true or false", std::move(doc),
          [field](const Draft& d) { return ConfigValue(field(const_cast<Draft&>(d))); },
          [field](Draft& d, const ConfigValue& value) {
            const auto* read = std::get_if<bool>(&value);
            if (!read) expected("true or false");
            field(d) = *read;
          }};
}

/// A key whose value is a name of a fixed set, stored as an enumerator.
template <class Field, class From>
ConfigKey choice(std::string path, Field field, From from, std::string doc) {
  return {
      std::move(path), "text", std::move(doc),
      [field](const Draft& d) { return ConfigValue(std::string(to_string(field(const_cast<Draft&>(d))))); },
      [field, from](Draft& d, const ConfigValue& value) { field(d) = from(as_text(value)); }};
}

template <class Field>
ConfigKey integers(std::string path, Field field, std::string doc, int low) {
  return {std::move(path), "list of integers", std::move(doc),
          [field](const Draft& d) {
            const auto& list = field(const_cast<Draft&>(d));
            return ConfigValue(std::vector<std::int64_t>(list.begin(), list.end()));
          },
          [field, low](Draft& d, const ConfigValue& value) {
            const auto* list = std::get_if<std::vector<std::int64_t>>(&value);
            if (!list) expected("a list of integers");
            for (const std::int64_t whole : *list)
              if (whole < low || whole > std::numeric_limits<int>::max())
                expected("a list of integers from " + std::to_string(low) + " up");
            field(d).assign(list->begin(), list->end());
          }};
}

template <class Field>
ConfigKey numbers(std::string path, Field field, std::string doc) {
  return {std::move(path), "list of numbers", std::move(doc),
          [field](const Draft& d) { return ConfigValue(field(const_cast<Draft&>(d))); },
          [field](Draft& d, const ConfigValue& value) {
            if (const auto* list = std::get_if<std::vector<double>>(&value))
              field(d) = *list;
            else if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&value))
              field(d).assign(whole->begin(), whole->end());
            else
              expected("a list of numbers");
          }};
}

template <class Field>
ConfigKey texts(std::string path, Field field, std::string doc) {
  return {std::move(path), "list of texts", std::move(doc),
          [field](const Draft& d) { return ConfigValue(field(const_cast<Draft&>(d))); },
          [field](Draft& d, const ConfigValue& value) {
            if (const auto* list = std::get_if<std::vector<std::string>>(&value))
              field(d) = *list;
            else if (is_empty_list(value))
              field(d).clear();
            else
              expected("a list of texts in quotes");
          }};
}

template <class Field>
ConfigKey named_texts(std::string path, Field field, std::string doc) {
  return {std::move(path), "table of lists of texts", std::move(doc),
          [field](const Draft& d) { return ConfigValue(field(const_cast<Draft&>(d))); },
          [field](Draft& d, const ConfigValue& value) {
            const auto* table = std::get_if<NamedTexts>(&value);
            if (!table) expected("a table of lists of texts, { name = [\"text\", ...], ... }");
            field(d) = *table;
          }};
}

inline ConfigKey as_path(ConfigKey key) {
  key.is_path = true;
  return key;
}

inline ConfigKey on_machine(ConfigKey key) {
  key.of_machine = true;
  return key;
}

inline ConfigKey same_training(ConfigKey key) {
  key.same_training = true;
  return key;
}

inline ConfigKey shown_if(ConfigKey key, std::function<bool(const Draft&)> present) {
  key.present = std::move(present);
  return key;
}

}  // namespace shoal::config
