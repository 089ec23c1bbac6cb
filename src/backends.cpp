// SPDX-License-Identifier: Apache-2.0
// The table of backends of this build, above all of them.
#include <array>

#include "core/registry.hpp"
#include "cpu/cpu_backend.hpp"
#if defined(SHOAL_HAS_CUDA)
#include "cuda/cuda_backend.hpp"
#include "cuda/plan_choice.hpp"
#endif
#include "reference/reference_backend.hpp"

namespace shoal {
namespace {

BackendReport report_reference() {
  return {"reference", true, "double precision, serial: defines correctness"};
}

BackendReport report_cpu() {
  std::string sets = "fp32, instruction sets:";
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512})
    if (cpu_has_isa(isa)) sets += " " + std::string(to_string(isa));
  return {"cpu", true, sets};
}

#if defined(SHOAL_HAS_CUDA)
BackendReport report_cuda() {
  BackendReport report{"cuda", false, ""};
  CudaPeak peak;
  report.available = cuda_available(report.detail, &peak);
  report.peak_gflops = peak.gflops;
  report.peak_detail = peak.detail;
  return report;
}
std::unique_ptr<Backend<float>> make_cuda(int, Isa) {
  return make_cuda_backend(with_wished_plan({}));
}
std::unique_ptr<Backend<float>> make_cuda_fast() {
  return make_cuda_backend(with_wished_plan({.math = Math::fast}));
}
#else
BackendReport report_cuda() {
  return {"cuda", false, "not part of this build"};
}
constexpr std::unique_ptr<Backend<float>> (*make_cuda)(int, Isa) = nullptr;
constexpr std::unique_ptr<Backend<float>> (*make_cuda_fast)() = nullptr;
constexpr std::vector<CudaPlan> (*cuda_plans)(const Problem&, const TaskBatch&, int) = nullptr;
#endif

bool only_scalar(Isa isa) {
  return isa == Isa::scalar;
}

constexpr std::array<BackendEntry, 3> entries = {{
    {BackendKind::cpu, report_cpu, cpu_has_isa, make_cpu_backend, nullptr},
    {BackendKind::reference, report_reference, only_scalar, nullptr,
     [](int, Isa) -> std::unique_ptr<Backend<double>> { return make_reference_backend(); }},
    {BackendKind::cuda, report_cuda, only_scalar, make_cuda, nullptr, make_cuda_fast, cuda_plans},
}};

}  // namespace

std::span<const BackendEntry> backend_entries() {
  return entries;
}

}  // namespace shoal
