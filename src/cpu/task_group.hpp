// SPDX-License-Identifier: Apache-2.0
// The computation of a group of tasks (W tasks, one per lane, or a single task: lane_layouts.hpp): inner
// loop, query loss, backward pass through the inner loop, contribution to the sum over tasks. All
// intermediate results stay in the workspace of the group (group_workspace.hpp).
//
//   phi_0 = theta,  phi_{k+1} = phi_k - alpha o g_k,  g_k = grad L_support(phi_k)
//
//   lambda_K = w_K grad L_query(phi_K)
//
//   lambda_k = lambda_{k+1} - H_k (alpha o lambda_{k+1}) + w_k grad L_query(phi_k)
//
//   grad alpha = - sum over k of g_k o lambda_{k+1}
//
// The trajectory phi_0 .. phi_K is stored. The tapes of the support passes are stored if they fit the budget
// of the plan (TapePolicy::store); otherwise the backward pass computes the tape of each block again, by the
// same operations with the same bits.
//
// The inner step, lambda and the direction u = alpha o lambda are computed in the epilogues of the last sums
// over rows (parameter_updates.hpp). If the move of the parameters is needed (max_move, Reptile), the inner
// step is a pass of its own over the parameters.
#pragma once

#include "cpu/group_workspace.hpp"
#include "cpu/lane_values.hpp"

namespace shoal::cpu {

template <class L>
class TaskGroup : private LaneValues<L> {
 public:
  using V = typename L::V;
  using M = typename L::M;
  using Spans = ParameterSpans<L>;
  using LaneValues<L>::store_per_task, LaneValues<L>::is_finite, LaneValues<L>::is_small,
      LaneValues<L>::of_task, LaneValues<L>::per_task;

  /// Number of vectors of workspace that a job needs.
  static std::size_t workspace_vectors(const GroupJob& job) {
    return GroupWorkspace<L>(job, nullptr).vectors();
  }

  explicit TaskGroup(GroupJob& job)
      : job_(job),
        job_out_(&job),
        net_(*job.network),
        inner_(*job.inner),
        size_(net_.parameters),
        space_(job, reinterpret_cast<V*>(job.workspace)),
        pass_(net_, *job.loss, job.block_rows, space_.pass_scratch) {}

  void meta_gradient() {
    const int K = inner_.steps;
    start();
    const bool move = inner_.outer == OuterRule::parameter_move;
    for (std::size_t p = 0; p < size_ && move; ++p) space_.lambda[p] = V(0.0f);
    const V before = job_.wants_loss_before ? query_loss(trajectory(0)) : V(0.0f);
    adapt_steps(0, K);
    V after = before;
    const V* phi = trajectory(K);
    M bad = not_(is_small(before));
    if (move) {
      after = query_loss(phi);  // lambda is the sum of the steps already
    } else {
      const float w = inner_.step_weights && K > 0 ? weight(K) : 1.0f;
      after = query_gradient(phi, space_.lambda, lambda_update<LambdaUpdateKind::set>(space_.lambda, w, K));
    }
    bad = or_(bad, not_(is_small(after)));
    for (std::size_t r = 0; r < space_.rate_vectors; ++r) space_.rate_gradient[r] = V(0.0f);
    if (!move) backward_through_steps(bad);
    bad = or_(bad, any_large(space_.lambda));
    if (inner_.rates == LearnedRate::parameter)
      bad = or_(bad, any_large(space_.rate_gradient));
    else
      for (std::size_t r = 0; r < space_.rate_vectors; ++r)
        bad = or_(bad, not_(is_small(space_.rate_gradient[r])));
    fail(bad, 3, K);

    const M good = good_lanes();
    Spans::add_exactly(net_, space_.lambda, good, job_.sums);
    if (inner_.rates == LearnedRate::parameter)
      Spans::add_exactly(net_, space_.rate_gradient, good, job_.rate_sums);
    else
      add_rates_exactly(good);
    store_per_task(before, job_out_->loss_before);
    store_per_task(after, job_out_->loss_after);
    store_fast_weights(phi);
  }

