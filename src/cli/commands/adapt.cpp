// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>

#include "cli/adapted_models.hpp"
#include "cli/session.hpp"

namespace shoal::cli {

int run_adapt(const CommandOptions& options) {
  require_parent_folder(options.out);
  const TrainedModel model = open_trained(options);
  const OpenedData data = open_data(options.data, model, QueryTargets::optional);
  const Context context = make_context(model.config);
  const int steps =
      options.steps.empty() ? inner_loop_of(model.config.algorithm).steps : options.steps.front();
  return in_precision(context, [&]<class Real>(Real) {
    const auto learner = open_learner<Real>(context, model, *data.source);
    const auto tasks = evaluation_tasks<Real>(*data.source, Phase::test, model.config.evaluate.tasks);
    const auto fast = learner.adapt(tasks, steps);
    ModelMetadata metadata = model.metadata;
    metadata["adaptation_steps"] = std::to_string(steps);
    write_adapted(options.out, learner.layout(), fast, tasks.ids(), metadata);
    const auto good = std::count(fast.status.begin(), fast.status.end(), TaskStatus::good);
    if (options.common.json) {
      const nlohmann::ordered_json result = {
          {"out", options.out}, {"steps", steps}, {"tasks", tasks.size()}, {"good", good}};
      std::printf("%s\n", result.dump().c_str());
    } else if (!options.common.quiet) {
      std::printf("%s: %lld of %lld tasks adapted in %d steps\n", options.out.c_str(),
                  static_cast<long long>(good), static_cast<long long>(tasks.size()), steps);
    }
    return good == 0 ? 5 : 0;
  });
}

}  // namespace shoal::cli
