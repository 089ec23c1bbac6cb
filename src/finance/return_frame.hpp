// SPDX-License-Identifier: Apache-2.0
// A data frame of daily returns as CSV, `date,A,B,...`: its size, and the features of its assets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <shoal/volatility.hpp>

namespace shoal::finance {

struct FrameSize {
  std::int64_t rows = 0, columns = 0;
};
/// Of any CSV text with a header. Throws DataError when a line has another number of fields than the header.
FrameSize size_of_frame(const std::string& csv);

/// Features of the first `assets` columns after the date, whose cells are returns in percent. Throws
/// DataError for a cell that is no number.
std::vector<VolatilitySeries> features_of_returns(const std::string& csv, std::size_t assets);

}  // namespace shoal::finance
