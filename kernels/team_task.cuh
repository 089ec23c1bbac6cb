// SPDX-License-Identifier: Apache-2.0
// The whole life of a task in a team's hands: inner loop, query loss, backward through the inner loop,
// contribution to the sum over tasks; src/cpu/task_group.hpp has the equations and is the oracle
// (tests/cuda).
//
// Fast memory holds what products read: phi, u = alpha o lambda, and a block of rows with its tape. What is
// touched once per step, trajectory, gradients, lambda, lies in the team's global workspace, which a
// persistent grid keeps in L2. The tape of the inner loop is computed again on the way back.
#pragma once

#include "kernels/exact_digits.cuh"
#include "kernels/task_arguments.hpp"
#include "kernels/team_pass.cuh"

namespace shoal::kernels {

class TeamTask {
 public:
  __device__ __forceinline__ TeamTask(const Team& team, const TaskArguments& job, float* fast,
                                      float* workspace)
      : team_(team),
        job_(job),
        net_(job.network),
        inner_(job.inner),
        size_(static_cast<int>(job.network.parameters)),
        workspace_(workspace),
        pass_(team, job.network, job.loss, job.memory, fast) {}

  /// Good or not, results of task `task` are written.
  __device__ __forceinline__ void meta_gradient(int task) {
    const int K = inner_.steps;
    begin(task);
    load(job_.theta, pass_.phi(), trajectory(0));
    float* const lambda = workspace_ + job_.workspace_layout.lambda;
    float* const rate_gradient = workspace_ + job_.workspace_layout.rate_gradient;
    const bool move = inner_.outer == OuterCode::parameter_move;
    if (move) for_each(size_, [&](int p) { lambda[p] = 0.0f; });
    for_each(job_.rate_count, [&](int r) { rate_gradient[r] = 0.0f; });
    float before = 0.0f, after = 0.0f;
    bool bad = false;
    if (status_ == 0) {
      before = query_loss();
      bad = !is_small(before);
      after = before;
      adapt_steps(0, K);
    }
    if (status_ == 0) {
      if (move) {
        after = query_loss();
      } else {
        after = query_gradient(lambda);
        const float w = weight(K);
        if (inner_.step_weights && K > 0) for_each(size_, [&](int p) { lambda[p] = w * lambda[p]; });
      }
      bad = bad || !is_small(after);
      if (!move) backward_through_steps(lambda, rate_gradient, bad);
      for_each(size_, [&](int p) { bad = bad || !is_small(lambda[p]); });
      for_each(job_.rate_count, [&](int r) { bad = bad || !is_small(rate_gradient[r]); });
      fail(bad, 3, K);
    }
    if (status_ == 0) {
      add_to_sums(lambda, size_, job_.sums);
      add_to_sums(rate_gradient, job_.rate_count, job_.rate_sums);
    }
    if (team_.rank == 0) {
      job_.loss_before[task] = before;
      job_.loss_after[task] = after;
    }
    give_outcome(task);
  }

  __device__ __forceinline__ void adapt(int task) {
    begin(task);
    load(job_.theta, pass_.phi(), trajectory(0));
    if (status_ == 0) adapt_steps(0, inner_.steps);
    give_outcome(task);
  }

  /// Query losses along one trajectory: at each point the status is that of a run with so many steps.
  __device__ __forceinline__ void evaluate(int task) {
    begin(task);
    load(job_.theta, pass_.phi(), trajectory(0));
    int done = 0;
    for (int i = 0; i < job_.points; ++i) {
      if (status_ == 0) adapt_steps(done, job_.steps[i]);
      done = job_.steps[i];
      const float loss = status_ == 0 ? query_loss() : 0.0f;
      if (team_.rank != 0) continue;
      const bool here = status_ == 0 && !is_small(loss);
      const std::int64_t at = static_cast<std::int64_t>(i) * job_.tasks + task;
      job_.loss_after[at] = loss;
      job_.status[at] = static_cast<std::uint8_t>(here ? 3 : status_);
      job_.failed_step[at] = here ? done : failed_step_;
    }
  }

  __device__ __forceinline__ void predict(int task) {
    begin(task);
    load(job_.own_parameters + static_cast<std::int64_t>(task) * size_, pass_.phi(), nullptr);
    const std::int64_t row = job_.query.first[task];
    for_blocks(query_, [&](int first, int) {
      pass_.forward();
      pass_.give_outputs(job_.outputs + (row + first) * net_.outputs);
    });
  }

