// SPDX-License-Identifier: Apache-2.0
// The table of backends of this build, above all of them.
#include <array>

#include <shoal/error.hpp>

#include "core/registry.hpp"
#include "cpu/cpu_backend.hpp"
#if defined(SHOAL_HAS_CUDA)
#include "cuda/compiled/kernel_cache.hpp"
#include "cuda/compiled/nvrtc.hpp"
#include "cuda/cuda_backend.hpp"
#include "cuda/plan/plan_choice.hpp"
#endif
#include "reference/reference_backend.hpp"

namespace shoal {
namespace {

BackendReport report_reference(const ContextOptions&) {
  return {"reference", true, "double precision, serial: defines correctness"};
}

BackendReport report_cpu(const ContextOptions&) {
  std::string sets = "fp32, instruction sets:";
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512})
    if (cpu_has_isa(isa)) sets += " " + std::string(to_string(isa));
  return {"cpu", true, sets};
}

#if defined(SHOAL_HAS_CUDA)
BackendReport report_cuda(const ContextOptions& options) {
  BackendReport report{"cuda", false, ""};
  CudaPeak peak;
  report.available = cuda_available(options.device, report.detail, &peak);
  report.peak_gflops = peak.gflops;
  report.peak_detail = peak.detail;
  return report;
}
void report_cuda_compiler(const ContextOptions& options, BackendReport& report) {
  try {
    report.kernel_compiler = cuda::open_nvrtc()->name_and_version();
  } catch (const Error& error) {
    report.kernel_compiler = error.what();
  }
  report.kernel_cache = cuda::KernelCache(options.kernel_cache).description();
}
std::unique_ptr<Backend<float>> make_cuda(const ContextOptions& options) {
  return make_cuda_backend(cuda_options(options));
}
constexpr bool cuda_has_fast_math = true;
#else
BackendReport report_cuda(const ContextOptions&) {
  return {"cuda", false, "not part of this build"};
}
constexpr std::unique_ptr<Backend<float>> (*make_cuda)(const ContextOptions&) = nullptr;
constexpr bool cuda_has_fast_math = false;
constexpr std::vector<CudaPlan> (*cuda_plans)(const Problem&, const TaskBatch&, int) = nullptr;
constexpr void (*report_cuda_compiler)(const ContextOptions&, BackendReport&) = nullptr;
#endif

bool only_scalar(Isa isa) {
  return isa == Isa::scalar;
}

constexpr std::array<BackendEntry, 3> entries = {{
    {BackendKind::cpu, report_cpu, cpu_has_isa, make_cpu_backend},
    {BackendKind::reference, report_reference, only_scalar, nullptr, make_reference_backend},
    {BackendKind::cuda, report_cuda, only_scalar, make_cuda, nullptr, cuda_has_fast_math, cuda_plans,
     report_cuda_compiler},
}};

}  // namespace

std::span<const BackendEntry> backend_entries() {
  return entries;
}

}  // namespace shoal
