// SPDX-License-Identifier: Apache-2.0
// The computation of one task by a team of threads: inner loop, query loss, backward pass through the inner
// loop, contribution to the sum over tasks. src/cpu/task_group.hpp has the equations and is the oracle
// (tests/cuda).
//
// The computation is a sequence of passes, each of which takes one side's rows through the network. All
// passes share one copy of the network's code, so that the kernel stays in the instruction cache. (Tried: a
// copy per pass, which took four times the code and the compile time.)
//
// Shared memory holds the operands of products: phi, u = alpha o lambda, and a block of rows with its tape.
// An inner step is done in place, in the registers that hold the gradient's sums. What is used once per step
// is in the team's global workspace, of which L2 holds as much as fits: lambda, and a record of every step. A
// record holds phi and the tapes of the step's passes, copied to it and back 16 bytes at a time. Where
// records would grow too large (many rows), they hold phi alone and the backward pass computes the tapes
// again.
#pragma once

#include "kernels/device/exact_digits.cuh"
#include "kernels/team/network_pass.cuh"
#include "kernels/team/task_arguments.hpp"

namespace shoal::kernels {

class TeamTask {
 public:
  __device__ __forceinline__ TeamTask(const Team& team, const TaskArguments& job, float* shared,
                                      float* workspace)
      : team_(team),
        job_(job),
        net_(job.network),
        inner_(job.inner),
        at_(job.workspace_layout),
        size_(static_cast<int>(job.network.parameters)),
        workspace_(workspace),
        pass_(team, job.network, job.loss, job.memory, job.widths, shared) {}

  /// Runs the job for task `task` and writes its results, whether it is good or bad. The meta-gradient of a
  /// good task is added to set `set` of the sums.
  __device__ __forceinline__ void run(int task, int set) {
    begin(task);
    for (Pass pass = first_pass(); pass.kind != PassKind::end; pass = next_pass(pass)) {
      prepare_pass(pass);
      const float total = run_pass(pass);
      finish_pass(pass, total);
    }
    if (job_.kernel == TaskKernel::meta_gradient) store_meta_gradient(set);
    if (job_.kernel != TaskKernel::evaluate && team_.rank == 0) {
      job_.status[task] = static_cast<std::uint8_t>(status_);
      job_.failed_step[task] = failed_step_;
    }
  }

 private:
  enum class PassKind {
    outputs,         ///< predictions of the query rows
    loss,            ///< query loss at phi
    step,            ///< inner step k
    query_gradient,  ///< lambda = w_K grad L_query(phi_K)
    back,            ///< lambda -= H_k (alpha o lambda), and the gradients of the rates
    add_gradient,    ///< lambda += w_k grad L_query(phi_k)
    end,
  };
  struct Pass {
    PassKind kind;
    int k;          ///< number of inner steps done before this pass
    int point = 0;  ///< number of losses computed so far
  };

  static __device__ __forceinline__ bool is_finite(float x) { return fabsf(x) <= 0x1.fffffep+127f; }
  static __device__ __forceinline__ bool is_small(float x) { return fabsf(x) <= 0x1p+60f; }

