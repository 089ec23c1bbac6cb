// SPDX-License-Identifier: Apache-2.0
#include <shoal/error.hpp>

#include <shoal/quoted_text.hpp>

namespace shoal {
namespace {

/// Removes the middle of a long text, because its beginning names the location and its end says what to do.
std::string shortened(const std::string& text) {
  if (text.size() <= Error::longest_message) return text;
  constexpr std::string_view gap = " ... ";
  constexpr std::size_t at_the_end = 180, at_the_start = Error::longest_message - gap.size() - at_the_end;
  const auto is_inside_character = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
  };
  std::size_t begin = at_the_start, end = text.size() - at_the_end;
  while (is_inside_character(begin)) --begin;
  while (is_inside_character(end)) ++end;
  return text.substr(0, begin).append(gap).append(text, end);
}

std::string presentable(const std::string& message) {
  // Avoids escaping a very long text that is going to be shortened.
  constexpr std::size_t most = 4 * Error::longest_message;
  const auto escaped = [](std::string_view text) { return printable(text, text.size()); };
  if (message.size() <= most) return shortened(escaped(message));
  const std::string_view text = message;
  return shortened(escaped(text.substr(0, most / 2)) + escaped(text.substr(text.size() - most / 2)));
}

}  // namespace

Error::Error(const std::string& message) : std::runtime_error(presentable(message)) {}

}  // namespace shoal
