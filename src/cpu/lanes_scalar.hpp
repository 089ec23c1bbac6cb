// SPDX-License-Identifier: Apache-2.0
// Four lanes in plain C++: the portable path, for any machine. The compiler may use whatever vectors its
// baseline has; fma is the correctly rounded one of the language, in hardware or not.
#pragma once

#include <cstdint>

#include "kernels/lanes.hpp"

namespace shoal::cpu::scalar {

inline constexpr int W = 4;

struct M {
  bool m[W]{};
};
struct I {
  std::int32_t v[W];
  I() = default;
  explicit I(std::int32_t value) {
    for (auto& lane : v) lane = value;
  }
};
struct V {
  float v[W];
  V() = default;
  explicit V(float value) {
    for (auto& lane : v) lane = value;
  }
};

#define SHOAL_LANE static inline __attribute__((always_inline))
template <class R, class F>
SHOAL_LANE R each(F f) {
  R result;
  for (int w = 0; w < W; ++w) {
    if constexpr (requires { result.m; })
      result.m[w] = f(w);
    else
      result.v[w] = f(w);
  }
  return result;
}
SHOAL_LANE V operator+(V a, V b) {
  return each<V>([&](int w) { return a.v[w] + b.v[w]; });
}
SHOAL_LANE V operator-(V a, V b) {
  return each<V>([&](int w) { return a.v[w] - b.v[w]; });
}
SHOAL_LANE V operator*(V a, V b) {
  return each<V>([&](int w) { return a.v[w] * b.v[w]; });
}
SHOAL_LANE V operator/(V a, V b) {
  return each<V>([&](int w) { return a.v[w] / b.v[w]; });
}
SHOAL_LANE V operator-(V a) {
  return each<V>([&](int w) { return -a.v[w]; });
}
SHOAL_LANE M operator<(V a, V b) {
  return each<M>([&](int w) { return a.v[w] < b.v[w]; });
}
SHOAL_LANE M operator<=(V a, V b) {
  return each<M>([&](int w) { return a.v[w] <= b.v[w]; });
}
SHOAL_LANE M operator>(V a, V b) {
  return each<M>([&](int w) { return a.v[w] > b.v[w]; });
}
SHOAL_LANE M operator>=(V a, V b) {
  return each<M>([&](int w) { return a.v[w] >= b.v[w]; });
}
SHOAL_LANE M operator==(V a, V b) {
  return each<M>([&](int w) { return a.v[w] == b.v[w]; });
}
SHOAL_LANE M and_(M a, M b) {
  return each<M>([&](int w) { return a.m[w] && b.m[w]; });
}
SHOAL_LANE M or_(M a, M b) {
  return each<M>([&](int w) { return a.m[w] || b.m[w]; });
}
SHOAL_LANE M not_(M a) {
  return each<M>([&](int w) { return !a.m[w]; });
}
SHOAL_LANE V fma(V a, V b, V c) {
  return each<V>([&](int w) { return __builtin_fmaf(a.v[w], b.v[w], c.v[w]); });
}
SHOAL_LANE V sqrt(V a) {
  return each<V>([&](int w) { return kernels::sqrt(a.v[w]); });
}
SHOAL_LANE V abs(V a) {
  return each<V>([&](int w) { return __builtin_fabsf(a.v[w]); });
}
SHOAL_LANE V select(M m, V yes, V no) {
  return each<V>([&](int w) { return m.m[w] ? yes.v[w] : no.v[w]; });
}
SHOAL_LANE I select(M m, I yes, I no) {
  return each<I>([&](int w) { return m.m[w] ? yes.v[w] : no.v[w]; });
}
SHOAL_LANE I bits(V a) {
  return each<I>([&](int w) { return kernels::bits(a.v[w]); });
}
SHOAL_LANE V from_bits(I a) {
  return each<V>([&](int w) { return kernels::from_bits(a.v[w]); });
}
// Integer lanes wrap; in unsigned arithmetic, because overflow of int is undefined.
SHOAL_LANE I operator+(I a, I b) {
  return each<I>([&](int w) { return std::int32_t(std::uint32_t(a.v[w]) + std::uint32_t(b.v[w])); });
}
SHOAL_LANE I operator-(I a, I b) {
  return each<I>([&](int w) { return std::int32_t(std::uint32_t(a.v[w]) - std::uint32_t(b.v[w])); });
}
SHOAL_LANE I operator&(I a, I b) {
  return each<I>([&](int w) { return a.v[w] & b.v[w]; });
}
SHOAL_LANE I operator|(I a, I b) {
  return each<I>([&](int w) { return a.v[w] | b.v[w]; });
}
SHOAL_LANE I operator^(I a, I b) {
  return each<I>([&](int w) { return a.v[w] ^ b.v[w]; });
}
template <int n>
SHOAL_LANE I shift_left(I a) {
  return each<I>([&](int w) { return std::int32_t(std::uint32_t(a.v[w]) << n); });
}
template <int n>
SHOAL_LANE I shift_right(I a) {
  return each<I>([&](int w) { return a.v[w] >> n; });
}
SHOAL_LANE V to_float(I a) {
  return each<V>([&](int w) { return kernels::to_float(a.v[w]); });
}

/// What the engine needs beside the lane operations.
struct Lanes {
  using V = scalar::V;
  using M = scalar::M;
  static constexpr int width = W;
  static constexpr int tile_rows = 2, tile_columns = 3;      ///< lanes = tasks (contraction.hpp)
  static constexpr int rows_of_four_columns = 0;             ///< no tiles of four columns
  static constexpr bool updates_in_registers = false;        ///< lanes = tasks (parameter_updates.hpp)
  static constexpr int panel_columns = 2, accumulators = 8;  ///< lanes = units

