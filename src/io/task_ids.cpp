// SPDX-License-Identifier: Apache-2.0
// Sets of task ids as text, for a model's metadata: ascending, 8 bytes each, little-endian, in base64.
#include <algorithm>
#include <functional>

#include <shoal/error.hpp>
#include <shoal/run_folder.hpp>

namespace shoal {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string text_of_ids(std::span<const std::int64_t> ids) {
  std::string text;
  text.reserve((ids.size() * 8 + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int held = 0;  // number of bits that have not been written yet
  const auto put = [&] {
    held -= 6;
    text += alphabet[(bits >> held) & 63];
  };
  for (const std::int64_t id : ids)
    for (int byte = 0; byte < 8; ++byte) {
      bits = (bits << 8) | (static_cast<std::uint64_t>(id) >> (8 * byte) & 255);
      for (held += 8; held >= 6;) put();
    }
  if (held > 0) {
    bits <<= 6 - held;
    held = 6;
    put();
  }
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::vector<std::int64_t> ids_of_text(std::string_view text, const std::string& where) {
  const auto refuse = [&](const char* what) { return ModelError(where + ": " + what); };
  if (text.size() % 4 != 0) throw refuse("is not base64");
  const std::size_t end = std::min(text.find('='), text.size());
  if (text.size() - end > 2 || text.find_first_not_of('=', end) != std::string_view::npos)
    throw refuse("is not base64");
  std::vector<std::int64_t> ids;
  std::uint32_t bits = 0;
  int held = 0, bytes = 0;
  std::uint64_t id = 0;
  for (const char c : text.substr(0, end)) {
    const std::size_t six = alphabet.find(c);
    if (six == std::string_view::npos) throw refuse("is not base64");
    bits = (bits << 6) | static_cast<std::uint32_t>(six);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    id |= static_cast<std::uint64_t>((bits >> held) & 255) << (8 * bytes);
    if (++bytes < 8) continue;
    ids.push_back(static_cast<std::int64_t>(id));
    id = 0;
    bytes = 0;
  }
  if (bytes != 0) throw refuse("is not a list of 8-byte ids");
  if (std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()) != ids.end())
    throw refuse("the ids do not ascend");
  return ids;
}

}  // namespace shoal