  // --- the sequence of passes ---
  __device__ __forceinline__ Pass first_pass() const {
    switch (job_.kernel) {
      case TaskKernel::predict:
        return {PassKind::outputs, 0};
      case TaskKernel::meta_gradient:
        return {status_ == 0 ? PassKind::loss : PassKind::end, 0};
      default:
        return after_step({PassKind::end, 0});
    }
  }
  __device__ __forceinline__ Pass next_pass(const Pass& pass) const {
    switch (pass.kind) {
      case PassKind::loss:
      case PassKind::step:
        return after_step(pass);
      case PassKind::query_gradient:
        return next_backward_pass({pass.kind, inner_.steps - 1, pass.point});
      case PassKind::back:
        if (weight(pass.k) != 0.0f) return {PassKind::add_gradient, pass.k, pass.point};
        return next_backward_pass({pass.kind, pass.k - 1, pass.point});
      case PassKind::add_gradient:
        return next_backward_pass({pass.kind, pass.k - 1, pass.point});
      default:
        return {PassKind::end, pass.k, pass.point};
    }
  }
  /// The pass after a loss or an inner step.
  __device__ __forceinline__ Pass after_step(const Pass& pass) const {
    const int k = pass.k, point = pass.point;
    const bool evaluates = job_.kernel == TaskKernel::evaluate;
    if (evaluates && point < job_.points && (status_ != 0 || k == job_.steps[point]))
      return {PassKind::loss, k, point};
    if (status_ == 0 && k < (evaluates && job_.points > 0 ? job_.steps[job_.points - 1] : inner_.steps))
      return {PassKind::step, k, point};
    if (job_.kernel != TaskKernel::meta_gradient || status_ != 0 || point > 1)
      return {PassKind::end, k, point};
    return {inner_.outer == OuterRule::parameter_move ? PassKind::loss : PassKind::query_gradient, k, point};
  }
  /// The next pass of the backward sequence, at step k.
  __device__ __forceinline__ Pass next_backward_pass(const Pass& pass) const {
    if (inner_.outer == OuterRule::exact && support_.rows > 0 && pass.k >= 0)
      return {PassKind::back, pass.k, pass.point};
    for (int k = pass.k; k >= 0; --k)
      if (weight(k) != 0.0f) return {PassKind::add_gradient, k, pass.point};
    return {PassKind::end, 0, pass.point};
  }
  /// w_k; without step weights only the last step counts.
  __device__ __forceinline__ float weight(int k) const {
    if (!inner_.step_weights) return k == inner_.steps ? 1.0f : 0.0f;
    return k == 0 ? 0.0f : inner_.step_weights[k - 1];
  }

  // --- a pass ---
  __device__ __forceinline__ void begin(int task) {
    status_ = job_.status[task];
    // This barrier waits until the team has stored the last task's results, and until all threads have read
    // the status of this one, which the first thread overwrites, at once if the task is bad.
    team_.sync();
    task_ = task;
    support_ = side(job_.support, task);
    query_ = side(job_.query, task);
    failed_step_ = -1;
    bad_ = false;
    before_ = after_ = 0.0f;
    pass_.invalidate_rows();
    const bool predicts = job_.kernel == TaskKernel::predict;
    load_to_shared(predicts ? job_.own_parameters + static_cast<std::int64_t>(task) * size_ : job_.theta,
                   pass_.phi(), size_);
    if (inner_.steps == 0) store_fast_weights();
    if (job_.kernel != TaskKernel::meta_gradient) return;
    if (inner_.outer == OuterRule::parameter_move) for_each(size_, [&](int p) { lambda()[p] = 0.0f; });
    for_each(job_.rate_count, [&](int r) { rate_gradient()[r] = 0.0f; });
  }
  /// One side's rows of the task.
  struct Side {
    std::int64_t first = 0;
    int rows = 0;
  };
  static __device__ __forceinline__ Side side(const RowsView& set, int task) {
    if (!set.first) return {};
    const std::int64_t first = set.first[task];
    return {first, static_cast<int>(set.first[task + 1] - first)};
  }

  static __device__ __forceinline__ bool on_support(PassKind kind) {
    return kind == PassKind::step || kind == PassKind::back;
  }

  /// Puts into memory what the pass reads, and says what is to be done with its gradient.
  __device__ __forceinline__ void prepare_pass(const Pass& pass) {
    gradient_ = {};
    gradient_.partial = workspace_ + at_.partial;
    gradient_.to = lambda();
    switch (pass.kind) {
      case PassKind::step:
        if (stores_records() && pass.k > 0) store_from_shared(pass_.phi(), record(pass.k), size_);
        describe_step(pass.k);
        return;
      case PassKind::query_gradient:
        gradient_.use = GradientUse::store;
        if (inner_.step_weights && inner_.steps > 0) gradient_.weight = weight(inner_.steps);
        return;
      case PassKind::back:
        gradient_.use = GradientUse::subtract;
        team_.sync();  // other threads wrote the lambda that is read here; shared memory is free
        load_to_shared(phi_before(pass.k), pass_.phi(), size_);
        compute_direction(pass.k);
        return;
      case PassKind::add_gradient:
        gradient_.use = GradientUse::add;
        gradient_.weight = weight(pass.k);
        load_to_shared(phi_before(pass.k), pass_.phi(), size_);  // no product has read phi since a barrier
        return;
      default:
        return;
    }
  }

