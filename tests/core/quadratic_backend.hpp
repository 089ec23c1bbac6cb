// SPDX-License-Identifier: Apache-2.0
// A backend whose results all have a closed form, for tests of the code above the seam.
//
// Model: linear, d inputs, one output, so theta = (weights, bias) has d + 1 entries. The centre c of a set of
// rows is the mean of its rows' (x, y). Loss of a set: |phi - c|^2 / 2, whatever loss the problem names.
// After K steps at rate alpha, phi_K = c_s + (1 - alpha)^K (theta - c_s), elementwise. A task with a
// non-finite value has status 1.
#pragma once

#include <cstdint>
#include <vector>

namespace shoal::testing {

/// The number of tasks of each call since it was last cleared, over all backends and all operations except
/// predict.
std::vector<std::int64_t>& calls();

/// Whether the cuda entry of the table claims to have a device.
bool& cuda_present();

}  // namespace shoal::testing
