// SPDX-License-Identifier: Apache-2.0
// The table of backends of these tests: cuda on whatever device layer is linked, with the plans they ask for.
#include <array>

#include "core/registry.hpp"
#include "cpu/cpu_backend.hpp"
#include "cuda/cuda_backend.hpp"
#include "cuda_under_test.hpp"
#include "reference/reference_backend.hpp"

namespace shoal {

CudaOptions testing::cuda_under_test;

namespace {

BackendReport report_cuda() {
  BackendReport report{"cuda", false, ""};
  report.available = cuda_available(report.detail);
  return report;
}

constexpr std::array<BackendEntry, 3> entries = {{
    {BackendKind::cpu,
     [] {
       return BackendReport{"cpu", true, ""};
     },
     cpu_has_isa, make_cpu_backend, nullptr},
    {BackendKind::reference,
     [] {
       return BackendReport{"reference", true, ""};
     },
     [](Isa isa) { return isa == Isa::scalar; }, nullptr,
     [](int, Isa) -> std::unique_ptr<Backend<double>> { return make_reference_backend(); }},
    {BackendKind::cuda, report_cuda, [](Isa isa) { return isa == Isa::scalar; },
     [](int, Isa) { return make_cuda_backend(testing::cuda_under_test); }, nullptr,
     [] {
       CudaOptions options = testing::cuda_under_test;
       options.math = Math::fast;
       return make_cuda_backend(options);
     }},
}};

}  // namespace

std::span<const BackendEntry> backend_entries() {
  return entries;
}

}  // namespace shoal
