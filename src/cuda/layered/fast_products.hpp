// SPDX-License-Identifier: Apache-2.0
// FastProducts: batched matrix products outside the numerical contract (math = fast), by a library that is
// opened at run time. The test build replaces it, as it replaces the device layer (tests/simt).
#pragma once

#include <cstdint>

#include "cuda/runtime/stream.hpp"

namespace shoal::cuda {

/// out_t = alpha op(a_t) op(b_t) + beta out_t for t < batch, row-major. op(a) is [rows, terms]. A transposed
/// a is stored as [terms, rows], a transposed b as [columns, terms].
struct FastProduct {
  const float* a = nullptr;
  int a_stride = 0;
  std::int64_t a_batch = 0;  ///< floats between a_t and a_t+1; 0: one a for all
  bool a_transposed = false;
  const float* b = nullptr;
  int b_stride = 0;
  std::int64_t b_batch = 0;
  bool b_transposed = false;
  float* out = nullptr;
  int out_stride = 0;
  std::int64_t out_batch = 0;
  int rows = 0, columns = 0, terms = 0, batch = 0;
  float alpha = 1.0f, beta = 0.0f;
};

class FastProducts {
 public:
  /// Throws ResourceError if the library is missing or does not start.
  explicit FastProducts(Stream& stream);
  ~FastProducts();
  FastProducts(const FastProducts&) = delete;
  FastProducts& operator=(const FastProducts&) = delete;

  /// Computes the products. Operands may be rounded to 11 significant bits (TF32); sums are in float, in any
  /// order.
  void multiply(const FastProduct& product);

 private:
  void* handle_ = nullptr;
};

}  // namespace shoal::cuda
