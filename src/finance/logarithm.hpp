// SPDX-License-Identifier: Apache-2.0
// Natural logarithm in double with the same bits on every IEEE machine: a data table that is hashed may not
// depend on the libm at hand.
#pragma once

namespace shoal::finance {

/// ln x for finite x > 0 (denormals included); error below 2 ulp. Outside that domain the result is
/// unspecified.
double natural_log(double x);

}  // namespace shoal::finance
