// SPDX-License-Identifier: Apache-2.0
#include "cuda/layered/fast_pass.hpp"

#include <limits>
#include <string>

#include <shoal/error.hpp>

#include "kernels/layered/kernels.hpp"
#include "kernels/team/padding.hpp"

namespace shoal::cuda {

using kernels::GemmLayout;
using kernels::LayerGemmOperands;
using kernels::SumEpilogueKind;

namespace {

template <class Matrix>
std::int64_t between_tasks(const Matrix& matrix, int rows) {
  return matrix.ragged ? std::int64_t{rows} * matrix.stride : matrix.per_task;
}

FastProduct product_of(const LayerGemmOperands& factors, int rows) {
  return {.a = factors.a.at,
          .a_stride = factors.a.stride,
          .a_batch = between_tasks(factors.a, rows),
          .b = factors.b.at,
          .b_stride = factors.b.stride,
          .b_batch = between_tasks(factors.b, rows)};
}

}  // namespace

bool run_fast(FastProducts& products, GemmLayout layout, const kernels::LayerRowJob& job, int rows,
              Stream& stream) {
  if (!job.first.a.at || job.terms == 0) return false;
  bool first = true;
  for (const LayerGemmOperands& factors : {job.first, job.second}) {
    if (!factors.a.at) continue;
    FastProduct product = product_of(factors, rows);
    product.b_transposed = layout == GemmLayout::nt;
    product.out = job.out.at;
    product.out_stride = job.out.stride;
    product.out_batch = between_tasks(job.out, rows);
    product.rows = rows;
    product.columns = job.columns;
    product.terms = job.terms;
    product.batch = job.chunk.tasks;
    product.beta = job.start_at_out || !first ? 1.0f : 0.0f;
    products.multiply(product);
    first = false;
  }
  if (std::int64_t{rows} * kernels::padded(job.columns) > std::numeric_limits<int>::max())
    throw ResourceError("cuda: tasks of " + std::to_string(rows) + " rows and layers of " +
                        std::to_string(job.columns) + " units are too large for math = \"fast\"");
  kernels::launch_layer_epilogue(job, rows, stream.handle());
  stream.check("launch of epilogue of a fast product");
  return true;
}

bool run_fast(FastProducts& products, const kernels::LayerSumJob& job, int rows, Stream& stream) {
  if (job.weight < 0) return false;
  const bool step = job.epilogue == SumEpilogueKind::step,
             onto = job.epilogue == SumEpilogueKind::add_lambda ||
                    job.epilogue == SumEpilogueKind::subtract_lambda;
  bool first = true;
  for (const LayerGemmOperands& factors : {job.first, job.second}) {
    if (!factors.a.at) continue;
    FastProduct product = product_of(factors, rows);
    product.a_transposed = true;
    product.out = (step ? job.next : job.lambda) + job.weight;  // the epilogue takes the step in place
    product.out_stride = job.stride;
    product.out_batch = job.parameters;
    product.rows = job.inputs;
    product.columns = job.columns;
    product.terms = rows;
    product.batch = job.chunk.tasks;
    product.alpha = job.epilogue == SumEpilogueKind::subtract_lambda      ? -1.0f
                    : step || job.epilogue == SumEpilogueKind::set_lambda ? 1.0f
                                                                          : job.weight_of_loss;
    product.beta = onto || !first ? 1.0f : 0.0f;
    products.multiply(product);
    first = false;
  }
  if (step) {
    kernels::launch_layer_epilogue(job, stream.handle());
    stream.check("launch of a fast step");
  }
  return true;
}

}  // namespace shoal::cuda
