// SPDX-License-Identifier: Apache-2.0
#include <shoal/machine.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "kernels/math/emulated_fma.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace shoal {
namespace {

constexpr int chains = 12;  // enough to hide the latency of two FMA units
constexpr long rounds = 2'000'000;

// Each function returns a value that depends on its results, so that the compiler keeps the loop. The scalar
// one computes as the portable path does (src/cpu/lanes_scalar.hpp), with as many lanes.
double run_scalar() {
  kernels::FourFloats a[chains];
  for (auto& x : a) x = kernels::FourFloats{1.0f, 2.0f, 3.0f, 4.0f};
  const kernels::FourFloats b = {0.999f, 0.999f, 0.999f, 0.999f}, c = {0.001f, 0.001f, 0.001f, 0.001f};
  for (long i = 0; i < rounds; ++i)
    for (auto& x : a) {
#if SHOAL_FMA_IS_AN_INSTRUCTION
      for (int w = 0; w < 4; ++w) x[w] = __builtin_fmaf(x[w], b[w], c[w]);
#else
      x = kernels::emulated_fma(x, b, c);
#endif
    }
  float sum = 0.0f;
  for (const auto& x : a) sum += x[0] + x[3];
  return static_cast<double>(sum);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) double run_avx2() {
  __m256 a[chains];
  for (auto& x : a) x = _mm256_set1_ps(1.0f);
  const __m256 b = _mm256_set1_ps(0.999f), c = _mm256_set1_ps(0.001f);
  for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (int k = 0; k < chains; ++k) a[k] = _mm256_fmadd_ps(a[k], b, c);
  }
  __m256 sum = a[0];
  for (int k = 1; k < chains; ++k) sum = _mm256_add_ps(sum, a[k]);
  return static_cast<double>(_mm256_cvtss_f32(sum));
}

__attribute__((target("avx512f"))) double run_avx512() {
  __m512 a[chains];
  for (auto& x : a) x = _mm512_set1_ps(1.0f);
  const __m512 b = _mm512_set1_ps(0.999f), c = _mm512_set1_ps(0.001f);
  for (long i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (int k = 0; k < chains; ++k) a[k] = _mm512_fmadd_ps(a[k], b, c);
  }
  __m512 sum = a[0];
  for (int k = 1; k < chains; ++k) sum = _mm512_add_ps(sum, a[k]);
  return static_cast<double>(_mm512_cvtss_f32(sum));
}
#endif

template <class Run>
double best_rate(Run run, int width, int threads) {
  double best = 0.0;
  std::atomic<double> keep{0.0};
  for (int repeat = 0; repeat < 5; ++repeat) {
    std::atomic<int> waiting{threads};  // all threads begin together
    const auto work = [&] {
      for (--waiting; waiting.load() > 0;) std::this_thread::yield();
      keep = keep + run();
    };
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(work);
    while (waiting.load() > 1) std::this_thread::yield();
    const auto start = std::chrono::steady_clock::now();
    work();
    for (std::thread& other : others) other.join();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, 2.0 * width * chains * static_cast<double>(rounds) * threads / seconds);
  }
  return best * 1e-9;
}

}  // namespace

std::string machine_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

std::uint64_t memory_bytes() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
}

double fma_peak(Isa isa, int threads) {
#if defined(__x86_64__)
  if (isa == Isa::avx512) return best_rate(run_avx512, 16, threads);
  if (isa == Isa::avx2) return best_rate(run_avx2, 8, threads);
#endif
  return best_rate(run_scalar, 4, threads);
}

bool fma_is_emulated(Isa isa) {
  return isa == Isa::scalar && !SHOAL_FMA_IS_AN_INSTRUCTION;
}

}  // namespace shoal
