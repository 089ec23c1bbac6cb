// SPDX-License-Identifier: Apache-2.0
// Texts that come out of files, as messages show them: short, and harmless to a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shoal {

/// The text with control characters, bytes that are not UTF-8 and marks that turn the direction of writing as
/// escapes (`\n`, `\x1b`, `\u{202e}`), cut after `most` characters with `...` behind it.
std::string printable(std::string_view text, std::size_t most = 100);

/// The same in double quotes.
std::string quoted_text(std::string_view text, std::size_t most = 100);

/// UTF-8 text as a string of TOML, whole and in double quotes: a configuration that it is copied into reads
/// the same text again.
std::string toml_text(std::string_view text);

/// JSON as a serialiser writes it, with DEL and what `printable` escapes beyond ASCII as \u escapes: a
/// terminal may show it, and it says the same.
std::string printable_json(std::string_view json);

}  // namespace shoal
