// SPDX-License-Identifier: Apache-2.0
// Writes a page as one HTML file that needs nothing else: its style, and charts as inline SVG.
#pragma once

#include <string>

#include "report/page.hpp"

namespace shoal::report {

std::string html_of(const Page& page);

}  // namespace shoal::report
