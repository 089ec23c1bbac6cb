// SPDX-License-Identifier: Apache-2.0
// Sets of task ids as text, for a model's metadata: ascending, 8 bytes each, little-endian, in base64.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::cli {

/// `ids` ascending.
std::string text_of_ids(std::span<const std::int64_t> ids);
/// Throws ModelError, naming `where`, when the text is not what text_of_ids writes.
std::vector<std::int64_t> ids_of_text(std::string_view text, const std::string& where);

}  // namespace shoal::cli
