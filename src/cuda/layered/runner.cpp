// SPDX-License-Identifier: Apache-2.0
#include "cuda/layered/runner.hpp"

#include <algorithm>

#include "kernels/layered/kernels.hpp"

namespace shoal::cuda {
namespace {

using namespace kernels;

/// Runs one chunk of one call.
class ChunkRun {
 public:
  ChunkRun(const LayeredCall& call, const LayeredWorkspace& work, LayeredSpan span, Stream& stream,
           FastProducts* fast)
      : call_(call),
        net_(call.network),
        inner_(call.inner),
        work_(work),
        span_(span),
        stream_(stream),
        pass_(call, work, stream, fast),
        support_(side_of(call.support, call.network, span)),
        query_(side_of(call.query, call.network, span)),
        size_(static_cast<std::int64_t>(call.network.parameters)),
        sums_moves_(call.operation == TaskKernel::meta_gradient &&
                    call.inner.outer == OuterRule::parameter_move) {}

  void meta_gradient() {
    const int K = inner_.steps;
    resolve_status(LayerStatusStage::begin, 0, 0);
    query_loss(weights(0), loss_before());
    adapt_steps(0, K);
    if (sums_moves_) {
      query_loss(weights(K), loss_after());  // lambda is the sum of the steps already
    } else {
      query_gradient(
          weights(K), loss_after(),
          inner_.step_weights && K > 0 ? SumEpilogueKind::scale_lambda : SumEpilogueKind::set_lambda,
          weight(K));
      backward_through_steps();
    }
    check(work_.lambda, size_);
    check(work_.rate_gradient, call_.rate_count);
    resolve_status(LayerStatusStage::outcome, K, 0);
    sum_over_tasks(work_.lambda, size_, call_.sums);
    sum_over_tasks(work_.rate_gradient, call_.rate_count, call_.rate_sums);
    store_fast_weights();
  }

  void adapt() {
    resolve_status(LayerStatusStage::begin, 0, 0);
    adapt_steps(0, inner_.steps);
    resolve_status(LayerStatusStage::outcome, inner_.steps, 0);
    store_fast_weights();
  }

  /// The status at each point is that of a run with this number of steps.
  void evaluate() {
    resolve_status(LayerStatusStage::begin, 0, 0);
    int done = 0;
    std::int64_t at = 0;
    for (const int point : call_.points) {
      adapt_steps(done, point);
      done = point;
      query_loss(weights(done), call_.loss_after + at + span_.begin);
      resolve_status(LayerStatusStage::point, done, at);
      at += call_.tasks;
    }
  }

  void predict() {
    resolve_status(LayerStatusStage::begin, 0, 0);
    const LayeredWeights own{call_.own_parameters + span_.begin * size_, nullptr, true};
    pass_.forward(query_, own, work_.query_tape, false);
    const std::int64_t row = call_.query.row_starts[static_cast<std::size_t>(span_.begin)];
    launch_layer_outputs(work_.query_tape.output, query_.total_rows, net_.outputs,
                         net_.layers[net_.layer_count - 1].stride, call_.outputs + row * net_.outputs,
                         stream_.handle());
    stream_.check("launch of the layers' outputs");
  }

 private:
  float* loss_before() const { return call_.loss_before ? call_.loss_before + span_.begin : nullptr; }
  float* loss_after() const { return call_.loss_after ? call_.loss_after + span_.begin : nullptr; }
  LayeredWeights weights(int k) const { return {k > 0 ? work_.trajectory(k) : nullptr, call_.theta}; }
  /// w_k; without step weights only the last step counts.
  float weight(int k) const {
    if (!inner_.step_weights) return k == inner_.steps ? 1.0f : 0.0f;
    return k == 0 ? 0.0f : inner_.step_weights[k - 1];
  }

  int rate_index(int layer, int k) const {
    if (inner_.rates != LearnedRate::layer_step) return layer;
    return layer * inner_.rate_steps + std::min(k, inner_.rate_steps - 1);
  }
  LayerRates rates(int layer, int k) const {
    if (inner_.rates == LearnedRate::none) return {nullptr, false, inner_.learning_rate};
    if (inner_.rates == LearnedRate::parameter) return {call_.rates, true, 0.0f};
    return {call_.rates + rate_index(layer, k), false, 0.0f};
  }

