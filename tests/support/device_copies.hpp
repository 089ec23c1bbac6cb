// SPDX-License-Identifier: Apache-2.0
// Data of a program on its device: values and batches, allocated, filled and freed in stream order through
// CUDA's interface for programs. On the host that interface has streams that run late (tests/simt).
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

#include <shoal/task_batch.hpp>

namespace shoal::testing {

inline void must(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

class CallersStream {
 public:
  CallersStream() { must(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking)); }
  ~CallersStream() { cudaStreamDestroy(handle_); }
  CallersStream(const CallersStream&) = delete;
  CallersStream& operator=(const CallersStream&) = delete;
  operator cudaStream_t() const { return handle_; }  // NOLINT(google-explicit-constructor): as CUDA's own
  void synchronize() const { must(cudaStreamSynchronize(handle_)); }
  /// Makes all work submitted to this stream from now on wait for the work that `other` has so far.
  void wait_for(cudaStream_t other) const {
    cudaEvent_t event = nullptr;
    must(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    must(cudaEventRecord(event, other));
    must(cudaStreamWaitEvent(handle_, event, 0));
    must(cudaEventDestroy(event));
  }

 private:
  cudaStream_t handle_ = nullptr;
};

/// `count` values; memory for at least one, so that there is an address.
template <class T>
class DeviceValues {
 public:
  DeviceValues(std::size_t count, cudaStream_t stream) : count_(count), stream_(stream) {
    must(cudaMallocAsync(reinterpret_cast<void**>(&values_), (count + (count == 0)) * sizeof(T), stream));
  }
  DeviceValues(std::span<const T> host, cudaStream_t stream) : DeviceValues(host.size(), stream) {
    fill(host);
  }
  /// Waits for the stream: copies that it was given may not have read the caller's memory yet.
  ~DeviceValues() {
    cudaFreeAsync(values_, stream_);
    cudaStreamSynchronize(stream_);
  }
  DeviceValues(const DeviceValues&) = delete;
  DeviceValues& operator=(const DeviceValues&) = delete;

  std::span<T> all() const { return {values_, count_}; }
  /// `host` must stay until the stream has finished the copy.
  void fill(std::span<const T> host) const {
    if (!host.empty())
      must(cudaMemcpyAsync(values_, host.data(), host.size_bytes(), cudaMemcpyHostToDevice, stream_));
  }
  /// Waits for the stream.
  std::vector<T> fetch() const {
    std::vector<T> host(count_);
    if (count_ > 0)
      must(cudaMemcpyAsync(host.data(), values_, count_ * sizeof(T), cudaMemcpyDeviceToHost, stream_));
    must(cudaStreamSynchronize(stream_));
    return host;
  }

 private:
  T* values_ = nullptr;
  std::size_t count_;
  cudaStream_t stream_;
};

/// The rows of a batch on the device.
class DeviceBatch {
 public:
  DeviceBatch(const TaskBatch& host, cudaStream_t stream)
      : host_(host),
        support_(host.support(), stream),
        query_(host.query(), stream),
        tasks_(TaskBatch::borrow(host.columns(), support_.view(host.support()), query_.view(host.query()),
                                 host.ids())) {}
  const TaskBatch& tasks() const { return tasks_; }

 private:
  struct Rows {
    Rows(const TaskSet<float>& set, cudaStream_t stream)
        : x(set.x, stream), y(set.y, stream), offset(set.output_offset, stream), labels(set.labels, stream) {}
    TaskSet<float> view(const TaskSet<float>& host) const {
      return {.x = x.all(),
              .y = y.all(),
              .labels = labels.all(),
              .output_offset = offset.all(),
              .row_starts = host.row_starts,
              .device = 0};
    }
    DeviceValues<float> x, y, offset;
    DeviceValues<std::int64_t> labels;
  };

  TaskBatch host_;  ///< the copies read it late
  Rows support_, query_;
  TaskBatch tasks_;
};

}  // namespace shoal::testing
