// SPDX-License-Identifier: Apache-2.0
// The device layer over the CUDA runtime.
#include <cuda_runtime.h>

#include <shoal/error.hpp>

#include "cuda/device.hpp"

namespace shoal::cuda {
namespace {

std::string text_of(cudaError_t error) {
  return std::string(cudaGetErrorName(error)) + " (" + cudaGetErrorString(error) + ")";
}

void must(cudaError_t error, const std::string& what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // an error that can be survived does not stay behind for the next call
  throw ResourceError("cuda: " + what + ": " + text_of(error));
}

cudaStream_t stream_of(void* handle) {
  return static_cast<cudaStream_t>(handle);
}

}  // namespace

bool device_available(std::string& why) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    cudaGetLastError();
    why = text_of(error);
    return false;
  }
  if (count == 0) why = "no CUDA device";
  return count > 0;
}

DeviceInfo device_info() {
  int device = 0, clock = 0;
  must(cudaGetDevice(&device), "cudaGetDevice");
  cudaDeviceProp properties{};
  must(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  must(cudaDeviceGetAttribute(&clock, cudaDevAttrClockRate, device), "cudaDeviceGetAttribute");
  return {.name = properties.name,
          .major = properties.major,
          .minor = properties.minor,
          .multiprocessors = properties.multiProcessorCount,
          .clock_khz = clock,
          .shared_per_block = static_cast<std::int64_t>(properties.sharedMemPerBlockOptin),
          .memory = static_cast<std::int64_t>(properties.totalGlobalMem)};
}

Stream::Stream() {
  cudaStream_t stream = nullptr;
  must(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
  handle_ = stream;
}
Stream::~Stream() {
  cudaStreamDestroy(stream_of(handle_));
}

void Stream::copy_to_device(void* to, const void* from, std::size_t bytes) {
  must(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_of(handle_)),
       "copy of " + std::to_string(bytes) + " bytes to the device");
}
void Stream::copy_to_host(void* to, const void* from, std::size_t bytes) {
  must(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_of(handle_)),
       "copy of " + std::to_string(bytes) + " bytes from the device");
}
void Stream::fill_zero(void* to, std::size_t bytes) {
  must(cudaMemsetAsync(to, 0, bytes, stream_of(handle_)), "cudaMemsetAsync");
}
void Stream::check(const char* what) {
  must(cudaGetLastError(), what);
}
void Stream::synchronize(const char* what) {
  must(cudaStreamSynchronize(stream_of(handle_)), what);
}

DeviceClock::~DeviceClock() {
  for (const auto& [begin, end] : spans_) {
    cudaEventDestroy(static_cast<cudaEvent_t>(begin));
    cudaEventDestroy(static_cast<cudaEvent_t>(end));
  }
}
void DeviceClock::start(Stream& stream) {
  if (used_ == spans_.size()) {
    cudaEvent_t begin = nullptr, end = nullptr;
    must(cudaEventCreate(&begin), "cudaEventCreate");
    spans_.emplace_back(begin, nullptr);
    must(cudaEventCreate(&end), "cudaEventCreate");
    spans_.back().second = end;
  }
  must(cudaEventRecord(static_cast<cudaEvent_t>(spans_[used_].first), stream_of(stream.handle())),
       "cudaEventRecord");
}
void DeviceClock::stop(Stream& stream) {
  must(cudaEventRecord(static_cast<cudaEvent_t>(spans_[used_].second), stream_of(stream.handle())),
       "cudaEventRecord");
  ++used_;
}
double DeviceClock::take() {
  double seconds = 0.0;
  for (; used_ > 0; --used_) {
    float milliseconds = 0.0f;
    must(cudaEventElapsedTime(&milliseconds, static_cast<cudaEvent_t>(spans_[used_ - 1].first),
                              static_cast<cudaEvent_t>(spans_[used_ - 1].second)),
         "cudaEventElapsedTime");
    seconds += static_cast<double>(milliseconds) * 1e-3;
  }
  return seconds;
}

void* allocate(std::size_t bytes) {
  void* memory = nullptr;
  must(cudaMalloc(&memory, bytes), "allocation of " + std::to_string(bytes) + " bytes");
  return memory;
}
void release(void* memory) noexcept {
  cudaFree(memory);
}

int resident_blocks(const void* kernel, int threads, std::int64_t shared_bytes) {
  must(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                            static_cast<int>(shared_bytes)),
       "shared memory of " + std::to_string(shared_bytes) + " bytes");
  int blocks = 0;
  must(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, threads,
                                                     static_cast<std::size_t>(shared_bytes)),
       "cudaOccupancyMaxActiveBlocksPerMultiprocessor");
  return blocks;
}

}  // namespace shoal::cuda
