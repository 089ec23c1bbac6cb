// SPDX-License-Identifier: Apache-2.0
// Implements graphs with the CUDA runtime.
#include "cuda/runtime/graph.hpp"
#include "cuda/runtime/runtime_call.hpp"

namespace shoal::cuda {
namespace {

cudaGraphExec_t exec_of(void* handle) {
  return static_cast<cudaGraphExec_t>(handle);
}

}  // namespace

Graph::~Graph() {
  clear();
}

void Graph::clear() noexcept {
  if (handle_) cudaGraphExecDestroy(exec_of(handle_));
  handle_ = nullptr;
  kernels_ = 0;
}

void Graph::begin(Stream& stream, const SourceLocation& where) {
  // Thread-local mode: calls of other threads to the device do not break this capture.
  throw_on_error(cudaStreamBeginCapture(stream_of(stream.handle()), cudaStreamCaptureModeThreadLocal),
                 "cudaStreamBeginCapture", where);
}

void Graph::end(Stream& stream, const SourceLocation& where) {
  cudaGraph_t graph = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(stream_of(stream.handle()), &graph);
  if (ended != cudaSuccess) clear();
  throw_on_error(ended, "cudaStreamEndCapture", where);
  if (handle_) {
    cudaGraphExecUpdateResultInfo result{};
    if (cudaGraphExecUpdate(exec_of(handle_), graph, &result) != cudaSuccess) {
      cudaGetLastError();
      clear();
    }
  }
  cudaError_t made = cudaSuccess;
  if (!handle_) {
    cudaGraphExec_t exec = nullptr;
    made = cudaGraphInstantiate(&exec, graph, 0);
    if (made == cudaSuccess) handle_ = exec;
  }
  cudaGraphDestroy(graph);
  throw_on_error(made, "cudaGraphInstantiate", where);
}

void Graph::abandon(Stream& stream) noexcept {
  cudaGraph_t graph = nullptr;
  if (cudaStreamEndCapture(stream_of(stream.handle()), &graph) == cudaSuccess && graph)
    cudaGraphDestroy(graph);
  cudaGetLastError();
  clear();
}

void Graph::start(Stream& stream, const SourceLocation& where) {
  throw_on_error(cudaGraphLaunch(exec_of(handle_), stream_of(stream.handle())), "cudaGraphLaunch", where);
}

}  // namespace shoal::cuda
