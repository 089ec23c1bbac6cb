// SPDX-License-Identifier: Apache-2.0
// FloatEnvironment: sets round to nearest and keeps denormals while an object of this class exists (contract
// N1). Flush-to-zero mode of the caller would change bits of the results; if the library did not restore the
// caller's mode, it would change the caller's bits. On x86 the C library reads decimal numbers with the
// rounding mode of the x87 unit, whatever the mode of SSE is; so both are set.
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
    set_control(0x037f);  // the same for the x87 unit, with extended precision
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
