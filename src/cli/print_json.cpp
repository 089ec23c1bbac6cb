// SPDX-License-Identifier: Apache-2.0
#include "cli/print_json.hpp"

#include <cstdio>

#include <shoal/quoted_text.hpp>

namespace shoal::cli {
namespace {

/// Code point of the character that begins at `at`, of at most three bytes of valid UTF-8; 0 for longer ones.
unsigned point_at(const std::string& text, std::size_t at, std::size_t& bytes) {
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(text[at + i]));
  };
  bytes = byte(0) < 0x80 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
  if (bytes == 1) return byte(0);
  if (bytes == 2) return (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
  return bytes == 3 ? (byte(0) & 0xf) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f) : 0;
}

}  // namespace

std::string json_text(const nlohmann::ordered_json& value, int indent) {
  const std::string raw = value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::string text;
  for (std::size_t at = 0, bytes = 0; at < raw.size(); at += bytes) {
    const unsigned point = point_at(raw, at, bytes);
    const std::string_view character = std::string_view(raw).substr(at, bytes);
    // Below it only the line breaks and blanks of the layout are left; dump() has escaped the rest.
    if (point < 0x7f || printable(character) == character) {
      text += character;
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x", point);
    text += escape;
  }
  return text + "\n";
}

}  // namespace shoal::cli
