// SPDX-License-Identifier: Apache-2.0
// NetworkPlan: a Problem in the plain data that the code of an instruction set takes, and the sizes of its
// blocks.
#pragma once

#include <vector>

#include "core/backend.hpp"
#include "cpu/group_job.hpp"

namespace shoal::cpu {

class NetworkPlan {
 public:
  NetworkPlan(const Problem& problem, const TaskColumns& columns);
  NetworkPlan(const NetworkPlan&) = delete;
  NetworkPlan& operator=(const NetworkPlan&) = delete;

  const Network& network() const { return network_; }

  /// A job of this problem: everything but parameters, rows and results.
  GroupJob job() const;
  /// Rows per block and tape policy for a group with that many rows, by the sizes of caches. Never changes a
  /// bit.
  void size_blocks(GroupJob& job, int width) const;

 private:
  std::vector<LayerShape> layers_;
  std::vector<float> quantiles_, step_weights_;
  Network network_;
  LossOptions loss_;
  InnerOptions inner_;
};

}  // namespace shoal::cpu
