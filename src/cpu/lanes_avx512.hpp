// SPDX-License-Identifier: Apache-2.0
// Sixteen lanes per register: AVX-512F and DQ. Only translation units built for these instruction sets may
// include this. The lane operations are those of kernels/math/lanes.hpp; none may come from the standard
// library (see group_job.hpp).
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "kernels/math/lanes.hpp"

namespace shoal::cpu::avx512 {

struct M {
  __mmask16 m{};
};
struct I {
  __m512i v;
  I() = default;
  explicit I(__m512i value) : v(value) {}
  explicit I(std::int32_t value) : v(_mm512_set1_epi32(value)) {}
};
struct V {
  __m512 v;
  V() = default;
  explicit V(__m512 value) : v(value) {}
  explicit V(float value) : v(_mm512_set1_ps(value)) {}
};

#define SHOAL_LANE static inline __attribute__((always_inline))
SHOAL_LANE V operator+(V a, V b) {
  return V(_mm512_add_ps(a.v, b.v));
}
SHOAL_LANE V operator-(V a, V b) {
  return V(_mm512_sub_ps(a.v, b.v));
}
SHOAL_LANE V operator*(V a, V b) {
  return V(_mm512_mul_ps(a.v, b.v));
}
SHOAL_LANE V operator/(V a, V b) {
  return V(_mm512_div_ps(a.v, b.v));
}
SHOAL_LANE V operator-(V a) {
  return V(_mm512_xor_ps(a.v, _mm512_set1_ps(-0.0f)));
}
SHOAL_LANE M operator<(V a, V b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)};
}
SHOAL_LANE M operator<=(V a, V b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)};
}
SHOAL_LANE M operator>(V a, V b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ)};
}
SHOAL_LANE M operator>=(V a, V b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GE_OQ)};
}
SHOAL_LANE M operator==(V a, V b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)};
}
SHOAL_LANE M and_(M a, M b) {
  return {static_cast<__mmask16>(a.m & b.m)};
}
SHOAL_LANE M or_(M a, M b) {
  return {static_cast<__mmask16>(a.m | b.m)};
}
SHOAL_LANE M not_(M a) {
  return {static_cast<__mmask16>(~a.m)};
}
SHOAL_LANE V fma(V a, V b, V c) {
  return V(_mm512_fmadd_ps(a.v, b.v, c.v));
}
SHOAL_LANE V sqrt(V a) {
  return V(_mm512_sqrt_ps(a.v));
}
SHOAL_LANE V abs(V a) {
  return V(_mm512_abs_ps(a.v));
}
SHOAL_LANE V select(M m, V yes, V no) {
  return V(_mm512_mask_blend_ps(m.m, no.v, yes.v));
}
SHOAL_LANE I select(M m, I yes, I no) {
  return I(_mm512_mask_blend_epi32(m.m, no.v, yes.v));
}
SHOAL_LANE I bits(V a) {
  return I(_mm512_castps_si512(a.v));
}
SHOAL_LANE V from_bits(I a) {
  return V(_mm512_castsi512_ps(a.v));
}
SHOAL_LANE I operator+(I a, I b) {
  return I(_mm512_add_epi32(a.v, b.v));
}
SHOAL_LANE I operator-(I a, I b) {
  return I(_mm512_sub_epi32(a.v, b.v));
}
SHOAL_LANE I operator&(I a, I b) {
  return I(_mm512_and_si512(a.v, b.v));
}
SHOAL_LANE I operator|(I a, I b) {
  return I(_mm512_or_si512(a.v, b.v));
}
SHOAL_LANE I operator^(I a, I b) {
  return I(_mm512_xor_si512(a.v, b.v));
}
template <int n>
SHOAL_LANE I shift_left(I a) {
  return I(_mm512_slli_epi32(a.v, n));
}
template <int n>
SHOAL_LANE I shift_right(I a) {
  return I(_mm512_srai_epi32(a.v, n));
}
SHOAL_LANE V to_float(I a) {
  return V(_mm512_cvtepi32_ps(a.v));
}

