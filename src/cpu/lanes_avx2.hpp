// SPDX-License-Identifier: Apache-2.0
// Eight lanes per register: AVX2 and FMA. Only translation units built for these instruction sets may include
// this; see lanes_avx512.hpp.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "kernels/math/lanes.hpp"

namespace shoal::cpu::avx2 {

struct M {
  __m256 m{};
};
struct I {
  __m256i v;
  I() = default;
  explicit I(__m256i value) : v(value) {}
  explicit I(std::int32_t value) : v(_mm256_set1_epi32(value)) {}
};
struct V {
  __m256 v;
  V() = default;
  explicit V(__m256 value) : v(value) {}
  explicit V(float value) : v(_mm256_set1_ps(value)) {}
};

#define SHOAL_LANE static inline __attribute__((always_inline))
SHOAL_LANE V operator+(V a, V b) {
  return V(_mm256_add_ps(a.v, b.v));
}
SHOAL_LANE V operator-(V a, V b) {
  return V(_mm256_sub_ps(a.v, b.v));
}
SHOAL_LANE V operator*(V a, V b) {
  return V(_mm256_mul_ps(a.v, b.v));
}
SHOAL_LANE V operator/(V a, V b) {
  return V(_mm256_div_ps(a.v, b.v));
}
SHOAL_LANE V operator-(V a) {
  return V(_mm256_xor_ps(a.v, _mm256_set1_ps(-0.0f)));
}
SHOAL_LANE M operator<(V a, V b) {
  return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)};
}
SHOAL_LANE M operator<=(V a, V b) {
  return {_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ)};
}
SHOAL_LANE M operator>(V a, V b) {
  return {_mm256_cmp_ps(a.v, b.v, _CMP_GT_OQ)};
}
SHOAL_LANE M operator>=(V a, V b) {
  return {_mm256_cmp_ps(a.v, b.v, _CMP_GE_OQ)};
}
SHOAL_LANE M operator==(V a, V b) {
  return {_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)};
}
SHOAL_LANE M and_(M a, M b) {
  return {_mm256_and_ps(a.m, b.m)};
}
SHOAL_LANE M or_(M a, M b) {
  return {_mm256_or_ps(a.m, b.m)};
}
SHOAL_LANE M not_(M a) {
  return {_mm256_xor_ps(a.m, _mm256_castsi256_ps(_mm256_set1_epi32(-1)))};
}
SHOAL_LANE V fma(V a, V b, V c) {
  return V(_mm256_fmadd_ps(a.v, b.v, c.v));
}
SHOAL_LANE V sqrt(V a) {
  return V(_mm256_sqrt_ps(a.v));
}
SHOAL_LANE V abs(V a) {
  return V(_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v));
}
SHOAL_LANE V select(M m, V yes, V no) {
  return V(_mm256_blendv_ps(no.v, yes.v, m.m));
}
SHOAL_LANE I select(M m, I yes, I no) {
  return I(_mm256_blendv_epi8(no.v, yes.v, _mm256_castps_si256(m.m)));
}
SHOAL_LANE I bits(V a) {
  return I(_mm256_castps_si256(a.v));
}
SHOAL_LANE V from_bits(I a) {
  return V(_mm256_castsi256_ps(a.v));
}
SHOAL_LANE I operator+(I a, I b) {
  return I(_mm256_add_epi32(a.v, b.v));
}
SHOAL_LANE I operator-(I a, I b) {
  return I(_mm256_sub_epi32(a.v, b.v));
}
SHOAL_LANE I operator&(I a, I b) {
  return I(_mm256_and_si256(a.v, b.v));
}
SHOAL_LANE I operator|(I a, I b) {
  return I(_mm256_or_si256(a.v, b.v));
}
SHOAL_LANE I operator^(I a, I b) {
  return I(_mm256_xor_si256(a.v, b.v));
}
template <int n>
SHOAL_LANE I shift_left(I a) {
  return I(_mm256_slli_epi32(a.v, n));
}
template <int n>
SHOAL_LANE I shift_right(I a) {
  return I(_mm256_srai_epi32(a.v, n));
}
SHOAL_LANE V to_float(I a) {
  return V(_mm256_cvtepi32_ps(a.v));
}

/// What the cpu backend needs beside the lane operations.
struct Lanes {
  using V = avx2::V;
  using M = avx2::M;
  static constexpr int width = 8;
  static constexpr int tile_rows = 4, tile_columns = 3;  ///< lanes = tasks (gemm.hpp)
  // ThreadSanitizer finds nothing in unrolled code and multiplies the time to compile it.
#if defined(__SANITIZE_THREAD__)
  static constexpr bool unrolls = false;
#else
  static constexpr bool unrolls = true;
#endif
  static constexpr int rows_of_four_columns = unrolls ? 3 : 0;  ///< rows of a tile of four columns
  static constexpr bool updates_in_registers = unrolls;         ///< lanes = tasks (parameter_updates.hpp)
  static constexpr int panel_columns = 2, accumulators = 12;    ///< lanes = units

