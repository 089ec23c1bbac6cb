// SPDX-License-Identifier: Apache-2.0
// fma in single precision for hosts without an instruction for it. The C library's fmaf() takes hundreds of
// cycles there, because it changes the rounding mode. The algorithm: Boldo and Melquiond, "Emulation of FMA
// and correctly rounded sums: proved algorithms using rounding to odd" (2008):
//
//   product = a b              in double: 48 bits, exact
//   sum     = product + c      in double, rounded to odd: a sum that is not exact gets an odd last bit
//   result  = sum              rounded to float
//
// Rounding to nearest twice would be wrong where the first rounding lands halfway between two floats. A sum
// rounded to odd lies there only if it is exact, and a double has the 24 + 2 bits that the theorem asks for;
// a subnormal float needs fewer. Products and sums are multiples of 2^-298 below 2^257: no double among them
// is subnormal or overflows. An infinity or a NaN makes the error of the sum NaN, which counts as no error,
// so that the sum itself is the result.
//
// Oracle: tests/kernels/emulated_fma_test.cpp, in integers.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Whether the compiler turns __builtin_fmaf into one instruction.
#if defined(__FP_FAST_FMAF) || defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define SHOAL_FMA_IS_AN_INSTRUCTION 1
#else
#define SHOAL_FMA_IS_AN_INSTRUCTION 0
#endif

namespace shoal::kernels {

// Vector types of the compiler: four floats, which may alias an array of floats, and the two doubles of a
// register of SSE2 or NEON.
using FourFloats = float __attribute__((vector_size(16), may_alias));
using TwoDoubles = double __attribute__((vector_size(16)));
using TwoImages = std::int64_t __attribute__((vector_size(16)));

/// a + b rounded to odd, in every lane.
inline __attribute__((always_inline)) TwoDoubles add_rounded_to_odd(TwoDoubles a, TwoDoubles b) {
  const TwoDoubles sum = a + b, b_seen = sum - a;
  const TwoDoubles error = (a - (sum - b_seen)) + (b - b_seen);  // exact (two-sum)
  const TwoImages is_inexact = (error < 0.0) | (error > 0.0);    // -1 or 0, as in the next line
  const TwoImages is_too_large = (error < 0.0) ^ (sum < 0.0);    // in magnitude
  // Truncate towards zero, then set the last bit.
  const TwoImages image = reinterpret_cast<TwoImages>(sum) + (is_inexact & is_too_large);
  return reinterpret_cast<TwoDoubles>(image | (is_inexact & 1));
}

/// a b + c, rounded once. For a single float a branch is faster: rounding to nearest twice is wrong only
/// where the double lies halfway between two floats, which for normal results is one pattern of the 29 bits
/// that a float lacks.
inline __attribute__((always_inline)) float emulated_fma(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b), sum = product + c;
  const bool may_be_halfway = (__builtin_bit_cast(std::int64_t, sum) & 0x1fffffff) == 0x10000000;
  if (__builtin_expect(!may_be_halfway && __builtin_fabs(sum) >= 0x1p-126, 1)) return static_cast<float>(sum);
  return static_cast<float>(add_rounded_to_odd(TwoDoubles{product, 0.0}, TwoDoubles{c, 0.0})[0]);
}

/// The same in four lanes. The conversions are intrinsics because of a defect of g++ 12: it drops the
/// conversion of a vector of doubles to floats and back, so that sums of several products were wrong. It does
/// not do so for single floats.
inline __attribute__((always_inline)) FourFloats emulated_fma(FourFloats a, FourFloats b, FourFloats c) {
#if defined(__SSE2__)
  const auto low = [](FourFloats x) -> TwoDoubles { return _mm_cvtps_pd(x); };
  const auto high = [](FourFloats x) -> TwoDoubles { return _mm_cvtps_pd(_mm_movehl_ps(x, x)); };
  return _mm_movelh_ps(_mm_cvtpd_ps(add_rounded_to_odd(low(a) * low(b), low(c))),
                       _mm_cvtpd_ps(add_rounded_to_odd(high(a) * high(b), high(c))));
#else
  return FourFloats{emulated_fma(a[0], b[0], c[0]), emulated_fma(a[1], b[1], c[1]),
                    emulated_fma(a[2], b[2], c[2]), emulated_fma(a[3], b[3], c[3])};
#endif
}

}  // namespace shoal::kernels
