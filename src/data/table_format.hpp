// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <shoal/table_source.hpp>

namespace shoal {

/// Throws InvalidArgument naming the key of the configuration whose value cannot be: a delimiter that is not
/// one character, a decimal sign that also separates thousands, ...
void validate(const TableFormat& format);

/// How programs write numbers, whatever the options of a table say of its text.
TableFormat plain_format(const TableFormat& format);

}  // namespace shoal
