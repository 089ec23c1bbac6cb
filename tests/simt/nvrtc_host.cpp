// SPDX-License-Identifier: Apache-2.0
// NVRTC and the loading of kernels on the host: the code of a kernel is its name, by which the functions that
// a test offers are found (tests/simt/compiled_kernels.hpp).
#include <map>

#include <shoal/error.hpp>

#include "cuda/compiled/loaded_kernel.hpp"
#include "cuda/compiled/nvrtc.hpp"
#include "cuda/runtime/device.hpp"
#include "simt/compiled_kernels.hpp"
#include "simt/cuda_words.hpp"
#include "simt/device_host.hpp"

namespace simt {
namespace {

std::map<std::string, HostKernel>& offered() {
  static std::map<std::string, HostKernel> kernels;
  return kernels;
}

}  // namespace

void offer_kernel(const std::string& name, HostKernel kernel) {
  offered()[name] = std::move(kernel);
}

const HostKernel* offered_kernel(const std::string& name) {
  const auto at = offered().find(name);
  return at == offered().end() ? nullptr : &at->second;
}

}  // namespace simt

namespace shoal::cuda {
namespace {

class HostToolchain final : public KernelToolchain {
 public:
  std::string name_and_version() const override { return "NVRTC of the host"; }
  std::vector<int> architectures() const override { return {80, 90}; }
  CompiledKernel compile(const KernelSource& source, int) const override {
    if (!simt::offered_kernel(source.kernel))
      throw ResourceError("NVRTC: " + source.title + " does not compile: no test offers " + source.kernel);
    return {source.kernel, "machine code", "PTX"};
  }
};

}  // namespace

std::shared_ptr<const KernelToolchain> open_nvrtc(const std::string& library) {
  if (library != nvrtc_library) throw ResourceError("no NVRTC: " + library);
  return std::make_shared<HostToolchain>();
}

LoadedKernel::LoadedKernel(const CompiledKernel& kernel, const SourceLocation& where) {
  simt::count_device_call("cudaLibraryLoadData");
  kernel_ = simt::offered_kernel(kernel.lowered_name);
  if (!kernel_) throw DeviceError("cudaLibraryGetKernel", "no kernel " + kernel.lowered_name, where);
  simt::count_live_object(1);
}

LoadedKernel::~LoadedKernel() {
  forget_kernel(kernel_);
  simt::count_live_object(-1);
}

void LoadedKernel::launch(Stream& stream, const KernelGrid& grid, void** arguments, const char* what,
                          const SourceLocation& where) const {
  simt::launch(stream.handle(), static_cast<unsigned>(grid.blocks), static_cast<unsigned>(grid.threads),
               static_cast<std::size_t>(grid.shared_bytes),
               (*static_cast<const simt::HostKernel*>(kernel_))(arguments));
  stream.check(what, where);
}

}  // namespace shoal::cuda
