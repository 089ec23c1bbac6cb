// SPDX-License-Identifier: Apache-2.0
// The builtin functions and macros of GCC that the shared maths uses, for NVRTC, which lacks them. Under nvcc
// and on the host they are the compiler's own, and this header is empty.
#pragma once

#if defined(__CUDACC_RTC__)
#define __builtin_fmaf(a, b, c) __fmaf_rn(a, b, c)
#define __builtin_fma(a, b, c) __fma_rn(a, b, c)
#define __builtin_sqrtf(a) __fsqrt_rn(a)
#define __builtin_fabsf(a) fabsf(a)
#define __builtin_inff() __builtin_bit_cast(float, 0x7f800000)
#define __builtin_inf() __builtin_bit_cast(double, 0x7ff0000000000000ll)
#define __builtin_nanf(text) __builtin_bit_cast(float, 0x7fc00000)
#define __FLT_MAX__ 0x1.fffffep127f
#endif
