// SPDX-License-Identifier: Apache-2.0
// The table of backends of these tests: cuda on the linked device layer, with the options that a test sets.
#include <array>

#include "core/registry.hpp"
#include "cpu/cpu_backend.hpp"
#include "cuda/cuda_backend.hpp"
#include "cuda/plan/plan_choice.hpp"
#include "cuda_under_test.hpp"
#include "reference/reference_backend.hpp"

namespace shoal {

CudaOptions testing::cuda_under_test;

namespace {

BackendReport report_cuda(const ContextOptions& options) {
  BackendReport report{"cuda", false, ""};
  report.available = cuda_available(options.device, report.detail);
  return report;
}
/// Applies the options of the test that no context has.
std::unique_ptr<Backend<float>> make_cuda(const ContextOptions& context) {
  CudaOptions options = cuda_options(context);
  options.threads = testing::cuda_under_test.threads;
  options.rows = testing::cuda_under_test.rows;
  options.shared_limit = testing::cuda_under_test.shared_limit;
  options.layer_by_layer = testing::cuda_under_test.layer_by_layer;
  options.layered_memory = testing::cuda_under_test.layered_memory;
  options.fixed = testing::cuda_under_test.fixed;
  options.fixed_lanes = testing::cuda_under_test.fixed_lanes;
  options.fixed_rows = testing::cuda_under_test.fixed_rows;
  options.fixed_streamed = testing::cuda_under_test.fixed_streamed;
  options.fixed_instances = testing::cuda_under_test.fixed_instances;
  options.compiles = testing::cuda_under_test.compiles;
  options.kernel_cache = testing::cuda_under_test.kernel_cache;
  return make_cuda_backend(options);
}

constexpr std::array<BackendEntry, 3> entries = {{
    {BackendKind::cpu,
     [](const ContextOptions&) {
       return BackendReport{"cpu", true, ""};
     },
     cpu_has_isa, make_cpu_backend},
    {BackendKind::reference,
     [](const ContextOptions&) {
       return BackendReport{"reference", true, ""};
     },
     [](Isa isa) { return isa == Isa::scalar; }, nullptr, make_reference_backend},
    {BackendKind::cuda, report_cuda, [](Isa isa) { return isa == Isa::scalar; }, make_cuda, nullptr, true,
     cuda_plans},
}};

}  // namespace

std::span<const BackendEntry> backend_entries() {
  return entries;
}

}  // namespace shoal