/// What the cpu backend needs beside the lane operations.
struct Lanes {
  using V = avx512::V;
  using M = avx512::M;
  static constexpr int width = 16;
  static constexpr int tile_rows = 5, tile_columns = 5;  ///< lanes = tasks (gemm.hpp)
  // Sanitizers multiply the time to compile unrolled code. AddressSanitizer sees the same code with the lanes
  // of AVX2, and ThreadSanitizer finds nothing in it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr bool unrolls = false;
#else
  static constexpr bool unrolls = true;
#endif
  static constexpr int rows_of_four_columns = unrolls ? 6 : 0;  ///< rows of a tile of four columns
  static constexpr bool updates_in_registers = unrolls;         ///< lanes = tasks (parameter_updates.hpp)
  static constexpr int panel_columns = 4, accumulators = 24;    ///< lanes = units

  SHOAL_LANE M below(int s, const std::int32_t* limit) {
    return {_mm512_cmplt_epi32_mask(_mm512_set1_epi32(s), _mm512_loadu_si512(limit))};
  }
  SHOAL_LANE M from_flags(const std::uint8_t* flag) {
    M mask{};
    for (int w = 0; w < width; ++w) mask.m = static_cast<__mmask16>(mask.m | (flag[w] ? 1u << w : 0u));
    return mask;
  }
  SHOAL_LANE bool lane(M m, int w) {
    return m.m >> w & 1;
  }
  SHOAL_LANE bool any(M m) {
    return m.m != 0;
  }