  SHOAL_LANE M below(int s, const std::int32_t* limit) {
    const __m256i limits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(limit));
    return {_mm256_castsi256_ps(_mm256_cmpgt_epi32(limits, _mm256_set1_epi32(s)))};
  }
  SHOAL_LANE M from_flags(const std::uint8_t* flag) {
    alignas(32) std::int32_t lanes[width];
    for (int w = 0; w < width; ++w) lanes[w] = flag[w] ? -1 : 0;
    return {_mm256_load_ps(reinterpret_cast<const float*>(lanes))};
  }
  SHOAL_LANE bool lane(M m, int w) {
    return _mm256_movemask_ps(m.m) >> w & 1;
  }
  SHOAL_LANE bool any(M m) {
    return _mm256_movemask_ps(m.m) != 0;
  }

  SHOAL_LANE V load(const float* from) {
    return V(_mm256_loadu_ps(from));
  }
  /// Loads the first n < width values; the other lanes become 0, and their memory is not read.
  SHOAL_LANE V load_first(const float* from, int n) {
    const __m256i number = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return V(_mm256_maskload_ps(from, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), number)));
  }

  /// Exchanges lane j of rows[i] with lane i of rows[j], in three rounds of eight shuffles.
  SHOAL_LANE void transpose(V (&rows)[8]) {
    __m256 pair[8], four[8];
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
      pair[i] = _mm256_unpacklo_ps(rows[i].v, rows[i + 1].v);
      pair[i + 1] = _mm256_unpackhi_ps(rows[i].v, rows[i + 1].v);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {  // four[i + c]: columns c, c + 4 of rows i .. i + 3
      four[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
      four[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee);
      four[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
      four[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
    }
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) {
      rows[c].v = _mm256_permute2f128_ps(four[c], four[4 + c], 0x20);
      rows[4 + c].v = _mm256_permute2f128_ps(four[c], four[4 + c], 0x31);
    }
  }

  /// The eight lanes as doubles, for the exact sum.
  struct Halves {
    __m256d low, high;
  };
  SHOAL_LANE Halves widen(V a) {
    return {_mm256_cvtps_pd(_mm256_castps256_ps128(a.v)), _mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1))};
  }
  /// Extracts a digit of every lane with `magic` = 1.5 * 2^52 units; returns the sum over lanes and leaves
  /// the remainders in `x`.
  SHOAL_LANE std::int64_t extract_digit(Halves& x, double magic) {
    const __m256d m = _mm256_set1_pd(magic);
    const __m256d low = _mm256_add_pd(x.low, m), high = _mm256_add_pd(x.high, m);
    x.low = _mm256_sub_pd(x.low, _mm256_sub_pd(low, m));
    x.high = _mm256_sub_pd(x.high, _mm256_sub_pd(high, m));
    const __m256i both =
        _mm256_sub_epi64(_mm256_add_epi64(_mm256_castpd_si256(low), _mm256_castpd_si256(high)),
                         _mm256_slli_epi64(_mm256_castpd_si256(m), 1));
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
    return _mm_cvtsi128_si64(half) + _mm_extract_epi64(half, 1);
  }
  /// Extracts a digit in the same way, and adds that of lane w to sums[w].
  SHOAL_LANE void add_digits(Halves& x, double magic, std::int64_t* sums) {
    const __m256d m = _mm256_set1_pd(magic);
    const __m256d low = _mm256_add_pd(x.low, m), high = _mm256_add_pd(x.high, m);
    x.low = _mm256_sub_pd(x.low, _mm256_sub_pd(low, m));
    x.high = _mm256_sub_pd(x.high, _mm256_sub_pd(high, m));
    const __m256i zero = _mm256_castpd_si256(m);
    auto* at = reinterpret_cast<__m256i*>(sums);
    const __m256i low_digit = _mm256_sub_epi64(_mm256_castpd_si256(low), zero),
                  high_digit = _mm256_sub_epi64(_mm256_castpd_si256(high), zero);
    _mm256_storeu_si256(at, _mm256_add_epi64(_mm256_loadu_si256(at), low_digit));
    _mm256_storeu_si256(at + 1, _mm256_add_epi64(_mm256_loadu_si256(at + 1), high_digit));
  }
  SHOAL_LANE bool all_zero(const Halves& x) {
    const __m256d zero = _mm256_setzero_pd();
    return _mm256_movemask_pd(_mm256_or_pd(_mm256_cmp_pd(x.low, zero, _CMP_NEQ_OQ),
                                           _mm256_cmp_pd(x.high, zero, _CMP_NEQ_OQ))) == 0;
  }
};
#undef SHOAL_LANE

}  // namespace shoal::cpu::avx2

namespace shoal::kernels {
template <>
struct LaneTraits<cpu::avx2::V> {
  using Int = cpu::avx2::I;
  using Mask = cpu::avx2::M;
  static constexpr int width = 8;
};
}  // namespace shoal::kernels