  void adapt() {
    start();
    adapt_steps(0, inner_.steps);
    store_fast_weights(trajectory(inner_.steps));
  }

  /// Computes query losses along one trajectory; the status at each point is that of a span with this number
  /// of steps.
  void evaluate(const EvaluationPoints& points) {
    start();
    int done = 0;
    for (int i = 0; i < points.count; ++i) {
      adapt_steps(done, points.steps[i]);
      done = points.steps[i];
      const V loss = query_loss(trajectory(done));
      const M bad = not_(is_small(loss));
      store_per_task(loss, points.loss + i * L::tasks);
      for (int w = 0; w < L::tasks; ++w) {
        const bool here = job_out_->status[w] == 0 && of_task(bad, w);
        points.status[i * L::tasks + w] = here ? 3 : job_out_->status[w];
        points.failed_step[i * L::tasks + w] = here ? done : job_out_->failed_step[w];
      }
    }
  }

  /// Computes outputs with each task's own parameters. phi [P] and the outputs are interleaved, or with lanes
  /// = units flat.
  void predict(const float* phi, float* outputs) {
    const V* parameters = reinterpret_cast<const V*>(phi);
    if constexpr (L::units) {
      Spans::from_flat(net_, phi, trajectory(0));
      parameters = trajectory(0);
    }
    const Weights<V> weights = pass_.weights(parameters, net_.layer_count, space_.transposed_phi);
    for_blocks(job_.query, [&](const RowBlock<L>& block, int first) {
      const Tape<L> tape = space_.scratch_tape();
      pass_.forward(weights, block, tape, TapeUse::gradients);
      const V* o = tape.output();
      const std::ptrdiff_t done = std::ptrdiff_t{first} * net_.outputs;
      if constexpr (L::units) {
        for (int r = 0; r < block.rows; ++r) {
          const auto* row = reinterpret_cast<const float*>(o + r * L::stride(net_.outputs));
          for (int j = 0; j < net_.outputs; ++j) outputs[done + r * net_.outputs + j] = row[j];
        }
      } else {
        V* out = reinterpret_cast<V*>(outputs) + done;
        for (int e = 0; e < block.rows * net_.outputs; ++e) out[e] = o[e];
      }
    });
  }

 private:
  V* trajectory(int k) const { return space_.trajectory(k); }
  V* gradient(int k) const { return space_.gradient(k); }

  template <class Use>
  void for_blocks(const GroupRows& set, Use use) const {
    for (int first = 0; first < set.rows; first += job_.block_rows) {
      const int count = set.rows - first < job_.block_rows ? set.rows - first : job_.block_rows;
      use(RowBlock<L>(net_, set, first, count), first);
    }
  }

  // --- status ---
  void fail(M bad, std::uint8_t status, int step) {
    for (int w = 0; w < L::tasks; ++w)
      if (job_out_->status[w] == 0 && of_task(bad, w)) {
        job_out_->status[w] = status;
        job_out_->failed_step[w] = step;
      }
  }
  M good_lanes() const {
    std::uint8_t good[max_lanes];
    for (int w = 0; w < L::width; ++w) {
      const int task = L::units ? 0 : w;
      good[w] = task < job_.lanes && job_out_->status[task] == 0;
    }
    return L::from_flags(good);
  }
  M any_large(const V* values) const {
    M bad{};
    Spans::each(net_, [&](const ParameterSpan& span) {
      for (std::size_t p = span.begin; p < span.end; ++p)
        bad = Spans::add_bad(span, p, bad, not_(is_small(values[p])));
    });
    return bad;
  }

  // --- the inner loop ---
  void start() {
    Spans::from_flat(net_, job_.theta, trajectory(0));
    if (space_.theta && space_.theta != trajectory(0)) copy(trajectory(0), space_.theta);
    if (space_.rates) Spans::from_flat(net_, job_.rates, space_.rates);
  }
  V theta(std::size_t p) const { return L::units ? space_.theta[p] : V(job_.theta[p]); }

