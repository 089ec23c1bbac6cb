// SPDX-License-Identifier: Apache-2.0
// A program that already computes on a GPU. It gives the library its stream, its memory and tasks in device
// memory, and the results stay on the device until it wants them. docs/cuda.md shows this file.
#include <cuda_runtime.h>

#include <cstdio>
#include <memory>
#include <vector>

#include <shoal/shoal.hpp>

namespace {

void must(cudaError_t error) {
  if (error != cudaSuccess) throw shoal::ResourceError(cudaGetErrorString(error));
}

// The program's memory resource. The context allocates all device memory from it.
class CountedMemory final : public shoal::DeviceMemoryResource {
 public:
  void* allocate(std::size_t bytes, CUstream_st* stream) override {
    void* memory = nullptr;
    if (cudaMallocAsync(&memory, bytes, stream) != cudaSuccess) return nullptr;
    in_use_ += bytes;
    return memory;
  }
  void release(void* memory, std::size_t bytes, CUstream_st* stream) noexcept override {
    cudaFreeAsync(memory, stream);
    in_use_ -= bytes;
  }
  std::size_t in_use() const { return in_use_; }

 private:
  std::size_t in_use_ = 0;
};

// Owns values on the device, which are freed in the order of the stream.
class DeviceFloats {
 public:
  DeviceFloats(std::size_t count, cudaStream_t stream) : count_(count), stream_(stream) {
    must(cudaMallocAsync(reinterpret_cast<void**>(&values_), count * sizeof(float), stream));
  }
  ~DeviceFloats() { cudaFreeAsync(values_, stream_); }
  DeviceFloats(const DeviceFloats&) = delete;
  DeviceFloats& operator=(const DeviceFloats&) = delete;

  std::span<float> all() const { return {values_, count_}; }
  void copy_from(std::span<const float> host) const {
    must(cudaMemcpyAsync(values_, host.data(), host.size_bytes(), cudaMemcpyHostToDevice, stream_));
  }
  std::vector<float> fetch() const {
    std::vector<float> host(count_);
    must(cudaMemcpyAsync(host.data(), values_, count_ * sizeof(float), cudaMemcpyDeviceToHost, stream_));
    must(cudaStreamSynchronize(stream_));
    return host;
  }

 private:
  float* values_ = nullptr;
  std::size_t count_;
  cudaStream_t stream_;
};

struct Stream {
  Stream() { must(cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking)); }
  ~Stream() { cudaStreamDestroy(handle); }
  cudaStream_t handle = nullptr;
};

bool run() {
  const Stream stream;
  const auto memory = std::make_shared<CountedMemory>();
  const shoal::MetaLearner::Options options{.model = {.inputs = 1, .hidden = {20}, .outputs = 1},
                                            .algorithm = shoal::Maml{{.steps = 5, .learning_rate = 0.01}}};
  const shoal::TaskBatch on_host = shoal::make_sinusoid({})->sample(shoal::Phase::train, 0, 20);
  bool same = false;
  {
    const shoal::Context context(
        {.backend = shoal::BackendKind::cuda, .stream = stream.handle, .device_memory = memory});
    const shoal::MetaLearner learner(context, options);

    // The rows are copied in the order of the stream, so the host need not wait before it calls the learner.
    // Sizes and ids stay on the host.
    const shoal::TaskSet<float>&support = on_host.support(), &query = on_host.query();
    const DeviceFloats support_x(support.x.size(), stream.handle), support_y(support.y.size(), stream.handle),
        query_x(query.x.size(), stream.handle), query_y(query.y.size(), stream.handle);
    support_x.copy_from(support.x), support_y.copy_from(support.y);
    query_x.copy_from(query.x), query_y.copy_from(query.y);
    const auto tasks = shoal::TaskBatch::borrow(
        on_host.columns(),
        {.x = support_x.all(), .y = support_y.all(), .row_starts = support.row_starts, .device = 0},
        {.x = query_x.all(), .y = query_y.all(), .row_starts = query.row_starts, .device = 0}, on_host.ids());

    // The results go into memory of the program. Kernels that it submits to the stream after this call may
    // read them.
    const std::size_t weights = learner.layout().size();
    const DeviceFloats gradient(weights, stream.handle), losses(20, stream.handle),
        adapted(20 * weights, stream.handle);
    learner.meta_gradient_to(tasks, {.theta = gradient.all(), .query_loss = losses.all()});
    learner.adapt_to(tasks, 5, {.phi = adapted.all()});

    const shoal::Context cpu({.backend = shoal::BackendKind::cpu});
    const shoal::MetaLearner oracle(cpu, options);
    const shoal::MetaGradient<float> want = oracle.meta_gradient(on_host);
    same = gradient.fetch() == want.theta && losses.fetch() == want.query_loss &&
           adapted.fetch() == oracle.adapt(on_host, 5).phi;
    std::printf("%zu bytes of the program's memory in use; the bits are %s of the cpu backend\n",
                memory->in_use(), same ? "those" : "NOT those");
  }
  return same && memory->in_use() == 0;
}

}  // namespace

int main() {
  try {
    return run() ? 0 : 5;
  } catch (const shoal::Error& error) {
    std::fprintf(stderr, "example-cuda: error: %s\n", error.what());
    return error.exit_code();
  }
}
