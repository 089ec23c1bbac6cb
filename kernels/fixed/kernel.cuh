// SPDX-License-Identifier: Apache-2.0
// A task kernel made for a shape. It computes what the task kernel of kernels/team computes for
// meta-gradients, with the same bits; sizes, strides, tiles and choices are constants
// (kernels/fixed/plan.hpp), so that addresses are immediates and the sums of a product stay in registers.
//
// Grid: persistent; a block is one task's lanes, or one warp with two tasks. Shared memory: dynamic, the
// plan's floats for each task of the block. Global memory: a workspace for each task of the grid, where lanes
// keep what they read back themselves, and the digits of the exact sums, in the order of the tiles, so that
// neighbouring lanes add to neighbouring places (src/cuda/fixed/sum_places.cpp has the order of theta). Every
// barrier stands between the lanes that write and the lanes that read. Where activations leave no room in
// shared memory beside the parameters, they lie in the workspace, and products read them in slabs
// (kernels/fixed/slabs.cuh).
//
// What runs on kernels/team and kernels/layered instead: adapt, evaluate and predict; step weights, a bound
// on moves, Reptile; skip connections; networks without a hidden layer or with more than four; tasks with an
// empty side; parameters that leave no room in shared memory. Oracle: the cpu backend, bit for bit
// (tests/cuda).
#pragma once

#include "kernels/fixed/learned_rates.cuh"
#include "kernels/fixed/second_order.cuh"

namespace shoal::kernels {

template <FixedShape s>
class FixedTask {
  static_assert(s.freezes_nothing_body_or_head());

 public:
  __device__ __forceinline__ FixedTask(const TaskArguments& job, float* shared, float* workspace, int lane)
      : t_{.job = job, .shared = shared, .workspace = workspace, .lane = lane} {
    // Products read padding, although nobody uses their results for it: it must be initialised.
    for (int e = lane; e < plan.shared_floats; e += s.lanes) shared[e] = 0.0f;
    if constexpr (s.streamed)
      for (int e = lane; e < job.workspace_layout.floats; e += s.lanes) workspace[e] = 0.0f;
    t_.sync();
    load_theta(t_);
    wait_for_async<0>();
    t_.sync();
    keep_parameters(t_, t_.record(0));  // of every task's first step
  }

  /// Runs task `task`; `real`: whether it is one, or only keeps the other task of the warp company.
  __device__ __forceinline__ void run(int task, int set, bool real) {
    const TaskArguments& job = t_.job;
    const int steps = job.inner.steps;
    const bool good = job.status[task] == 0;
    t_.sync();  // all lanes are done with the last task
    t_.task = task;
    t_.failed_step = never_failed;
    FixedRows support = rows_of(job.support, task, 0), query = rows_of(job.query, task, plan.narrow ? 1 : 0);
    stage(query);
    if constexpr (plan.narrow) stage(support);
    load_theta(t_);
    if (t_.lane == 0) *failed() = never_failed;
    wait_for_async<0>();
    t_.sync();
    if (steps == 0) keep_fast_weights(real);
    float before = 0.0f, after = 0.0f;
#pragma unroll 1
    for (int p = 0; p <= steps + 1; ++p) {
      const FixedPassKind kind = p == 0       ? FixedPassKind::loss
                                 : p <= steps ? FixedPassKind::step
                                              : FixedPassKind::query;
      const FixedDescent pass{kind, p - 1, t_.record(p == 0 || p > steps ? steps : p - 1),
                              s.exact && kind == FixedPassKind::step && p < steps ? t_.record(p) : nullptr};
      const FixedRows side = one_of(kind == FixedPassKind::step, support, query);
      const float total = run_pass(t_, pass, side);
      if (kind == FixedPassKind::step) {
        if (t_.lane == 0) t_.note_failure(!t_.is_finite(total / side.terms), p - 1);
        if (p == steps) keep_fast_weights(real);
      } else if (t_.lane == 0) {
        (kind == FixedPassKind::loss ? before : after) = total / side.terms;
      }
      if constexpr (!plan.narrow) {
        if (steps > 0 && (p == 0 || p == steps)) {
          stage(one_of(p == 0, support, query));
          wait_for_async<0>();
          t_.sync();
        }
      }
    }
    if (t_.lane == 0) t_.note_failure(!t_.is_small(before) || !t_.is_small(after), steps);
    if constexpr (s.exact) {
      if (steps > 0)
        go_back(support);
      else
        take_lambda(t_, -1);
    } else {
      take_lambda(t_, -1);
    }
    finish(task, set, real, good, before, after);
  }