  /// Takes the rows of the pass's side through the network; returns the sum of their loss terms in thread 0.
  __device__ __forceinline__ float run_pass(const Pass& pass) {
    if (status_ != 0) return 0.0f;
    const bool support = on_support(pass.kind);
    const int rows = support ? support_.rows : query_.rows;
    const GradientScope scope = support ? GradientScope::adapting : GradientScope::everything;
    const float scale = pass.kind == PassKind::outputs || rows == 0 ? 0.0f
                        : support                                   ? job_.support.scale[task_]
                                                                    : job_.query.scale[task_];
    const bool goes_back = pass.kind != PassKind::loss && pass.kind != PassKind::outputs;
    const bool curves = pass.kind == PassKind::back;
    const GradientUse use = gradient_.use;
    float total = 0.0f;
    for (int first = 0; first < rows; first += job_.memory.rows) {
      const int left = rows - first, count = left < job_.memory.rows ? left : job_.memory.rows;
      const int block = stores_tapes() ? first / job_.memory.rows : 0;
      gradient_.first = first == 0;
      gradient_.last = left == count;
      if (support)
        pass_.stage(job_.support, support_.first + first, count);
      else
        pass_.stage(job_.query, query_.first + first, count);
      if (curves && stores_tapes()) {
        load_to_shared(tape_record(pass.k, block), pass_.tape(), job_.memory.tape_floats);
        team_.sync();
      } else {
        pass_.forward();
        if (pass.kind == PassKind::outputs) {
          pass_.store_outputs(job_.outputs + (query_.first + first) * net_.outputs);
          continue;
        }
        pass_.losses(goes_back, scale);
        total = pass_.add_loss(total);
        if (!goes_back) continue;
        gradient_.use = curves ? GradientUse::none : use;
        pass_.backward(scope, gradient_);
        gradient_.use = use;
        if (pass.kind == PassKind::step && stores_tapes())
          store_from_shared(pass_.tape(), tape_record(pass.k, block), job_.memory.tape_floats);
      }
      if (curves) pass_.hessian_vector(scale, gradient_);
    }
    return total;
  }

  /// Evaluates the results of the pass: losses, status, what comes next.
  __device__ __forceinline__ void finish_pass(Pass& pass, float total) {
    const bool leads = team_.rank == 0;
    switch (pass.kind) {
      case PassKind::loss: {
        const float loss = leads && status_ == 0 ? total / job_.query.terms[task_] : 0.0f;
        if (job_.kernel == TaskKernel::evaluate) {
          store_loss(pass, loss);
        } else {
          bad_ = bad_ || !is_small(loss);
          if (pass.point == 0) before_ = loss;
          after_ = loss;
        }
        ++pass.point;
        return;
      }
      case PassKind::step:
        if (support_.rows > 0) {  // a task without support rows does not move
          fail(gradient_.bad || (leads && !is_finite(total / job_.support.terms[task_])), 2, pass.k);
          if (inner_.max_move > 0.0f) fail(gradient_.far, 4, pass.k);
        }
        ++pass.k;
        if (pass.k == inner_.steps && status_ == 0 && job_.kernel != TaskKernel::evaluate)
          store_fast_weights();
        return;
      case PassKind::query_gradient:
        after_ = leads ? total / job_.query.terms[task_] : 0.0f;
        bad_ = bad_ || !is_small(after_);
        return;
      case PassKind::add_gradient:
        bad_ = bad_ || (leads && !is_small(total / job_.query.terms[task_]));
        return;
      default:
        return;
    }
  }

  __device__ __forceinline__ void fail(bool bad, int status, int step) {
    if (!team_.any(bad) || status_ != 0) return;
    status_ = status;
    failed_step_ = step;
  }

  // --- pieces of the workspace ---
  __device__ __forceinline__ float* lambda() const { return workspace_ + at_.lambda; }
  __device__ __forceinline__ float* rate_gradient() const { return workspace_ + at_.rate_gradient; }
  __device__ __forceinline__ float* record(int k) const {
    return workspace_ + at_.record + k * at_.record_floats;
  }
  /// phi_k of the inner loop; phi_0 is theta.
  __device__ __forceinline__ const float* phi_before(int k) const { return k == 0 ? job_.theta : record(k); }
  __device__ __forceinline__ float* tape_record(int k, int block) const {
    return record(k) + size_ + static_cast<std::int64_t>(block) * job_.memory.tape_floats;
  }
  __device__ __forceinline__ float* gradient(int k) const {
    return workspace_ + at_.gradient + static_cast<std::int64_t>(k) * size_;
  }
  /// Whether the inner loop stores records for the backward pass.
  __device__ __forceinline__ bool stores_records() const { return at_.records > 0; }
  __device__ __forceinline__ bool stores_tapes() const { return at_.record_tapes > 0; }