 private:
  static __device__ __forceinline__ bool is_finite(float x) { return fabsf(x) <= 0x1.fffffep+127f; }
  static __device__ __forceinline__ bool is_small(float x) { return fabsf(x) <= 0x1p+60f; }

  __device__ __forceinline__ void begin(int task) {
    support_ = rows_of(job_.support, task);
    query_ = rows_of(job_.query, task);
    status_ = job_.status[task];
    failed_step_ = -1;
  }
  __device__ __forceinline__ TeamRows rows_of(const RowsView& set, int task) const {
    if (!set.first) return {};
    const std::int64_t first = set.first[task];
    return {.x = set.x + first * net_.inputs,
            .y = set.y ? set.y + first * net_.targets : nullptr,
            .offset = set.offset ? set.offset + first * net_.outputs : nullptr,
            .rows = static_cast<int>(set.first[task + 1] - first),
            .scale = set.scale ? set.scale[task] : 0.0f,
            .terms = set.terms ? set.terms[task] : 0.0f};
  }

  // --- pieces of the workspace ---
  __device__ __forceinline__ float* trajectory(int k) const {
    const TeamWorkspace& at = job_.workspace_layout;
    return workspace_ + at.trajectory + static_cast<std::int64_t>(k % at.trajectory_count) * size_;
  }
  __device__ __forceinline__ float* gradient(int k) const {
    const TeamWorkspace& at = job_.workspace_layout;
    return workspace_ + at.gradient + static_cast<std::int64_t>(k % at.gradient_count) * size_;
  }

  template <class Use>
  __device__ __forceinline__ void for_each(int count, Use use) const {
    for (int i = team_.rank; i < count; i += team_.size) use(i);
  }
  template <class Use>
  __device__ __forceinline__ void for_blocks(const TeamRows& set, Use use) {
    for (int first = 0; first < set.rows; first += job_.memory.rows) {
      const int count = set.rows - first < job_.memory.rows ? set.rows - first : job_.memory.rows;
      pass_.stage(set, first, count);
      use(first, count);
    }
  }
  /// use(begin, end, adapts, layer) for every tensor in order of the layout, padding included; the skip
  /// counts as the last layer's.
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

  /// from -> to and, unless null, also_to. stage() makes it known to all threads.
  __device__ __forceinline__ void load(const float* from, float* to, float* also_to) const {
    for_each(size_, [&](int p) {
      const float value = from[p];
      to[p] = value;
      if (also_to) also_to[p] = value;
    });
  }

  __device__ __forceinline__ void fail(bool bad, int status, int step) {
    if (!team_.any(bad) || status_ != 0) return;
    status_ = status;
    failed_step_ = step;
  }

  // --- the inner loop ---
  /// Steps `from` .. `to` - 1, or up to the one that fails. A task without support rows stays where it is.
  __device__ __forceinline__ void adapt_steps(int from, int to) {
    const bool move = inner_.outer == OuterCode::parameter_move && job_.sums;
    float* const lambda = workspace_ + job_.workspace_layout.lambda;
    for (int k = from; k < to && status_ == 0; ++k) {
      float* const next = trajectory(k + 1);
      float* const g = gradient(k);
      if (support_.rows == 0) {
        for_each(size_, [&](int p) { next[p] = pass_.phi()[p]; });
        continue;
      }
      float total = 0.0f;
      for_blocks(support_, [&](int first, int) {
        pass_.forward();
        total = pass_.add_loss(total);
        pass_.backward(support_.scale, TeamWanted::adapting, first == 0, g);
      });
      team_.sync();
      bool bad = !is_finite(total / support_.terms), far = false;
      for_tensors([&](int begin, int end, bool adapts, int layer) {
        for (int p = begin + team_.rank; p < end; p += team_.size) {
          const float phi = pass_.phi()[p];
          float moved = phi;
          if (adapts) {
            const float alpha = rate(layer, k, p);
            moved = fma(-alpha, g[p], phi);
            bad = bad || !is_finite(moved);
            far = far || fabsf(moved - job_.theta[p]) > inner_.max_move;
            // theta - phi_K as the sum of the steps: the difference itself would lose the small ones.
            if (move) lambda[p] = fma(alpha, g[p], lambda[p]);
            pass_.phi()[p] = moved;
          }
          next[p] = moved;
        }
      });
      fail(bad, 2, k);
      if (inner_.max_move > 0.0f) fail(far, 4, k);
    }
  }

