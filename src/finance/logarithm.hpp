// SPDX-License-Identifier: Apache-2.0
// Natural logarithm in double, with the same bits on every IEEE machine. The data tables are hashed, so they
// must not depend on the system's libm.
#pragma once

namespace shoal::finance {

/// ln x for finite x > 0, denormals included. The error is below 2 ulp. Other arguments are not supported.
double natural_log(double x);

}  // namespace shoal::finance