  template <class Use>
  __device__ __forceinline__ void for_each(int count, Use use) const {
    for (int i = team_.rank; i < count; i += team_.size) use(i);
  }
  // Copies of whole 16-byte words between shared memory and the workspace. A thread always copies the same
  // words, so that it may read back its own without a barrier.
  __device__ __forceinline__ void load_to_shared(const float* from, float* shared, int count) const {
    for (int i = 4 * team_.rank; i < count; i += 4 * team_.size) {
      float v[4];
      load4(from + i, v);
      store_shared4(shared + i, v);
    }
  }
  __device__ __forceinline__ void store_from_shared(const float* shared, float* to, int count) const {
    for (int i = 4 * team_.rank; i < count; i += 4 * team_.size) {
      float v[4];
      load4(shared + i, v);
      store_global4(to + i, v);
    }
  }
  /// Calls use(begin, end, adapts, layer) for every tensor in order of the layout, padding included; the skip
  /// belongs to the last layer.
  template <class Use>
  __device__ __forceinline__ void for_tensors(Use use) const {
    for (int l = 0; l < net_.layer_count; ++l) {
      const LayerShape& layer = net_.layers[l];
      const int weight = static_cast<int>(layer.weight), bias = static_cast<int>(layer.bias);
      use(weight, bias, layer.weight_adapts, l);
      use(bias, bias + layer.stride, layer.bias_adapts, l);
    }
    if (net_.has_skip) use(static_cast<int>(net_.skip), size_, net_.skip_adapts, net_.layer_count - 1);
  }

  // --- inner steps and rates ---
  __device__ __forceinline__ void describe_step(int k) {
    TeamGradient& step = gradient_;
    step.use = GradientUse::descend;
    step.phi = pass_.phi();
    step.alpha = inner_.learning_rate;
    if (inner_.rates == LearnedRate::parameter) step.rates = job_.rates;
    if (inner_.rates == LearnedRate::layer || inner_.rates == LearnedRate::layer_step) {
      step.layer_rates = job_.rates + rate_index(0, k, 0);
      step.layer_rate_stride = rate_index(1, k, 0) - rate_index(0, k, 0);
    }
    if (at_.gradients > 0) step.gradient_out = gradient(k);
    if (inner_.outer == OuterRule::parameter_move && job_.kernel == TaskKernel::meta_gradient)
      step.moves = lambda();
    if (inner_.max_move > 0.0f) {
      step.origin = job_.theta;
      step.most = inner_.max_move;
    }
  }

  /// Computes u = alpha o lambda, and adds to the gradients of the rates.
  __device__ __forceinline__ void compute_direction(int k) const {
    if (inner_.rates != LearnedRate::none) add_rate_gradients(k, gradient(k), lambda(), rate_gradient());
    for_tensors([&](int begin, int end, bool adapts, int layer) {
      const bool each = inner_.rates == LearnedRate::parameter;
      const float alpha = each ? 0.0f : rate(layer, k, 0);
      for (int p = begin + 4 * team_.rank; p < end; p += 4 * team_.size) {
        float v[4] = {}, alphas[4] = {alpha, alpha, alpha, alpha};
        if (adapts) {
          load4(lambda() + p, v);
          if (each) load4(job_.rates + p, alphas);
#pragma unroll
          for (int n = 0; n < 4; ++n) v[n] = alphas[n] * v[n];
        }
        store_shared4(pass_.u() + p, v);
      }
    });
  }

