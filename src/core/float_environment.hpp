// SPDX-License-Identifier: Apache-2.0
// FloatEnvironment: round to nearest, denormals kept, for the time it lives (contract N1). A caller's
// flush-to-zero mode would change bits; a library that left its own mode behind would change the caller's. On
// x86 the C library reads decimal numbers by the rounding mode of the x87 unit, whatever SSE is set to: both
// are set.
#pragma once

#if defined(__SSE__)
#include <xmmintrin.h>
#else
#include <cfenv>
#endif

namespace shoal {

class FloatEnvironment {
 public:
#if defined(__SSE__)
  FloatEnvironment() : saved_(_mm_getcsr()) {
    _mm_setcsr(0x1f80);  // all exceptions masked, nearest, no FTZ, no DAZ
    __asm__ volatile("fnstcw %0" : "=m"(saved_control_));
    set_control(0x037f);  // the same, extended precision
  }
  ~FloatEnvironment() {
    set_control(saved_control_);
    _mm_setcsr(saved_);
  }
#else
  FloatEnvironment() {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~FloatEnvironment() {
    std::fesetenv(&saved_);
  }
#endif
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

 private:
#if defined(__SSE__)
  static void set_control(unsigned short control) {
    __asm__ volatile("fldcw %0" : : "m"(control));
  }

  unsigned saved_;
  unsigned short saved_control_;
#else
  std::fenv_t saved_;
#endif
};

}  // namespace shoal
