// SPDX-License-Identifier: Apache-2.0
// Implements LoadedKernel with the libraries of the CUDA runtime. The handle of a kernel of a library is
// accepted wherever the address of one is.
#include "cuda/compiled/loaded_kernel.hpp"

#include <cuda_runtime.h>

#include "cuda/runtime/device.hpp"
#include "cuda/runtime/runtime_call.hpp"

namespace shoal::cuda {
namespace {

struct Loaded {
  cudaLibrary_t library = nullptr;
  cudaKernel_t kernel = nullptr;
};

/// `call` becomes the name of the last function called. With any of them a device may notice that the code is
/// for another one.
cudaError_t load(const std::string& code, const std::string& name, Loaded& loaded, const char*& call) {
  call = "cudaLibraryLoadData";
  cudaError_t error =
      cudaLibraryLoadData(&loaded.library, code.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0);
  if (error != cudaSuccess) return error;
  call = "cudaLibraryGetKernel";
  error = cudaLibraryGetKernel(&loaded.kernel, loaded.library, name.c_str());
  if (error == cudaSuccess) {
    call = "cudaFuncGetAttributes";
    cudaFuncAttributes attributes{};
    error = cudaFuncGetAttributes(&attributes, loaded.kernel);
  }
  if (error != cudaSuccess) cudaLibraryUnload(loaded.library);
  return error;
}

}  // namespace

LoadedKernel::LoadedKernel(const CompiledKernel& kernel, const SourceLocation& where) {
  Loaded loaded;
  const char* call = "";
  cudaError_t error = load(kernel.machine_code, kernel.lowered_name, loaded, call);
  if (error != cudaSuccess) {  // drivers have several words for another architecture
    cudaGetLastError();
    from_ptx_ = true;
    error = load(kernel.ptx, kernel.lowered_name, loaded, call);
  }
  throw_on_error(error, call, where);
  library_ = loaded.library;
  kernel_ = loaded.kernel;
}

LoadedKernel::~LoadedKernel() {
  forget_kernel(kernel_);
  cudaLibraryUnload(static_cast<cudaLibrary_t>(library_));
}

void LoadedKernel::launch(Stream& stream, const KernelGrid& grid, void** arguments, const char* what,
                          const SourceLocation& where) const {
  throw_on_error(cudaLaunchKernel(kernel_, dim3(static_cast<unsigned>(grid.blocks)),
                                  dim3(static_cast<unsigned>(grid.threads)), arguments,
                                  static_cast<std::size_t>(grid.shared_bytes), stream_of(stream.handle())),
                 what, where);
  stream.check(what, where);
}

}  // namespace shoal::cuda
