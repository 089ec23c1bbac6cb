// SPDX-License-Identifier: Apache-2.0
// Sorts the list of tasks with Thrust, in the caller's stream and memory. Keys and values are integers, for
// which Thrust uses CUB's stable radix sort. Oracle: std::stable_sort (tests/cuda/task_order_test.cpp), which
// also replaces Thrust where kernels run on the host (tests/simt/task_order_host.cpp).
#include "kernels/batch/task_order.hpp"

#include <thrust/execution_policy.h>
#include <thrust/functional.h>
#include <thrust/sort.h>

namespace shoal::kernels {
namespace {

class ScratchAllocator {
 public:
  using value_type = char;
  explicit ScratchAllocator(const ScratchMemory& scratch) : scratch_(scratch) {}
  char* allocate(std::ptrdiff_t bytes) {
    return static_cast<char*>(scratch_(static_cast<std::size_t>(bytes)));
  }
  void deallocate(char*, std::size_t) {}  // the owner of the memory keeps it for the next call

 private:
  const ScratchMemory& scratch_;
};

}  // namespace

void sort_by_falling_rows(const TaskOrderArguments& job, const ScratchMemory& scratch, void* stream) {
  ScratchAllocator allocator(scratch);
  thrust::stable_sort_by_key(thrust::cuda::par_nosync(allocator).on(static_cast<cudaStream_t>(stream)),
                             job.rows, job.rows + job.tasks, job.order, thrust::greater<std::uint32_t>());
}

}  // namespace shoal::kernels
