// SPDX-License-Identifier: Apache-2.0
#include "named_options.hpp"

#include <charconv>
#include <cstdio>
#include <new>
#include <sstream>

#include <shoal/error.hpp>

namespace shoal::bench {

void use_options(int argc, char** argv, const OptionUses& uses) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::size_t equals = argument.find('=');
    const auto use = uses.find(argument.substr(0, equals));
    if (equals == std::string_view::npos || use == uses.end()) {
      std::string names;
      for (const auto& [name, function] : uses) names += (names.empty() ? "" : ", ") + name + "=...";
      throw InvalidArgument("\"" + std::string(argument) + "\" is not one of the options " + names);
    }
    use->second(std::string(argument.substr(equals + 1)));
  }
}

std::int64_t whole_number(std::string_view option, const std::string& text, std::int64_t least,
                          std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    throw InvalidArgument(std::string(option) + " takes a whole number from " + std::to_string(least) +
                          " to " + std::to_string(most) + ", not \"" + text + "\"");
  return number;
}

std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

int run_program(const char* name, const std::function<void()>& body) {
  try {
    body();
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: error: %s\n", name, error.what());
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: error: out of memory\n", name);
    return 6;
  }
}

}  // namespace shoal::bench
