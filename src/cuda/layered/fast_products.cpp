// SPDX-License-Identifier: Apache-2.0
// Implements FastProducts with cuBLAS. This file declares the few functions that it needs.
#include <string>

#include <shoal/error.hpp>

#include "cuda/layered/fast_products.hpp"
#include "cuda/runtime/toolkit_library.hpp"

namespace shoal::cuda {
namespace {

// Types and constants of version 13, from cublas_api.h and library_types.h:
using Status = int;
constexpr Status success = 0;
constexpr int not_transposed = 0, transposed = 1;  // cublasOperation_t
constexpr int float32 = 0;                         // CUDA_R_32F
constexpr int float32_fast_tf32 = 77;              // CUBLAS_COMPUTE_32F_FAST_TF32
constexpr int default_algorithm = -1;              // CUBLAS_GEMM_DEFAULT

struct Library {
  Status (*create)(void** handle);
  Status (*destroy)(void* handle);
  Status (*set_stream)(void* handle, void* stream);
  Status (*multiply)(void* handle, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a,
                     int a_type, int lda, long long a_batch, const void* b, int b_type, int ldb,
                     long long b_batch, const void* beta, void* c, int c_type, int ldc, long long c_batch,
                     int batch, int compute, int algorithm);
  const char* (*status_text)(Status status);
};

Library open_library() {
  const ToolkitLibrary opened("libcublas.so.13", "math = fast needs cuBLAS");
  Library library{};
  opened.find(library.create, "cublasCreate_v2");
  opened.find(library.destroy, "cublasDestroy_v2");
  opened.find(library.set_stream, "cublasSetStream_v2");
  opened.find(library.multiply, "cublasGemmStridedBatchedEx");
  opened.find(library.status_text, "cublasGetStatusString");
  return library;
}

const Library& library() {
  static const Library opened = open_library();  // the next call tries again after a failure
  return opened;
}

void throw_on_error(Status status, const char* what) {
  if (status != success)
    throw ResourceError("cuda: " + std::string(what) + ": " + library().status_text(status));
}

}  // namespace

FastProducts::FastProducts(Stream& stream) {
  throw_on_error(library().create(&handle_), "cublasCreate");
  try {
    throw_on_error(library().set_stream(handle_, stream.handle()), "cublasSetStream");
  } catch (...) {
    library().destroy(handle_);
    throw;
  }
}

FastProducts::~FastProducts() {
  library().destroy(handle_);
}

void FastProducts::multiply(const FastProduct& p) {
  // cuBLAS reads matrices column by column and so sees the transpose of ours: out^T = op(b)^T op(a)^T.
  throw_on_error(library().multiply(handle_, p.b_transposed ? transposed : not_transposed,
                                    p.a_transposed ? transposed : not_transposed, p.columns, p.rows, p.terms,
                                    &p.alpha, p.b, float32, p.b_stride, p.b_batch, p.a, float32, p.a_stride,
                                    p.a_batch, &p.beta, p.out, float32, p.out_stride, p.out_batch, p.batch,
                                    float32_fast_tf32, default_algorithm),
                 "cublasGemmStridedBatchedEx");
}

}  // namespace shoal::cuda