  // --- the query set ---
  /// The first thread's result counts in these two.
  __device__ __forceinline__ float query_loss() {
    float total = 0.0f;
    for_blocks(query_, [&](int, int) {
      pass_.forward();
      total = pass_.add_loss(total);
    });
    return team_.rank == 0 ? total / query_.terms : 0.0f;
  }
  __device__ __forceinline__ float query_gradient(float* gradient) {
    float total = 0.0f;
    for_blocks(query_, [&](int first, int) {
      pass_.forward();
      total = pass_.add_loss(total);
      pass_.backward(query_.scale, TeamWanted::everything, first == 0, gradient);
    });
    team_.sync();
    return team_.rank == 0 ? total / query_.terms : 0.0f;
  }

  // --- the way back ---
  /// w_k; without step weights the last step counts alone.
  __device__ __forceinline__ float weight(int k) const {
    if (!inner_.step_weights) return k == inner_.steps ? 1.0f : 0.0f;
    return k == 0 ? 0.0f : inner_.step_weights[k - 1];
  }

  __device__ __forceinline__ void backward_through_steps(float* lambda, float* rate_gradient, bool& bad) {
    float* const second = workspace_ + job_.workspace_layout.second;
    for (int k = inner_.steps - 1; k >= 0; --k) {
      const float w = weight(k);
      const bool exact = inner_.outer == OuterCode::exact && support_.rows > 0;
      if (!exact && w == 0.0f) continue;
      team_.sync();  // lambda is read in another order than it was written in
      load(trajectory(k), pass_.phi(), nullptr);
      if (exact) backward_through_step(k, lambda, rate_gradient, second);
      if (w != 0.0f) {
        bad = bad || !is_small(query_gradient(second));
        for_each(size_, [&](int p) { lambda[p] = fma(w, second[p], lambda[p]); });
      }
    }
  }

  __device__ __forceinline__ void backward_through_step(int k, float* lambda, float* rate_gradient,
                                                        float* second) {
    const float* const g = gradient(k);
    if (inner_.rates != RateCode::fixed) add_rate_gradients(k, g, lambda, rate_gradient);
    for_tensors([&](int begin, int end, bool adapts, int layer) {
      for (int p = begin + team_.rank; p < end; p += team_.size)
        pass_.u()[p] = adapts ? rate(layer, k, p) * lambda[p] : 0.0f;
    });
    for_blocks(support_, [&](int first, int) {
      pass_.forward();
      pass_.backward(support_.scale, TeamWanted::adapting, true, nullptr);
      pass_.hessian_vector(support_.scale, first == 0, second);
    });
    team_.sync();
    for_each(size_, [&](int p) { lambda[p] = lambda[p] - second[p]; });
  }

  /// d alpha -= g o lambda: for rates per parameter one sum each, else one chain per layer in order of the
  /// parameters (contract N2), which only threads of different layers can share.
  __device__ __forceinline__ void add_rate_gradients(int k, const float* g, const float* lambda,
                                                     float* rate_gradient) const {
    if (inner_.rates == RateCode::parameter) {
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
    if (inner_.rates == RateCode::parameter) return p;
    if (inner_.rates == RateCode::layer) return layer;
    return layer * inner_.rate_steps + (k < inner_.rate_steps ? k : inner_.rate_steps - 1);
  }
  __device__ __forceinline__ float rate(int layer, int k, int p) const {
    return inner_.rates == RateCode::fixed ? inner_.learning_rate : job_.rates[rate_index(layer, k, p)];
  }

  // --- results ---
  __device__ __forceinline__ void add_to_sums(const float* values, int count, long long* sums) const {
    long long* const own = sums + static_cast<std::int64_t>(blockIdx.x) * exact_digits * count;
    for_each(count, [&](int i) { add_exactly(values[i], own + i, count); });
  }
  /// Status, and fast weights where they are wanted.
  __device__ __forceinline__ void give_outcome(int task) const {
    if (team_.rank == 0) {
      job_.status[task] = static_cast<std::uint8_t>(status_);
      job_.failed_step[task] = failed_step_;
    }
    if (!job_.fast_weights) return;
    float* const to = job_.fast_weights + static_cast<std::int64_t>(task) * size_;
    const float* const from = trajectory(inner_.steps);
    if (status_ == 0) for_each(size_, [&](int p) { to[p] = from[p]; });
  }

  const Team& team_;
  const TaskArguments& job_;
  const Network& net_;
  const InnerOptions& inner_;
  int size_;
  float* workspace_;
  TeamPass pass_;
  TeamRows support_, query_;
  int status_ = 0, failed_step_ = -1;
};

}  // namespace shoal::kernels
