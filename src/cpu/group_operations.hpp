// SPDX-License-Identifier: Apache-2.0
// The table of operations (group_job.hpp) of one instruction set, for each layout of its lanes.
#pragma once

#include "cpu/interleave.hpp"
#include "cpu/task_group.hpp"

namespace shoal::cpu {

template <class L>
struct KernelsOf {
  static std::size_t workspace_floats(const GroupJob& job) {
    return TaskGroup<L>::workspace_vectors(job) * L::width;
  }
  static void meta_gradient(GroupJob& job) { TaskGroup<L>(job).meta_gradient(); }
  static void adapt(GroupJob& job) { TaskGroup<L>(job).adapt(); }
  static void evaluate(GroupJob& job, const EvaluationPoints& points) { TaskGroup<L>(job).evaluate(points); }
  static void predict(GroupJob& job, const float* phi, float* outputs) {
    TaskGroup<L>(job).predict(phi, outputs);
  }
  static constexpr GroupKernels table = {L::units ? LaneLayout::units : LaneLayout::tasks,
                                         L::width,
                                         L::tasks,
                                         workspace_floats,
                                         meta_gradient,
                                         adapt,
                                         evaluate,
                                         predict,
                                         L::units ? nullptr : Interleave<L>::run};
};

template <class Isa>
const GroupKernels& kernels_of(LaneLayout layout) {
  return layout == LaneLayout::units ? KernelsOf<LanesAreUnits<Isa>>::table
                                     : KernelsOf<LanesAreTasks<Isa>>::table;
}

}  // namespace shoal::cpu
