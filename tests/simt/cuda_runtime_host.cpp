// SPDX-License-Identifier: Apache-2.0
#include "simt/runtime/cuda_runtime.h"

#include <cstring>

#include "simt/device_host.hpp"
#include "simt/late_stream.hpp"

const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaSuccess                 ? "no error"
         : error == cudaErrorMemoryAllocation ? "out of memory"
                                              : "unknown error";
}
cudaError_t cudaSetDevice(int device) {
  simt::device_of_thread() = device;
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = simt::make_stream(simt::device_of_thread());
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  simt::destroy_stream(stream);
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return simt::run_and_take_fault(stream).empty() ? cudaSuccess : cudaErrorUnknown;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  simt::make_wait(simt::stream_of(stream), *event);
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  simt::record(*event, simt::stream_of(stream));
  return cudaSuccess;
}

cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t) {
  *memory = simt::allocate_device_memory(bytes, simt::device_of_thread());
  return *memory ? cudaSuccess : cudaErrorMemoryAllocation;
}
cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  simt::release_device_memory(memory, stream);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  simt::enqueue(simt::stream_of(stream), [=] {
    if (kind == cudaMemcpyDeviceToHost)
      simt::fetch_device_memory(to, from, bytes);
    else
      std::memcpy(to, from, bytes);
  });
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* memory, int byte, std::size_t bytes, cudaStream_t stream) {
  simt::enqueue(simt::stream_of(stream), [=] { std::memset(memory, byte, bytes); });
  return cudaSuccess;
}