  /// Takes steps `from` .. `to` - 1. Lanes without support rows keep their parameters.
  void adapt_steps(int from, int to) {
    if (job_.support.rows == 0) {
      for (int k = from; k < to; ++k) copy(trajectory(k), trajectory(k + 1));
      return;
    }
    const M adapts = V(0.0f) < per_task(job_.support.terms);
    for (int k = from; k < to; ++k) {
      if (wants_moves()) {
        NoUpdate<L> no_update;
        const V loss = support_gradient(k, no_update);
        step_and_move(k, adapts, and_(adapts, not_(is_finite(loss))));
      } else {
        InnerStep<L, RatesOfStep> step(gradient(k), trajectory(k), trajectory(k + 1), {this, k}, adapts,
                                       space_.stores_gradients);
        const V loss = support_gradient(k, step);
        copy_frozen(trajectory(k), trajectory(k + 1));
        fail(or_(and_(adapts, not_(is_finite(loss))), step.bad()), 2, k);
      }
    }
  }
  /// Returns the mean loss of the support set at phi_k; the update takes its gradient.
  template <class Update>
  V support_gradient(int k, Update& update) const {
    const V scale = per_task(job_.support.scale);
    const Weights<V> weights = pass_.weights(trajectory(k), net_.lowest_adapting, space_.transposed_phi);
    const TapeUse use = space_.stores_tapes ? TapeUse::hessian : TapeUse::gradients;
    V total(0.0f);
    for_blocks(job_.support, [&](const RowBlock<L>& block, int first) {
      const Tape<L> tape = space_.support_tape(k, first / job_.block_rows);
      pass_.forward(weights, block, tape, use);
      total = pass_.add_loss(block, tape, total);
      const RowSums sums = first == 0 ? RowSums::begin : RowSums::resume;
      if (first + block.rows == job_.support.rows)
        pass_.backward(weights, block, tape, use, scale, GradientScope::adapting, sums, gradient(k), update);
      else
        pass_.backward(weights, block, tape, use, scale, GradientScope::adapting, sums, gradient(k));
    });
    return total / per_task(job_.support.terms);
  }

  bool wants_moves() const {
    return inner_.max_move > 0.0f || (space_.lambda && inner_.outer == OuterRule::parameter_move);
  }
  /// Takes the inner step with the gradient in gradient(k), and measures how far the parameters are from
  /// theta then.
  void step_and_move(int k, M adapts, M bad) {
    const V *g = gradient(k), *phi = trajectory(k);
    V* next = trajectory(k + 1);
    V moved(0.0f);
    copy_frozen(phi, next);
    Spans::each(net_, [&](const ParameterSpan& span) {
      if (!span.adapts) return;
      for (std::size_t p = span.begin; p < span.end; ++p) {
        const V step = fma(-rate(span.layer, k, p), g[p], phi[p]);
        next[p] = select(adapts, step, phi[p]);
        bad = Spans::add_bad(span, p, bad, not_(is_finite(next[p])));
        const V distance = abs(next[p] - theta(p));
        const M further = distance > moved;
        moved = select(Spans::is_tail(span, p) ? and_(Spans::tail(span), further) : further, distance, moved);
      }
      // theta - phi_K is computed as the sum of the steps, because the difference itself would lose small
      // steps. Without support rows g = +0.
      if (space_.lambda && inner_.outer == OuterRule::parameter_move)
        for (std::size_t p = span.begin; p < span.end; ++p)
          space_.lambda[p] = fma(rate(span.layer, k, p), g[p], space_.lambda[p]);
    });
    fail(bad, 2, k);
    if (inner_.max_move > 0.0f) fail(moved > V(inner_.max_move), 4, k);
  }
  void copy_frozen(const V* from, V* to) const {
    Spans::each(net_, [&](const ParameterSpan& span) {
      for (std::size_t p = span.begin; p < span.end && !span.adapts; ++p) to[p] = from[p];
    });
  }

  // --- the query set ---
  V query_loss(const V* phi) const {
    V total(0.0f);
    const Weights<V> weights = pass_.weights(phi, net_.layer_count, space_.transposed_phi);
    for_blocks(job_.query, [&](const RowBlock<L>& block, int) {
      const Tape<L> tape = space_.scratch_tape();
      pass_.forward(weights, block, tape, TapeUse::gradients);
      total = pass_.add_loss(block, tape, total);
    });
    return total / per_task(job_.query.terms);
  }

