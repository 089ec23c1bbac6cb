// SPDX-License-Identifier: Apache-2.0
// Four lanes in plain C++: the portable path, for any machine. They are the compiler's vector types, for
// which it uses the registers of the machine's baseline. fma is rounded once everywhere, with or without an
// instruction for it (kernels/math/emulated_fma.hpp).
#pragma once

#include <cstdint>

#include "kernels/math/lanes.hpp"

namespace shoal::cpu::scalar {

inline constexpr int W = 4;

using Floats = kernels::FourFloats;
using Integers = std::int32_t __attribute__((vector_size(16)));
using Wrapping = std::uint32_t __attribute__((vector_size(16)));  // overflow of signed integers is undefined

struct M {
  Integers m{};  ///< -1 or 0
};
struct I {
  Integers v;
  I() = default;
  explicit I(Integers value) : v(value) {}
  explicit I(Wrapping value) : v(reinterpret_cast<Integers>(value)) {}
  explicit I(std::int32_t value) : v{value, value, value, value} {}
};
struct V {
  Floats v;
  V() = default;
  explicit V(Floats value) : v(value) {}
  explicit V(float value) : v{value, value, value, value} {}
};

#define SHOAL_LANE static inline __attribute__((always_inline))
SHOAL_LANE Wrapping wrapping(I a) {
  return reinterpret_cast<Wrapping>(a.v);
}
SHOAL_LANE V operator+(V a, V b) {
  return V(a.v + b.v);
}
SHOAL_LANE V operator-(V a, V b) {
  return V(a.v - b.v);
}
SHOAL_LANE V operator*(V a, V b) {
  return V(a.v * b.v);
}
SHOAL_LANE V operator/(V a, V b) {
  return V(a.v / b.v);
}
SHOAL_LANE V operator-(V a) {
  return V(-a.v);
}
SHOAL_LANE M operator<(V a, V b) {
  return {a.v < b.v};
}
SHOAL_LANE M operator<=(V a, V b) {
  return {a.v <= b.v};
}
SHOAL_LANE M operator>(V a, V b) {
  return {a.v > b.v};
}
SHOAL_LANE M operator>=(V a, V b) {
  return {a.v >= b.v};
}
SHOAL_LANE M operator==(V a, V b) {
  return {a.v == b.v};
}
SHOAL_LANE M and_(M a, M b) {
  return {a.m & b.m};
}
SHOAL_LANE M or_(M a, M b) {
  return {a.m | b.m};
}
SHOAL_LANE M not_(M a) {
  return {~a.m};
}
SHOAL_LANE V fma(V a, V b, V c) {
#if SHOAL_FMA_IS_AN_INSTRUCTION
  V result;
  for (int w = 0; w < W; ++w) result.v[w] = __builtin_fmaf(a.v[w], b.v[w], c.v[w]);
  return result;
#else
  return V(kernels::emulated_fma(a.v, b.v, c.v));
#endif
}
SHOAL_LANE V sqrt(V a) {
  for (int w = 0; w < W; ++w) a.v[w] = kernels::sqrt(a.v[w]);
  return a;
}
SHOAL_LANE V abs(V a) {
  return V(reinterpret_cast<Floats>(reinterpret_cast<Integers>(a.v) & 0x7fffffff));
}
SHOAL_LANE V select(M m, V yes, V no) {
  return V(m.m ? yes.v : no.v);
}
SHOAL_LANE I select(M m, I yes, I no) {
  return I(m.m ? yes.v : no.v);
}
SHOAL_LANE I bits(V a) {
  return I(reinterpret_cast<Integers>(a.v));
}
SHOAL_LANE V from_bits(I a) {
  return V(reinterpret_cast<Floats>(a.v));
}
SHOAL_LANE I operator+(I a, I b) {
  return I(wrapping(a) + wrapping(b));
}
SHOAL_LANE I operator-(I a, I b) {
  return I(wrapping(a) - wrapping(b));
}
SHOAL_LANE I operator&(I a, I b) {
  return I(a.v & b.v);
}
SHOAL_LANE I operator|(I a, I b) {
  return I(a.v | b.v);
}
SHOAL_LANE I operator^(I a, I b) {
  return I(a.v ^ b.v);
}
template <int n>
SHOAL_LANE I shift_left(I a) {
  return I(wrapping(a) << n);
}
template <int n>
SHOAL_LANE I shift_right(I a) {
  return I(a.v >> n);
}
SHOAL_LANE V to_float(I a) {
  return V(__builtin_convertvector(a.v, Floats));
}

/// What the cpu backend needs beside the lane operations.
struct Lanes {
  using V = scalar::V;
  using M = scalar::M;
  static constexpr int width = W;
  static constexpr int tile_rows = 2, tile_columns = 3;      ///< lanes = tasks (gemm.hpp)
  static constexpr int rows_of_four_columns = 0;             ///< no tiles of four columns
  static constexpr bool updates_in_registers = false;        ///< lanes = tasks (parameter_updates.hpp)
  static constexpr int panel_columns = 2, accumulators = 8;  ///< lanes = units

  SHOAL_LANE M below(int s, const std::int32_t* limit) {
    return {Integers{s, s, s, s} < Integers{limit[0], limit[1], limit[2], limit[3]}};
  }
  SHOAL_LANE M from_flags(const std::uint8_t* flag) {
    return {Integers{flag[0], flag[1], flag[2], flag[3]} != 0};
  }
  SHOAL_LANE bool lane(M m, int w) { return m.m[w] != 0; }
  SHOAL_LANE bool any(M m) { return (m.m[0] | m.m[1] | m.m[2] | m.m[3]) != 0; }

  SHOAL_LANE V load(const float* from) { return V(Floats{from[0], from[1], from[2], from[3]}); }
  /// Loads the first n < width values; the other lanes become 0, and their memory is not read.
  SHOAL_LANE V load_first(const float* from, int n) {
    V result(0.0f);
    for (int w = 0; w < n; ++w) result.v[w] = from[w];
    return result;
  }

  /// Exchanges lane j of rows[i] with lane i of rows[j].
  SHOAL_LANE void transpose(V (&rows)[W]) {
    for (int i = 0; i < W; ++i)
      for (int j = 0; j < i; ++j) {
        const float lower = rows[i].v[j];
        rows[i].v[j] = rows[j].v[i];
        rows[j].v[i] = lower;
      }
  }

  /// The lanes as doubles, for the exact sum.
  struct Halves {
    double lane[W];
  };
  SHOAL_LANE Halves widen(V a) {
    Halves x;
    for (int w = 0; w < W; ++w) x.lane[w] = static_cast<double>(a.v[w]);
    return x;
  }
  /// Extracts a digit of every lane with `magic` = 1.5 * 2^52 units; returns the sum over lanes and leaves
  /// the remainders in `x`.
  SHOAL_LANE std::int64_t extract_digit(Halves& x, double magic) {
    std::int64_t sum = 0;
    for (double& lane : x.lane) {
      const double shifted = lane + magic;
      sum += __builtin_bit_cast(std::int64_t, shifted) - __builtin_bit_cast(std::int64_t, magic);
      lane -= shifted - magic;
    }
    return sum;
  }
  /// Extracts a digit in the same way, and adds that of lane w to sums[w].
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
