// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "cli/adapted_models.hpp"
#include "cli/failed_tasks.hpp"
#include "cli/idle_overrides.hpp"
#include "cli/opened_data.hpp"
#include "cli/print_json.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {

int run_adapt(const CommandOptions& options) {
  require_parent_folder(options.out);
  const TrainedModel model = open_trained(options);
  require_other_file(options.out, {options.data, model.file.native(), options.common.config});
  check_overrides(options, model, {.command = Command::adapt});
  const OpenedData data = open_data(options, model, TargetsNeeded::in_support, Phases::all_test);
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
    std::vector<FailedTask> failures;
    for (std::size_t t = 0; t < fast.status.size(); ++t)
      if (fast.status[t] != TaskStatus::good)
        failures.push_back({tasks.ids()[t], fast.status[t], fast.failed_step[t]});
    name_failures(failures, *data.source);
    const std::int64_t good = tasks.size() - std::ssize(failures);
    const std::int64_t unadapted = without_support(tasks);
    if (options.common.json) {
      auto list = nlohmann::ordered_json::array();
      for (const std::int64_t id : tasks.ids())
        list.push_back({{"id", id}, {"key", data.key_of(id)}, {"phase", data.run.phase_of(id)}});
      print_json({{"out", options.out},
                  {"backend", context.backend_name()},
                  {"steps", steps},
                  {"tasks", tasks.size()},
                  {"good", good},
                  {"failures", json_failures(failures)},
                  {"without_support", unadapted},
                  {"left_out", left_out_json(data)},
                  {"adapted", list}});
    } else if (!options.common.quiet) {
      std::fprintf(stderr, "%s: %lld of %lld tasks adapted in %d steps\n", printable(options.out).c_str(),
                   static_cast<long long>(good), static_cast<long long>(tasks.size()), steps);
      if (!failures.empty())
        std::fprintf(stderr, "%s\n", failure_text(std::ssize(failures), tasks.size(), failures).c_str());
      if (unadapted > 0)
        std::fprintf(stderr, "%lld tasks have no support rows: theirs is the model as it was trained\n",
                     static_cast<long long>(unadapted));
    }
    if (good == 0) throw NumericError(failure_text(std::ssize(failures), tasks.size(), failures));
    return 0;
  });
}

}  // namespace shoal::cli