  /// Calls use(begin, end, rows, columns, adapts, layer) for every tensor; the skip belongs to the last
  /// layer.
  template <class Use>
  void for_tensors(Use use) const {
    const int last = net_.layer_count - 1;
    for (int l = 0; l <= last; ++l) {
      const LayerShape& layer = net_.layers[l];
      const auto weight = static_cast<std::int64_t>(layer.weight),
                 bias = static_cast<std::int64_t>(layer.bias);
      use(weight, bias, layer.inputs, layer.outputs, layer.weight_adapts, l);
      use(bias, bias + layer.stride, 1, layer.outputs, layer.bias_adapts, l);
    }
    if (net_.has_skip)
      use(static_cast<std::int64_t>(net_.skip), size_, net_.inputs, net_.outputs, net_.skip_adapts, last);
  }

  // --- the inner loop ---
  void adapt_steps(int from, int to) {
    for (int k = from; k < to; ++k) {
      const LayeredWeights now = weights(k);
      const LayeredTape& tape = work_.support_tape(k);
      pass_.forward(support_, now, tape, true);
      pass_.loss_and_delta(support_, tape, work_.means, not_finite);
      pass_.backward(support_, now, tape, GradientScope::adapting, [&](int layer, LayerSumJob& job) {
        job.epilogue = SumEpilogueKind::step;
        job.parameters = size_;
        job.lambda = sums_moves_ ? work_.lambda : nullptr;
        job.gradient = work_.gradient(k);
        job.theta = call_.theta;
        job.phi = now.own ? now.own : call_.theta;
        job.phi_per_task = now.own ? size_ : 0;
        job.next = work_.trajectory(k + 1);
        job.rates = rates(layer, k);
        job.max_move = inner_.max_move;
      });
      resolve_status(LayerStatusStage::step, k, 0);
    }
  }

  // --- the query set ---
  void query_loss(const LayeredWeights& now, float* mean) {
    pass_.forward(query_, now, work_.query_tape, false);
    pass_.loss(query_, work_.query_tape, mean, not_small);
  }
  void query_gradient(const LayeredWeights& now, float* mean, SumEpilogueKind epilogue, float factor) {
    pass_.forward(query_, now, work_.query_tape, true);
    pass_.loss_and_delta(query_, work_.query_tape, mean, not_small);
    pass_.backward(query_, now, work_.query_tape, GradientScope::everything,
                   [&](int, LayerSumJob& job) { to_lambda(job, epilogue, factor); });
  }
  void to_lambda(LayerSumJob& job, SumEpilogueKind epilogue, float factor) const {
    job.epilogue = epilogue;
    job.weight_of_loss = factor;
    job.parameters = size_;
    job.lambda = work_.lambda;
  }

  // --- the backward pass ---
  void backward_through_steps() {
    for (int k = inner_.steps - 1; k >= 0; --k) {
      if (inner_.outer == OuterRule::exact) backward_through_step(k);
      if (const float w = weight(k); w != 0.0f)
        query_gradient(weights(k), work_.means, SumEpilogueKind::add_lambda, w);
    }
  }

  void backward_through_step(int k) {
    const LayeredWeights now = weights(k);
    const LayeredTape& tape = work_.support_tape(k);
    if (!work_.stores_tapes()) {
      pass_.forward(support_, now, tape, true);
      pass_.loss_and_delta(support_, tape, nullptr, not_finite);
      pass_.deltas(support_, now, tape);
    }
    for_tensors([&](std::int64_t begin, std::int64_t end, int rows, int columns, bool adapts, int layer) {
      if (!adapts) return;
      if (inner_.rates == LearnedRate::layer || inner_.rates == LearnedRate::layer_step)
        add_rate_gradient(k, begin, rows, columns, layer);
      direction(k, {begin, end, adapts, rates(layer, k)});
    });
    pass_.hessian_vector(support_, now, tape, [&](int, LayerSumJob& job) {
      to_lambda(job, SumEpilogueKind::subtract_lambda, 1.0f);
    });
  }