  /// Returns the mean loss of the query set; the update takes the gradient, whose sums have addresses from
  /// `gradient` on.
  template <class Update>
  V query_gradient(const V* phi, V* gradient, Update update) const {
    const V scale = per_task(job_.query.scale);
    V total(0.0f);
    const Weights<V> weights = pass_.weights(phi, 0, space_.transposed_phi);
    for_blocks(job_.query, [&](const RowBlock<L>& block, int first) {
      const Tape<L> tape = space_.scratch_tape();
      pass_.forward(weights, block, tape, TapeUse::gradients);
      total = pass_.add_loss(block, tape, total);
      const RowSums sums = first == 0 ? RowSums::begin : RowSums::resume;
      if (first + block.rows == job_.query.rows)
        pass_.backward(weights, block, tape, TapeUse::gradients, scale, GradientScope::everything, sums,
                       gradient, update);
      else
        pass_.backward(weights, block, tape, TapeUse::gradients, scale, GradientScope::everything, sums,
                       gradient);
    });
    return total / per_task(job_.query.terms);
  }

  // --- the backward pass ---
  /// w_k; without step weights only the last step counts.
  float weight(int k) const {
    if (!inner_.step_weights) return k == inner_.steps ? 1.0f : 0.0f;
    return k == 0 ? 0.0f : inner_.step_weights[k - 1];
  }

  /// Whether the backward pass differentiates the step that leads to phi_k.
  bool differentiates_step(int k) const {
    return k > 0 && inner_.outer == OuterRule::exact && job_.support.rows > 0;
  }
  /// The update of lambda by sums with addresses from `values` on. If lambda is complete afterwards, as
  /// lambda_k, `k` says so, and the update also computes the direction for the previous step. If something is
  /// still to be added, `k` is 0.
  template <LambdaUpdateKind takes>
  auto lambda_update(const V* values, float weight, int k) {
    const RatesOfStep rates{this, k - 1};
    return LambdaUpdate<L, RatesOfStep, takes>(values, weight, space_.lambda,
                                               differentiates_step(k) ? space_.u : nullptr, rates);
  }

  void backward_through_steps(M& bad) {
    for (int k = inner_.steps - 1; k >= 0; --k) {
      const float w = weight(k);
      if (differentiates_step(k + 1)) backward_through_step(k, w == 0.0f ? k : 0);
      if (w != 0.0f)
        bad = or_(bad,
                  not_(is_small(query_gradient(trajectory(k), space_.second,
                                               lambda_update<LambdaUpdateKind::add>(space_.second, w, k)))));
    }
  }

  /// lambda -= H u. `complete` is the k of lambda_update().
  void backward_through_step(int k, int complete) {
    add_rate_gradients(k);
    const V scale = per_task(job_.support.scale);
    const Weights<V> weights = pass_.weights(trajectory(k), 0, space_.transposed_phi),
                     u = pass_.weights(space_.u, 0, space_.transposed_u);
    auto update = lambda_update<LambdaUpdateKind::add>(space_.second, -1.0f, complete);
    for_blocks(job_.support, [&](const RowBlock<L>& block, int first) {
      const Tape<L> tape = space_.support_tape(k, first / job_.block_rows);
      if (!space_.stores_tapes) {
        pass_.forward(weights, block, tape, TapeUse::hessian);
        pass_.backward(weights, block, tape, TapeUse::hessian, scale, GradientScope::adapting, RowSums::begin,
                       nullptr);
      }
      const RowSums sums = first == 0 ? RowSums::begin : RowSums::resume;
      NoUpdate<L> no_update;
      if (first + block.rows == job_.support.rows)
        pass_.hessian_vector(weights, u, block, tape, scale, sums, space_.second, update);
      else
        pass_.hessian_vector(weights, u, block, tape, scale, sums, space_.second, no_update);
    });
  }

