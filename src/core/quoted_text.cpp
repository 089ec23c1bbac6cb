// SPDX-License-Identifier: Apache-2.0
#include <shoal/quoted_text.hpp>

#include <cstdint>
#include <cstdio>

namespace shoal {
namespace {

struct Character {
  std::uint32_t point = 0;
  std::size_t bytes = 0;  ///< 0: the next bytes are not UTF-8
};

/// The first character of a non-empty text (RFC 3629: no overlong forms, no surrogates).
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || bytes > text.size()) return {};
  std::uint32_t point = first & (0xffu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    point = point << 6 | (byte(i) & 0x3fu);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  return point < least[bytes] || point > 0x10ffff || surrogate ? Character{} : Character{point, bytes};
}

/// Whether a character is a control (C0, DEL, C1), a separator of lines or paragraphs, a mark or override of
/// direction, or the byte-order mark.
bool is_shown_as_escape(std::uint32_t point) {
  const auto within = [&](std::uint32_t low, std::uint32_t high) { return point >= low && point <= high; };
  return point < 0x20 || within(0x7f, 0x9f) || within(0x200b, 0x200f) || within(0x2028, 0x202e) ||
         within(0x2060, 0x206f) || point == 0xfeff;
}

std::string escape_of(std::uint32_t point, bool is_byte) {
  if (point == '\n') return "\\n";
  if (point == '\r') return "\\r";
  if (point == '\t') return "\\t";
  char escape[16];
  if (is_byte || point < 0x80)
    std::snprintf(escape, sizeof escape, "\\x%02x", point);
  else
    std::snprintf(escape, sizeof escape, "\\u{%x}", point);
  return escape;
}

}  // namespace

std::string printable(std::string_view text, std::size_t most) {
  std::string shown;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == most) return shown + "...";
    const Character c = first_character(text);
    const std::size_t bytes = c.bytes == 0 ? 1 : c.bytes;
    if (c.bytes == 0)
      shown += escape_of(static_cast<unsigned char>(text[0]), true);
    else if (is_shown_as_escape(c.point))
      shown += escape_of(c.point, false);
    else
      shown += text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
  return shown;
}

std::string quoted_text(std::string_view text, std::size_t most) {
  return '"' + printable(text, most) + '"';
}

std::string toml_text(std::string_view text) {
  std::string shown = "\"";
  while (!text.empty()) {
    const Character c = first_character(text);
    const std::size_t bytes = c.bytes == 0 ? 1 : c.bytes;
    if (c.point == '"' || c.point == '\\') shown += '\\';
    if (is_shown_as_escape(c.point) && c.bytes > 0) {
      char escape[16];
      std::snprintf(escape, sizeof escape, c.point > 0xffff ? "\\U%08x" : "\\u%04x", c.point);
      shown += escape;
    } else {
      shown += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return shown + '"';
}

std::string printable_json(std::string_view json) {
  std::string shown;
  while (!json.empty()) {
    const Character c = first_character(json);
    const std::size_t bytes = c.bytes == 0 ? 1 : c.bytes;
    // The serialiser has escaped the characters below DEL except for the line breaks and blanks of its
    // layout.
    if (c.point >= 0x7f && is_shown_as_escape(c.point)) {
      char escape[16];
      std::snprintf(escape, sizeof escape, "\\u%04x", c.point);
      shown += escape;
    } else {
      shown += json.substr(0, bytes);
    }
    json.remove_prefix(bytes);
  }
  return shown;
}

}  // namespace shoal