  void direction(int k, const LayerTensor& tensor) {
    const bool learned = inner_.rates == LearnedRate::parameter;
    launch_layer_direction({.chunk = work_.chunk(),
                            .rows = support_.rows,
                            .tensor = tensor,
                            .parameters = size_,
                            .lambda = work_.lambda,
                            .gradient = learned ? work_.gradient(k) : nullptr,
                            .u = work_.u,
                            .rate_gradient = work_.rate_gradient},
                           stream_.handle());
    stream_.check("launch of the direction");
  }

  void add_rate_gradient(int k, std::int64_t begin, int rows, int columns, int layer) {
    launch_layer_rate({.chunk = work_.chunk(),
                       .rows = support_.rows,
                       .begin = begin,
                       .tensor_rows = rows,
                       .columns = columns,
                       .stride = net_.layers[layer].stride,
                       .parameters = size_,
                       .lambda = work_.lambda,
                       .gradient = work_.gradient(k),
                       .rate_gradient = work_.rate_gradient + rate_index(layer, k),
                       .rate_count = call_.rate_count},
                      stream_.handle());
    stream_.check("launch of a rate's gradient");
  }

  // --- status and results ---
  /// `at` is the index of the caller's first entry for this point.
  void resolve_status(LayerStatusStage what, int step, std::int64_t at) {
    LayerStatusJob job{.chunk = work_.chunk(),
                       .what = what,
                       .step = step,
                       .status = call_.status + at + span_.begin,
                       .failed_step = call_.failed_step + at + span_.begin};
    if (what == LayerStatusStage::begin) {
      job.loss_before = loss_before();
      job.loss_after = loss_after();
    }
    launch_layer_resolve_status(job, stream_.handle());
    stream_.check("launch of the tasks' status");
  }
  LayerReduceJob values(const float* values, std::int64_t count, long long* sums) const {
    return {.chunk = work_.chunk(), .values = values, .count = count, .sums = sums};
  }
  void check(const float* of, std::int64_t count) {
    if (count == 0) return;
    launch_layer_check(values(of, count, nullptr), stream_.handle());
    stream_.check("launch of the meta-gradients' check");
  }
  void sum_over_tasks(const float* of, std::int64_t count, long long* sums) {
    if (count == 0) return;
    launch_layer_reduce(values(of, count, sums), stream_.handle());
    stream_.check("launch of the sum over tasks");
  }
  void store_fast_weights() {
    if (!call_.fast_weights) return;
    const int K = inner_.steps;
    for_tensors([&](std::int64_t begin, std::int64_t end, int, int, bool adapts, int) {
      launch_layer_store_fast_weights({.chunk = work_.chunk(),
                                       .tensor = {begin, end, adapts && K > 0, {}},
                                       .parameters = size_,
                                       .theta = call_.theta,
                                       .phi = K > 0 ? work_.trajectory(K) : nullptr,
                                       .to = call_.fast_weights + span_.begin * size_},
                                      stream_.handle());
      stream_.check("launch of the fast weights");
    });
  }

  const LayeredCall& call_;
  const Network& net_;
  const InnerOptions& inner_;
  const LayeredWorkspace& work_;
  LayeredSpan span_;
  Stream& stream_;
  LayeredPass pass_;
  LayeredSide support_, query_;
  std::int64_t size_;
  bool sums_moves_;
};

}  // namespace

void LayeredRunner::run(const LayeredCall& call, std::int64_t budget, Stream& stream, FastProducts* fast) {
  LayeredWorkspace work(call, budget);
  for (const LayeredSpan span : work.chunks()) {
    work.begin(span, floats_, integers_, bytes_, stream);
    ChunkRun chunk(call, work, span, stream, fast);
    switch (call.operation) {
      case TaskKernel::meta_gradient:
        chunk.meta_gradient();
        break;
      case TaskKernel::adapt:
        chunk.adapt();
        break;
      case TaskKernel::evaluate:
        chunk.evaluate();
        break;
      case TaskKernel::predict:
        chunk.predict();
        break;
    }
  }
}

}  // namespace shoal::cuda
