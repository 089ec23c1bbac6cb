// SPDX-License-Identifier: Apache-2.0
// Updates of parameters as epilogues of the last sums over rows: when an element of a gradient or
// Hessian-vector product is complete, it is used at once, while it is in a register, for an inner step or a
// step of the backward pass. This stores nothing that nobody reads again, and saves a pass over all
// parameters.
//
// A pass asks an update for an epilogue for each tensor, begin(layer, columns), and returns the epilogue when
// the tensor is done, end(epilogue).
#pragma once

#include "cpu/gemm.hpp"
#include "cpu/lane_layouts.hpp"

namespace shoal::cpu {

/// The rate of a parameter: the same for a whole tensor, or one of a vector of rates.
template <class L>
struct RateOf {
  using V = typename L::V;
  V uniform;
  const typename L::Rate* each = nullptr;  ///< in the layout of the parameters; null: `uniform`

  inline __attribute__((always_inline)) V operator()(std::ptrdiff_t p) const {
    return each ? V(each[p]) : uniform;
  }
};

/// No update: sums are stored.
template <class L>
struct NoUpdate {
  using V = typename L::V;
  StoreSum<V> begin(int, int) const { return {}; }
  void end(const StoreSum<V>&) const {}
};

/// The inner step phi' = fma(-alpha, g, phi). `rates` is a function of the layer.
template <class L, class Rates>
class InnerStep {
 public:
  using V = typename L::V;
  using M = typename L::M;

  struct Epilogue {
    static constexpr bool stores = false, single_products = true;
    const V* gradient;  // address of the sums, which are stored there if `direct` is false
    const V* phi;
    V* next;
    M adapts;  // for lanes = tasks: tasks with support rows
    V minus_rate;
    V check;      // NaN where a result was not finite
    bool direct;  // one rate for all, and the gradient is not read again
    RateOf<L> rate;
    int tail_column;  // for lanes = units: vectors of this column have values in the lanes of `tail` only
    M tail;

    inline __attribute__((always_inline)) void operator()(V g, V* at) {
      const std::ptrdiff_t p = at - gradient;
      const V step = select(adapts, fma(minus_rate, g, phi[p]), phi[p]);
      next[p] = step;
      check = fma(step, V(0.0f), check);
    }
    __attribute__((noinline)) void apply_to_tile(V* at, int rows, int columns, std::ptrdiff_t stride,
                                                 int column) {
      for (int r = 0; r < rows; ++r)
        for (int j = 0; j < columns; ++j) {
          const std::ptrdiff_t p = at + r * stride + j - gradient;
          const V step = select(adapts, fma(-rate(p), gradient[p], phi[p]), phi[p]);
          next[p] = step;
          const V value = L::units && column + j == tail_column ? select(tail, step, V(0.0f)) : step;
          check = fma(value, V(0.0f), check);
        }
    }
  };

  InnerStep(const V* gradient, const V* phi, V* next, Rates rates, M adapts, bool stores_gradient)
      : all_{.gradient = gradient,
             .phi = phi,
             .next = next,
             .adapts = adapts,
             .minus_rate = V(0.0f),
             .check = V(0.0f),
             .direct = !stores_gradient,
             .rate = {V(0.0f), nullptr},
             .tail_column = -1,
             .tail = adapts},
        rates_(rates) {}

  Epilogue begin(int layer, int columns) const {
    Epilogue epilogue = all_;
    epilogue.rate = rates_(layer);
    epilogue.minus_rate = -epilogue.rate.uniform;
    if (epilogue.rate.each) epilogue.direct = false;
    if constexpr (L::units)
      if (const int rest = columns % L::width; rest != 0) {
        epilogue.tail_column = columns / L::width;
        epilogue.tail = L::first(rest);
      }
    return epilogue;
  }
  void end(const Epilogue& epilogue) { all_.check = epilogue.check; }

  /// Lanes in which a parameter is no longer finite.
  M bad() const { return not_(all_.check == all_.check); }

 private:
  Epilogue all_;
  Rates rates_;
};

/// lambda = weight v (`set`: of a query gradient) or fma(weight, v, lambda) (`add`: also of Hessian-vector
/// products), and u = alpha lambda, the direction for the previous step.
enum class LambdaUpdateKind { set, add };

template <class L, class Rates, LambdaUpdateKind kind>
class LambdaUpdate {
 public:
  using V = typename L::V;

  struct Epilogue {
    static constexpr bool stores = false, single_products = kind == LambdaUpdateKind::set;
    const V* values;  // address of the sums, which are stored there if `direct` is false
    V* lambda;
    V* u;  // lambda itself, with a rate of one, if no direction is needed
    V weight;
    bool direct;  // one rate for all
    RateOf<L> rate;

    inline __attribute__((always_inline)) void operator()(V v, V* at) {
      const std::ptrdiff_t p = at - values;
      const V sum = sum_of(v, p);
      lambda[p] = sum;
      u[p] = rate.uniform * sum;
    }
    __attribute__((noinline)) void apply_to_tile(V* at, int rows, int columns, std::ptrdiff_t stride, int) {
      for (int r = 0; r < rows; ++r)
        for (int j = 0; j < columns; ++j) {
          const std::ptrdiff_t p = at + r * stride + j - values;
          const V sum = sum_of(values[p], p);
          lambda[p] = sum;
          u[p] = rate(p) * sum;
        }
    }
    inline __attribute__((always_inline)) V sum_of(V v, std::ptrdiff_t p) const {
      if constexpr (kind == LambdaUpdateKind::set)
        return weight * v;
      else
        return fma(weight, v, lambda[p]);
    }
  };

  /// `u` null: no direction is needed.
  LambdaUpdate(const V* values, float weight, V* lambda, V* u, Rates rates)
      : all_{.values = values,
             .lambda = lambda,
             .u = u ? u : lambda,
             .weight = V(weight),
             .direct = true,
             .rate = {V(1.0f), nullptr}},
        rates_(rates) {}

  Epilogue begin(int layer, int) const {
    Epilogue epilogue = all_;
    if (epilogue.u != epilogue.lambda) epilogue.rate = rates_(layer);
    epilogue.direct = !epilogue.rate.each;
    return epilogue;
  }
  void end(const Epilogue&) const {}

 private:
  Epilogue all_;
  Rates rates_;
};

}  // namespace shoal::cpu