  /// rate gradient -= g_k o lambda_{k+1}, summed over the parameters that share a rate.
  void add_rate_gradients(int k) {
    if (inner_.rates == LearnedRate::none) return;
    const V* g = gradient(k);
    if (L::units && inner_.rates != LearnedRate::parameter) {
      add_layer_rates(k, g);
      return;
    }
    Spans::each(net_, [&](const ParameterSpan& span) {
      if (!span.adapts) return;
      for (std::size_t p = span.begin; p < span.end; ++p) {
        V& sum = space_.rate_gradient[rate_index(span.layer, k, p)];
        sum = fma(-g[p], space_.lambda[p], sum);
      }
    });
  }

  std::size_t rate_index(int layer, int k, std::size_t p) const {
    const int layers = net_.layer_count;
    switch (inner_.rates) {
      case LearnedRate::parameter:
        return p;
      case LearnedRate::layer:
        return static_cast<std::size_t>(layer);
      case LearnedRate::layer_step:  // tensors of [rate_steps], one per layer
        return static_cast<std::size_t>(layer * inner_.rate_steps +
                                        (k < inner_.rate_steps ? k : inner_.rate_steps - 1));
      case LearnedRate::none:
        break;
    }
    return static_cast<std::size_t>(layers);
  }
  /// The rates of a layer at step k.
  RateOf<L> rate_of(int layer, int k) const {
    if (inner_.rates == LearnedRate::none) return {V(inner_.learning_rate), nullptr};
    if (inner_.rates != LearnedRate::parameter) return {V(job_.rates[rate_index(layer, k, 0)]), nullptr};
    if constexpr (L::units)
      return {V(0.0f), space_.rates};
    else
      return {V(0.0f), job_.rates};
  }
  struct RatesOfStep {
    const TaskGroup* group;
    int k;
    RateOf<L> operator()(int layer) const { return group->rate_of(layer, k); }
  };
  V rate(int layer, int k, std::size_t p) const { return rate_of(layer, k)(static_cast<std::ptrdiff_t>(p)); }

  /// For lanes = units: sums over the parameters of a layer go from value to value, in the order of the flat
  /// vector.
  void add_layer_rates(int k, const V* g) {
    auto* sums = reinterpret_cast<float*>(space_.rate_gradient);
    const auto add = [&](const LayerShape& layer, int number, bool weight) {
      float& sum = sums[rate_index(number, k, 0)];
      sum = Spans::subtract_products(layer, weight, g, space_.lambda, sum);
    };
    for (int l = 0; l < net_.layer_count; ++l) {
      if (net_.layers[l].weight_adapts) add(net_.layers[l], l, true);
      if (net_.layers[l].bias_adapts) add(net_.layers[l], l, false);
    }
    if (net_.has_skip && net_.skip_adapts) add(Spans::skip_of(net_), net_.layer_count - 1, true);
  }

  void add_rates_exactly(M good) {
    if constexpr (L::units) {
      if (!L::any(good)) return;
      for (std::size_t r = 0; r < job_.rate_count; r += L::width) {
        const std::size_t left = job_.rate_count - r;
        add_values_exactly<L>(space_.rate_gradient[r / L::width],
                              left < L::width ? static_cast<int>(left) : L::width, r, 1, job_.rate_sums);
      }
    } else {
      add_lanes_exactly<L>(space_.rate_gradient, job_.rate_count, good, job_.rate_sums);
    }
  }

  /// Calls use(p) for every vector that holds values.
  template <class Use>
  void each_parameter(Use use) const {
    Spans::each(net_, [&](const ParameterSpan& span) {
      for (std::size_t p = span.begin; p < span.end; ++p) use(p);
    });
  }

  void copy(const V* from, V* to) const {
    if (from != to) each_parameter([&](std::size_t p) { to[p] = from[p]; });
  }
  void store_fast_weights(const V* phi) const {
    if (job_.fast_weights) Spans::to_flat(net_, phi, job_.fast_weights);
  }

  const GroupJob& job_;
  GroupJob* job_out_;
  const Network& net_;
  const InnerOptions& inner_;
  std::size_t size_;
  GroupWorkspace<L> space_;
  NetworkPass<L> pass_;
};

}  // namespace shoal::cpu
