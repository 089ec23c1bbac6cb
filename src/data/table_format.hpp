// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <shoal/table_source.hpp>

namespace shoal {

/// Throws InvalidArgument, naming the configuration key, for a value that is impossible: a delimiter that is
/// not one character, a decimal sign that also separates thousands, ...
void validate(const TableFormat& format);

/// The format of numbers that a program has written: the options about the text of numbers do not apply,
/// missing words do.
TableFormat plain_format(const TableFormat& format);

}  // namespace shoal
