// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace shoal {

/// Whether the bytes are UTF-8 (RFC 3629): no overlong forms, surrogates or values above U+10FFFF.
bool is_utf8(std::string_view bytes);

}  // namespace shoal
