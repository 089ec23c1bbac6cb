// SPDX-License-Identifier: Apache-2.0
// Parameters of a small model with learned rates; all values differ.
#pragma once

#include <shoal/meta_learner.hpp>

namespace shoal::testing {

inline const ParameterLayout layout({.inputs = 2, .hidden = {3}, .outputs = 1, .skip = true});
inline const RateLayout rates(layout, LearnedRate::layer_step, 2);

template <class Real>
MetaParameters<Real> numbered() {
  MetaParameters<Real> parameters;
  for (std::size_t p = 0; p < layout.size(); ++p)
    parameters.theta.push_back(Real(0.1) + static_cast<Real>(p));
  for (std::size_t r = 0; r < rates.size(); ++r)
    parameters.rates.push_back(Real(-0.3) - static_cast<Real>(r));
  return parameters;
}

}  // namespace shoal::testing
