// SPDX-License-Identifier: Apache-2.0
// FastProducts on the host, as inexact as tensor cores may be: operands are rounded to TF32, and sums run
// from last to first.
#include <cstring>

#include "cuda/layered/fast_products.hpp"
#include "simt/device_host.hpp"
#include "simt/simt.hpp"

namespace shoal::cuda {
namespace {

/// Rounds to 11 significant bits, halves away from zero.
float tf32(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7f800000u) == 0x7f800000u) return x;
  bits = (bits + 0x1000u) & ~0x1fffu;
  std::memcpy(&x, &bits, sizeof bits);
  return x;
}

void multiply_now(const FastProduct& p) {
  for (std::int64_t t = 0; t < p.batch; ++t) {
    const float *const a = p.a + t * p.a_batch, *const b = p.b + t * p.b_batch;
    float* const out = p.out + t * p.out_batch;
    for (std::int64_t r = 0; r < p.rows; ++r)
      for (std::int64_t j = 0; j < p.columns; ++j) {
        float sum = 0.0f;
        for (std::int64_t s = p.terms; s-- > 0;)
          sum += tf32(p.a_transposed ? a[s * p.a_stride + r] : a[r * p.a_stride + s]) *
                 tf32(p.b_transposed ? b[j * p.b_stride + s] : b[s * p.b_stride + j]);
        float& to = out[r * p.out_stride + j];
        to = p.beta == 0.0f ? p.alpha * sum : p.alpha * sum + p.beta * to;
      }
  }
}

}  // namespace

FastProducts::FastProducts(Stream& stream) : handle_(&stream) {
  simt::count_device_call("cublasCreate");
}
FastProducts::~FastProducts() = default;

void FastProducts::multiply(const FastProduct& product) {
  simt::count_device_call("cublasGemmStridedBatchedEx");
  // In stream order, like the library.
  simt::launch_on_stream(static_cast<Stream*>(handle_)->handle(), [product] { multiply_now(product); });
}

}  // namespace shoal::cuda