 private:
  static constexpr FixedPlan plan = plan_of<s>;
  static constexpr int top = s.layers - 2;
  static constexpr bool learns = s.exact && s.rates != LearnedRate::none;

  static __device__ __forceinline__ FixedRows rows_of(const RowsView& set, int task, int buffer) {
    const std::int64_t first = set.first[task];
    FixedRows rows;
    rows.rows = static_cast<int>(set.first[task + 1] - first);
    rows.x = set.x + first * s.inputs;
    rows.y = set.y + first * s.targets;
    if constexpr (s.offset) rows.offset = set.offset + first * s.outputs();
    rows.scale = set.scale[task];
    rows.terms = set.terms[task];
    rows.staged = plan.x + buffer * whole_words(plan.held_rows * plan.x_stride);
    rows.staged_y = plan.y + buffer * whole_words(s.rows * s.targets);
    return rows;
  }
  __device__ __forceinline__ int* failed() const {
    return reinterpret_cast<int*>(t_.shared + plan.failed);
  }
  __device__ __forceinline__ void stage(const FixedRows& side) {
    stage_rows(t_, side);
    stage_targets(t_, side);
  }
  __device__ __forceinline__ void keep_fast_weights(bool real) {
    if (real && t_.job.fast_weights)
      store_fast_weights(t_, t_.job.fast_weights + static_cast<std::int64_t>(t_.task) * plan.parameters);
  }

  __device__ __forceinline__ void go_back(const FixedRows& support) {
    const int steps = t_.job.inner.steps;
    if constexpr (!plan.narrow) stage(support);
    prefetch(t_, t_.record(steps - 1), support.rows);
    end_async_group();
    if constexpr (learns) {
      for (int r = t_.lane; r < t_.job.rate_count; r += s.lanes) t_.rate_gradient()[r] = 0.0f;
    }
    take_lambda(t_, steps - 1);
    put_small_directions(t_, steps - 1);
#pragma unroll 1
    for (int k = steps - 1; k >= 0; --k) {
      if constexpr (learns) add_rate_gradients(t_, k);
      back_through_step(t_, support, k);
    }
  }

  /// Calls use(v, group, offset) for groups of this lane's elements of lambda: v[e] belongs to the sum at
  /// group + offset + s.lanes * e from the lane's first. First the weights that have tiles,
  template <class Use>
  __device__ __forceinline__ void for_tiles_of_lambda(Use use) {
    for_numbers<plan.narrow ? 1 : 0, s.layers - 1>([&](auto number) {
      constexpr int l = decltype(number)::value;
      using Y = FixedLayer<s, l>;
      constexpr FixedTile tile = Y::weight_tile;
      constexpr int base = s.exact ? Y::u_weight : Y::weight, of_row = tile.columns * s.lanes;
      constexpr int at_once = tile.rows % 2 == 0 ? 2 : 1;
      const FixedPlace at = t_.template weight_place<l>();
#pragma unroll 1
      for (int strip = 0; strip < tile.strips; ++strip)
#pragma unroll 1
        for (int i = 0; i < tile.rows; i += at_once) {
          float v[at_once * tile.columns];
#pragma unroll
          for (int n = 0; n < at_once; ++n)
            FixedState<s>::template WeightColumns<l>::load(
                t_.template weight_row_at<l>(base, at, strip, i + n),
                FixedState<s>::template weight_lane<l>(at, i + n), v + n * tile.columns);
          use(v, Y::sum_weight + strip * tile.rows * of_row, i * of_row);
        }
    });
  }
  /// then the small parameters.
  template <class Use>
  __device__ __forceinline__ void for_small_lambda(Use use) {
    for_numbers<0, s.layers - 1>([&](auto number) {
      constexpr int l = decltype(number)::value;
      using Y = FixedLayer<s, l>;
      constexpr int first = Y::small_before();
      for_columns<s, l>(t_.lane, [&](int c, int) {
        float v[Y::small];
#pragma unroll
        for (int e = 0; e < Y::small; ++e) v[e] = t_.lambda_small[first + c * Y::small + e];
        use(v, plan.sum_small, (first + c * Y::small) * s.lanes);
      });
    });
    if (t_.lane < s.outputs()) {
      const float v[1] = {t_.lambda_head_bias};
      use(v, plan.sum_head_bias, 0);
    }
  }

