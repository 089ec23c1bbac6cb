// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include <shoal/error.hpp>

#include "cli/adapted_models.hpp"
#include "cli/opened_data.hpp"
#include "cli/print_json.hpp"

namespace shoal::cli {

int run_adapt(const CommandOptions& options) {
  require_parent_folder(options.out);
  const TrainedModel model = open_trained(options);
  require_other_file(options.out, {options.data, model.file.native(), options.common.config});
  const OpenedData data = open_data(options, model, TargetsNeeded::in_support);
  report_left_out(data, options.common);
  const Context context = make_context(model.config);
  const int steps = adaptation_steps(options, model);
  return in_precision(context, [&]<class Real>(Real) {
    const auto learner = naming_file(data, [&] { return open_learner<Real>(context, model, *data.source); });
    const auto tasks = evaluation_tasks<Real>(*data.source, Phase::test, model.config.evaluate.tasks);
    const auto fast = naming_file(data, [&] { return learner.adapt(tasks, steps); });
    ModelMetadata metadata = model.metadata;
    metadata["adaptation_steps"] = std::to_string(steps);
    write_adapted(options.out, learner.layout(), fast, tasks.ids(), metadata);
    const auto good = std::count(fast.status.begin(), fast.status.end(), TaskStatus::good);
    const std::int64_t unadapted = without_support(tasks);
    if (options.common.json) {
      print_json({{"out", options.out},
                  {"backend", context.backend_name()},
                  {"steps", steps},
                  {"tasks", tasks.size()},
                  {"good", good},
                  {"without_support", unadapted},
                  {"left_out", left_out_json(data)}});
    } else if (!options.common.quiet) {
      std::fprintf(stderr, "%s: %lld of %lld tasks adapted in %d steps\n", options.out.c_str(),
                   static_cast<long long>(good), static_cast<long long>(tasks.size()), steps);
      if (unadapted > 0)
        std::fprintf(stderr, "%lld tasks have no support rows: theirs is the model as it was trained\n",
                     static_cast<long long>(unadapted));
    }
    return good == 0 ? 5 : 0;
  });
}

}  // namespace shoal::cli
