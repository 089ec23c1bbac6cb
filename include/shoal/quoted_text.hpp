// SPDX-License-Identifier: Apache-2.0
// Prepares texts that come out of files for messages: short, and safe for a terminal.
//
// Example:
//
//   #include <iostream>
//
//   std::cout << shoal::quoted_text("line 1\nline 2") << '\n';  // "line 1\nline 2", on one line
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shoal {

/// Replaces control characters, bytes that are not UTF-8 and marks that change the direction of writing by
/// escapes (`\n`, `\x1b`, `\u{202e}`). Cuts the text after `most` characters and then appends `...`.
std::string printable(std::string_view text, std::size_t most = 100);

/// The printable text in double quotes.
std::string quoted_text(std::string_view text, std::size_t most = 100);

/// Writes UTF-8 text as a TOML string in double quotes, without cutting it. A configuration that contains the
/// string reads back the same text.
std::string toml_text(std::string_view text);

/// Makes serialised JSON safe for a terminal: writes DEL, and the non-ASCII characters that `printable`
/// escapes, as \u escapes. The JSON means the same.
std::string printable_json(std::string_view json);

}  // namespace shoal