  SHOAL_LANE V load(const float* from) {
    return V(_mm512_loadu_ps(from));
  }
  /// Loads the first n < width values; the other lanes become 0, and their memory is not read.
  SHOAL_LANE V load_first(const float* from, int n) {
    return V(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1u), from));
  }

  /// Exchanges lane j of rows[i] with lane i of rows[j], in four rounds of sixteen shuffles.
  SHOAL_LANE void transpose(V (&rows)[16]) {
    __m512 pair[16], four[16];
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
      pair[i] = _mm512_unpacklo_ps(rows[i].v, rows[i + 1].v);
      pair[i + 1] = _mm512_unpackhi_ps(rows[i].v, rows[i + 1].v);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {  // four[i + c]: columns c, c + 4, c + 8, c + 12 of rows i .. i + 3
      four[i] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0x44);
      four[i + 1] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0xee);
      four[i + 2] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
      four[i + 3] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
    }
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) {
      const __m512 even_top = _mm512_shuffle_f32x4(four[c], four[4 + c], 0x88),
                   odd_top = _mm512_shuffle_f32x4(four[c], four[4 + c], 0xdd),
                   even_low = _mm512_shuffle_f32x4(four[8 + c], four[12 + c], 0x88),
                   odd_low = _mm512_shuffle_f32x4(four[8 + c], four[12 + c], 0xdd);
      rows[c].v = _mm512_shuffle_f32x4(even_top, even_low, 0x88);
      rows[4 + c].v = _mm512_shuffle_f32x4(odd_top, odd_low, 0x88);
      rows[8 + c].v = _mm512_shuffle_f32x4(even_top, even_low, 0xdd);
      rows[12 + c].v = _mm512_shuffle_f32x4(odd_top, odd_low, 0xdd);
    }
  }

  /// The sixteen lanes as doubles, for the exact sum.
  struct Halves {
    __m512d low, high;
  };
  SHOAL_LANE Halves widen(V a) {
    return {_mm512_cvtps_pd(_mm512_castps512_ps256(a.v)), _mm512_cvtps_pd(_mm512_extractf32x8_ps(a.v, 1))};
  }
  /// Extracts a digit of every lane with `magic` = 1.5 * 2^52 units; returns the sum over lanes and leaves
  /// the remainders in `x`.
  SHOAL_LANE std::int64_t extract_digit(Halves& x, double magic) {
    const __m512d m = _mm512_set1_pd(magic);
    const __m512d low = _mm512_add_pd(x.low, m), high = _mm512_add_pd(x.high, m);
    x.low = _mm512_sub_pd(x.low, _mm512_sub_pd(low, m));
    x.high = _mm512_sub_pd(x.high, _mm512_sub_pd(high, m));
    const __m512i both = _mm512_add_epi64(_mm512_castpd_si512(low), _mm512_castpd_si512(high));
    return _mm512_reduce_add_epi64(_mm512_sub_epi64(both, _mm512_slli_epi64(_mm512_castpd_si512(m), 1)));
  }
  /// The same for eight values at once: the digits of x[i], summed over lanes, are added to sums[i].
  SHOAL_LANE void extract_eight_digits(Halves (&x)[8], double magic, std::int64_t* sums) {
    const __m512d m = _mm512_set1_pd(magic);
    const __m512i zero = _mm512_slli_epi64(_mm512_castpd_si512(m), 1);
    __m512i digit[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      const __m512d low = _mm512_add_pd(x[i].low, m), high = _mm512_add_pd(x[i].high, m);
      x[i].low = _mm512_sub_pd(x[i].low, _mm512_sub_pd(low, m));
      x[i].high = _mm512_sub_pd(x[i].high, _mm512_sub_pd(high, m));
      digit[i] =
          _mm512_sub_epi64(_mm512_add_epi64(_mm512_castpd_si512(low), _mm512_castpd_si512(high)), zero);
    }
    // Sum each of the eight vectors over its lanes; the sums become the lanes of one vector. Neighbours are
    // added first, then quarters, then halves.
    __m512i pair[4], four[2];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      pair[i] = _mm512_add_epi64(_mm512_unpacklo_epi64(digit[2 * i], digit[2 * i + 1]),
                                 _mm512_unpackhi_epi64(digit[2 * i], digit[2 * i + 1]));
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i)
      four[i] = _mm512_add_epi64(_mm512_shuffle_i64x2(pair[2 * i], pair[2 * i + 1], 0x88),
                                 _mm512_shuffle_i64x2(pair[2 * i], pair[2 * i + 1], 0xdd));
    const __m512i all = _mm512_add_epi64(_mm512_shuffle_i64x2(four[0], four[1], 0x88),
                                         _mm512_shuffle_i64x2(four[0], four[1], 0xdd));
    _mm512_storeu_si512(sums, _mm512_add_epi64(_mm512_loadu_si512(sums), all));
  }
  /// Extracts a digit in the same way, and adds that of lane w to sums[w].
  SHOAL_LANE void add_digits(Halves& x, double magic, std::int64_t* sums) {
    const __m512d m = _mm512_set1_pd(magic);
    const __m512d low = _mm512_add_pd(x.low, m), high = _mm512_add_pd(x.high, m);
    x.low = _mm512_sub_pd(x.low, _mm512_sub_pd(low, m));
    x.high = _mm512_sub_pd(x.high, _mm512_sub_pd(high, m));
    const __m512i zero = _mm512_castpd_si512(m);
    const __m512i low_digit = _mm512_sub_epi64(_mm512_castpd_si512(low), zero),
                  high_digit = _mm512_sub_epi64(_mm512_castpd_si512(high), zero);
    _mm512_storeu_si512(sums, _mm512_add_epi64(_mm512_loadu_si512(sums), low_digit));
    _mm512_storeu_si512(sums + 8, _mm512_add_epi64(_mm512_loadu_si512(sums + 8), high_digit));
  }
  SHOAL_LANE bool all_zero(const Halves& x) {
    const __m512d zero = _mm512_setzero_pd();
    return (_mm512_cmp_pd_mask(x.low, zero, _CMP_NEQ_OQ) | _mm512_cmp_pd_mask(x.high, zero, _CMP_NEQ_OQ)) ==
           0;
  }
};
#undef SHOAL_LANE

}  // namespace shoal::cpu::avx512

namespace shoal::kernels {
template <>
struct LaneTraits<cpu::avx512::V> {
  using Int = cpu::avx512::I;
  using Mask = cpu::avx512::M;
  static constexpr int width = 16;
};
}  // namespace shoal::kernels
