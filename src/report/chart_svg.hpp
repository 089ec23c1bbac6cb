// SPDX-License-Identifier: Apache-2.0
// Charts as inline SVG: lines, steps, bars and spans. Colours come from the page's style sheet, so that
// they follow its light and dark schemes.
#pragma once

#include <string>

#include "report/page.hpp"

namespace shoal::report {

/// Series that have a colour of their own; a further one takes the first again.
inline constexpr std::size_t series_colours = 6;

/// The `svg` element of a chart. It scales to the width of its box.
std::string svg_of(const Chart& chart);

}  // namespace shoal::report