  __device__ __forceinline__ void finish(int task, int set, bool real, bool good, float before, float after) {
    const TaskArguments& job = t_.job;
    bool bad = false;
    const auto check = [&](const auto& v, int, int) {
      for (const float x : v) bad |= !t_.is_small(x);
    };
    for_tiles_of_lambda(check);
    for_small_lambda(check);
    if constexpr (learns) {
      if (job.inner.steps > 0)
        for (int r = t_.lane; r < job.rate_count; r += s.lanes) bad |= !t_.is_small(t_.rate_gradient()[r]);
    }
    t_.note_failure(bad, job.inner.steps);
    if (t_.failed_step != never_failed) atomicMin(failed(), t_.failed_step);
    t_.sync();
    const int step = *failed();
    if (!real) return;
    if (good && step == never_failed) {
      constexpr std::int64_t stride = plan.sum_count;
      long long* const mine =
          job.sums + (static_cast<std::int64_t>(set) * exact_digits + ordinary_digit) * stride + t_.lane;
      const auto add = [&](const auto& v, int group, int offset) {
        atomic_add_group_exactly<s.lanes>(v, mine + group + offset, stride);
      };
      for_tiles_of_lambda(add);
      for_small_lambda(add);
      if constexpr (learns) {
        long long* const rate_sums =
            job.rate_sums + static_cast<std::int64_t>(set) * exact_digits * job.rate_count;
        if (job.inner.steps > 0)
          for (int r = t_.lane; r < job.rate_count; r += s.lanes)
            atomic_add_exactly(t_.rate_gradient()[r], rate_sums + r, job.rate_count);
      }
    }
    if (t_.lane != 0) return;
    if (good)
      job.status[task] = static_cast<std::uint8_t>(step == never_failed ? 0 : step < job.inner.steps ? 2 : 3);
    job.failed_step[task] = good && step != never_failed ? step : -1;
    job.loss_before[task] = before;
    job.loss_after[task] = after;
  }

  FixedState<s> t_;
};

/// The body of the kernel; kernels/fixed/instance.cuh and the texts that src/cuda/fixed compiles at run time
/// wrap it.
template <FixedShape s>
__device__ __forceinline__ void run_fixed_tasks(const TaskArguments& job, float* shared) {
  constexpr int teams = fixed_block_threads(s) / s.lanes;
  const int thread = static_cast<int>(threadIdx.x), team = teams == 1 ? 0 : thread / s.lanes;
  const int index = static_cast<int>(blockIdx.x) * teams + team, count = static_cast<int>(gridDim.x) * teams;
  FixedTask<s> runner(job, opaque_shared(shared + team * plan_of<s>.shared_floats),
                      job.workspace + index * job.workspace_layout.floats, thread % s.lanes);
#pragma unroll 1
  for (int i = index; i - team < job.tasks; i += count) {
    const int one = i < job.tasks ? i : job.tasks - 1;
    runner.run(job.order[one], one % job.sum_sets, i < job.tasks);
  }
}

}  // namespace shoal::kernels
