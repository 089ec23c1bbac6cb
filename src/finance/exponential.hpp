// SPDX-License-Identifier: Apache-2.0
// The exponential function in double with the same bits on every IEEE machine, as finance/logarithm.hpp.
#pragma once

namespace shoal::finance {

/// e^x for |x| <= 700; error below 2 ulp. Outside that domain the result is unspecified.
double natural_exp(double x);

}  // namespace shoal::finance