  /// d alpha -= g o lambda: one sum per rate, or, with a rate per layer, one chain in order of its parameters
  /// (contract N2), so that only threads of different layers work at the same time.
  __device__ __forceinline__ void add_rate_gradients(int k, const float* g, const float* lambda,
                                                     float* rate_gradient) const {
    if (inner_.rates == LearnedRate::parameter) {
      for_tensors([&](int begin, int end, bool adapts, int) {
        for (int p = begin + team_.rank; p < end; p += team_.size)
          if (adapts) rate_gradient[p] = fma(-g[p], lambda[p], rate_gradient[p]);
      });
      return;
    }
    for_each(net_.layer_count, [&](int l) {
      const LayerShape& layer = net_.layers[l];
      float sum = rate_gradient[rate_index(l, k, 0)];
      const auto add = [&](std::size_t begin, int rows, int columns, bool adapts) {
        if (!adapts) return;
        for (int r = 0; r < rows; ++r)
          for (int j = 0; j < columns; ++j) {
            const auto p = begin + static_cast<std::size_t>(r * layer.stride + j);
            sum = fma(-g[p], lambda[p], sum);
          }
      };
      add(layer.weight, layer.inputs, layer.outputs, layer.weight_adapts);
      add(layer.bias, 1, layer.outputs, layer.bias_adapts);
      if (net_.has_skip && l + 1 == net_.layer_count)
        add(net_.skip, net_.inputs, net_.outputs, net_.skip_adapts);
      rate_gradient[rate_index(l, k, 0)] = sum;
    });
  }

  __device__ __forceinline__ int rate_index(int layer, int k, int p) const {
    if (inner_.rates == LearnedRate::parameter) return p;
    if (inner_.rates == LearnedRate::layer) return layer;
    return layer * inner_.rate_steps + (k < inner_.rate_steps ? k : inner_.rate_steps - 1);
  }
  __device__ __forceinline__ float rate(int layer, int k, int p) const {
    return inner_.rates == LearnedRate::none ? inner_.learning_rate : job_.rates[rate_index(layer, k, p)];
  }

  // --- results ---
  __device__ __forceinline__ void store_loss(const Pass& pass, float loss) const {
    if (team_.rank != 0) return;
    const bool here = status_ == 0 && !is_small(loss);
    const std::int64_t at = static_cast<std::int64_t>(pass.point) * job_.tasks + task_;
    job_.loss_after[at] = loss;
    job_.status[at] = static_cast<std::uint8_t>(here ? 3 : status_);
    job_.failed_step[at] = here ? pass.k : failed_step_;
  }
  /// Stores phi, if wanted. No barrier is needed: this thread loaded these words, or fail() has waited.
  __device__ __forceinline__ void store_fast_weights() const {
    if (!job_.fast_weights) return;
    store_from_shared(pass_.phi(), job_.fast_weights + static_cast<std::int64_t>(task_) * size_, size_);
  }
  __device__ __forceinline__ void store_meta_gradient(int set) {
    // No barrier is needed: all but lambda was written before the last rows were staged, which waits; lambda
    // is read only after fail() has waited.
    if (status_ == 0) {
      bad_ = bad_ || gradient_.large;  // set by the last pass, which wrote all of lambda
      if (inner_.outer == OuterRule::parameter_move)
        for_each(size_, [&](int p) { bad_ = bad_ || !is_small(lambda()[p]); });
      for_each(job_.rate_count, [&](int r) { bad_ = bad_ || !is_small(rate_gradient()[r]); });
      fail(bad_, 3, inner_.steps);
    }
    if (status_ == 0) {
      add_to_sums(lambda(), size_, job_.sums, set);
      add_to_sums(rate_gradient(), job_.rate_count, job_.rate_sums, set);
    }
    if (team_.rank != 0) return;
    job_.loss_before[task_] = before_;
    job_.loss_after[task_] = after_;
  }
  __device__ __forceinline__ void add_to_sums(const float* values, int count, long long* sums,
                                              int set) const {
    long long* const to = sums + static_cast<std::int64_t>(set) * exact_digits * count;
    for_each(count, [&](int i) { atomic_add_exactly(values[i], to + i, count); });
  }

  const Team& team_;
  const TaskArguments& job_;
  const Network& net_;
  const InnerOptions& inner_;
  const TeamWorkspace& at_;
  int size_;
  float* workspace_;
  TeamPass pass_;
  Side support_, query_;
  TeamGradient gradient_;
  float before_ = 0.0f, after_ = 0.0f;  ///< valid in the first thread
  bool bad_ = false;                    ///< a loss or a gradient of the query side is not finite or not small
  int task_ = 0, status_ = 0, failed_step_ = -1;
};

}  // namespace shoal::kernels