  SHOAL_LANE M below(int s, const std::int32_t* limit) {
    return each<M>([&](int w) { return s < limit[w]; });
  }
  SHOAL_LANE M from_flags(const std::uint8_t* flag) {
    return each<M>([&](int w) { return flag[w] != 0; });
  }
  SHOAL_LANE bool lane(M m, int w) { return m.m[w]; }
  SHOAL_LANE bool any(M m) {
    bool result = false;
    for (const bool lane : m.m) result = result || lane;
    return result;
  }

  SHOAL_LANE V load(const float* from) {
    return each<V>([&](int w) { return from[w]; });
  }
  /// The first n < width values; the others are 0 and not read.
  SHOAL_LANE V load_first(const float* from, int n) {
    return each<V>([&](int w) { return w < n ? from[w] : 0.0f; });
  }

  /// rows[i] lane j <-> rows[j] lane i.
  SHOAL_LANE void transpose(V (&rows)[W]) {
    for (int i = 0; i < W; ++i)
      for (int j = 0; j < i; ++j) {
        const float lower = rows[i].v[j];
        rows[i].v[j] = rows[j].v[i];
        rows[j].v[i] = lower;
      }
  }

  /// The lanes in double, for the exact sum.
  struct Halves {
    double lane[W];
  };
  SHOAL_LANE Halves widen(V a) {
    Halves x;
    for (int w = 0; w < W; ++w) x.lane[w] = static_cast<double>(a.v[w]);
    return x;
  }
  /// Digit of every lane against `magic` = 1.5 * 2^52 units, summed over lanes; leaves the rest in `x`.
  SHOAL_LANE std::int64_t take_digit(Halves& x, double magic) {
    std::int64_t sum = 0;
    for (double& lane : x.lane) {
      const double shifted = lane + magic;
      sum += __builtin_bit_cast(std::int64_t, shifted) - __builtin_bit_cast(std::int64_t, magic);
      lane -= shifted - magic;
    }
    return sum;
  }
  /// The same without the sum: digit of lane w to sums[w].
  SHOAL_LANE void add_digits(Halves& x, double magic, std::int64_t* sums) {
    for (int w = 0; w < W; ++w) {
      const double shifted = x.lane[w] + magic;
      sums[w] += __builtin_bit_cast(std::int64_t, shifted) - __builtin_bit_cast(std::int64_t, magic);
      x.lane[w] -= shifted - magic;
    }
  }
  SHOAL_LANE bool all_zero(const Halves& x) {
    bool zero = true;
    for (const double lane : x.lane) zero = zero && lane == 0.0;
    return zero;
  }
};
#undef SHOAL_LANE

}  // namespace shoal::cpu::scalar

namespace shoal::kernels {
template <>
struct LaneTraits<cpu::scalar::V> {
  using Int = cpu::scalar::I;
  using Mask = cpu::scalar::M;
  static constexpr int width = cpu::scalar::W;
};
}  // namespace shoal::kernels
