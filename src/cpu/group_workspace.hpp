// SPDX-License-Identifier: Apache-2.0
// The layout of the memory in which a group of tasks (task_group.hpp) works: the trajectory of the
// parameters, gradients, tapes, and for the backward pass lambda and the vectors that it is computed from.
#pragma once

#include "cpu/network_pass.hpp"

namespace shoal::cpu {

template <class L>
class GroupWorkspace {
 public:
  using V = typename L::V;

  /// Lays out the memory at `base`; if it is null, only counts the vectors needed.
  GroupWorkspace(const GroupJob& job, V* base)
      : net_(*job.network), block_rows_(job.block_rows), size_(net_.parameters), base_(base) {
    const InnerOptions& inner = *job.inner;
    pass_scratch = allocate(NetworkPass<L>::scratch_vectors(net_, *job.loss, block_rows_));
    const auto steps = static_cast<std::size_t>(inner.steps);
    const bool backward = job.sums[0] != nullptr;
    trajectory_count_ = backward ? steps + 1 : 2;
    trajectory_ = allocate(trajectory_count_ * size_);
    stores_gradients = backward && inner.rates != LearnedRate::none;
    gradient_count_ = stores_gradients ? steps : 1;
    gradients_ = allocate(gradient_count_ * size_);
    transposed_phi = allocate(NetworkPass<L>::transposed_vectors(net_));
    if (L::units) theta = backward ? trajectory_ : allocate(size_);
    if (L::units && inner.rates == LearnedRate::parameter) rates = allocate(size_);
    block_tape_ = Tape<L>::vectors(net_, block_rows_);
    query_tape_ = allocate(block_tape_);
    blocks_ = (job.support.rows + block_rows_ - 1) / block_rows_;
    stores_tapes = backward && inner.outer == OuterRule::exact && job.tape == TapePolicy::store;
    support_tape_ =
        stores_tapes ? allocate(steps * static_cast<std::size_t>(blocks_) * block_tape_) : query_tape_;
    // Size of the sums of rate gradients: with lanes = units [P] in the layout of the parameters, or one
    // float per rate.
    if (!L::units)
      rate_vectors = job.rate_count;
    else
      rate_vectors =
          inner.rates == LearnedRate::parameter ? size_ : (job.rate_count + L::width - 1) / L::width;
    if (!backward) return;
    lambda = allocate(size_);
    u = allocate(size_);
    second = allocate(size_);
    transposed_u = allocate(NetworkPass<L>::transposed_vectors(net_));
    rate_gradient = allocate(rate_vectors);
  }

  std::size_t vectors() const { return used_; }
  V* trajectory(int k) const { return trajectory_ + static_cast<std::size_t>(k) % trajectory_count_ * size_; }
  V* gradient(int k) const { return gradients_ + static_cast<std::size_t>(k) % gradient_count_ * size_; }
  Tape<L> scratch_tape() const { return {net_, block_rows_, query_tape_}; }
  /// The tape of a block of the support set at step k: one of its own if tapes are stored.
  Tape<L> support_tape(int k, int block) const {
    const auto index =
        static_cast<std::size_t>(k) * static_cast<std::size_t>(blocks_) + static_cast<std::size_t>(block);
    return {net_, block_rows_, stores_tapes ? support_tape_ + index * block_tape_ : support_tape_};
  }

  bool stores_tapes = false, stores_gradients = false;
  std::size_t rate_vectors = 0;
  V* pass_scratch = nullptr;
  V *theta = nullptr, *rates = nullptr, *transposed_phi = nullptr,
    *transposed_u = nullptr;                                                       ///< lanes = units
  V *lambda = nullptr, *u = nullptr, *second = nullptr, *rate_gradient = nullptr;  ///< for the backward pass

 private:
  V* allocate(std::size_t vectors) {
    V* at = base_ ? base_ + used_ : nullptr;
    used_ += vectors;
    return at;
  }

  const Network& net_;
  int block_rows_;
  std::size_t size_;
  V* base_;
  std::size_t used_ = 0;
  std::size_t trajectory_count_ = 0, gradient_count_ = 0, block_tape_ = 0;
  int blocks_ = 0;
  V *trajectory_ = nullptr, *gradients_ = nullptr, *query_tape_ = nullptr, *support_tape_ = nullptr;
};

}  // namespace shoal::cpu
