// SPDX-License-Identifier: Apache-2.0
// What the commands share: a context, the precision that belongs to it, options of a learner.
#pragma once

#include <filesystem>
#include <string>

#include <shoal/context.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/run_config.hpp>
#include <shoal/task_source.hpp>

#include "cli/options.hpp"

namespace shoal::cli {

Context make_context(const RunConfig& config);

/// run(Real{}) with double on the reference backend, float on the others.
template <class Run>
int in_precision(const Context& context, Run run) {
  return context.backend_name() == "reference" ? run(double{}) : run(float{});
}

template <class Real>
BasicTaskBatch<Real> evaluation_tasks(const TaskSource& source, Phase phase, std::int64_t tasks) {
  if constexpr (std::is_same_v<Real, double>)
    return source.evaluation64(phase, tasks);
  else
    return source.evaluation(phase, tasks);
}

/// `source`: whose targets the learner computes with.
template <class Real>
typename BasicMetaLearner<Real>::Options learner_options(const RunConfig& config, const ModelSpec& model,
                                                         const TaskSource& source) {
  return {.model = model,
          .loss = scaled_loss(config.loss, source.target_units()),
          .algorithm = config.algorithm,
          .optimizer = config.train.optimizer,
          .init = config.model.init,
          .seed = config.seed,
          .chunk = config.train.chunk};
}

/// How many tasks have nothing to adapt on.
template <class Real>
std::int64_t without_support(const BasicTaskBatch<Real>& tasks) {
  std::int64_t count = 0;
  for (std::int64_t t = 0; t < tasks.size(); ++t) count += tasks.support().rows(t) == 0 ? 1 : 0;
  return count;
}

/// --phase. Throws InvalidArgument, which names the phases and `others`, what the command takes besides them.
Phase phase_from_string(const std::string& name, const char* others = "");
/// Refuses an --out that lies in no folder, before anything is computed.
void require_parent_folder(const std::filesystem::path& file);
/// Refuses an --out that is a file which the command reads; empty names are none.
void require_other_file(const std::filesystem::path& out, std::initializer_list<std::string_view> inputs);
std::string version();

}  // namespace shoal::cli
