// SPDX-License-Identifier: Apache-2.0
#include <shoal/error.hpp>
#include <shoal/run_config.hpp>
#include <shoal/task_file.hpp>

#include "core/name_table.hpp"

namespace shoal {
namespace {

constexpr std::pair<TaskSourceKind, std::string_view> source_names[] = {
    {TaskSourceKind::sinusoid, "sinusoid"},
    {TaskSourceKind::xsinx, "xsinx"},
    {TaskSourceKind::xsinx_window, "xsinx-window"},
    {TaskSourceKind::market_regimes, "market-regimes"},
    {TaskSourceKind::credit_segments, "credit-segments"},
    {TaskSourceKind::table, "table"},
    {TaskSourceKind::file, "file"}};

}  // namespace

std::string_view to_string(TaskSourceKind kind) {
  return name_in<TaskSourceKind>(source_names, kind);
}
TaskSourceKind task_source_from_string(std::string_view name) {
  return value_in<TaskSourceKind>(source_names, "source", name);
}

TargetType targets_of(const Loss& loss) {
  if (loss.kind == LossKind::softmax) return TargetType::label;
  return {.words = loss.kind == LossKind::bce,
          .scaling = !has_target_units(loss.kind)          ? TargetScaling::none
                     : loss.kind == LossKind::gaussian_nll ? TargetScaling::own
                                                           : TargetScaling::shared,
          .domain = loss.domain()};
}

void require_classes_to_stratify(const TableOptions& options, const Loss& loss) {
  if (options.stratify && loss.kind != LossKind::bce && loss.kind != LossKind::softmax)
    throw InvalidArgument("tasks.stratify: loss " + std::string(to_string(loss.kind)) +
                          " has no classes; it goes with bce and softmax");
}

std::unique_ptr<TaskSource> make_task_source(const RunConfig& config) {
  const TasksConfig& tasks = config.tasks;
  const GeneratorOptions generator{.seed = config.seed,
                                   .support = tasks.support,
                                   .query = tasks.query,
                                   .noise = tasks.noise,
                                   .query_grid = config.evaluate.query_grid};
  switch (tasks.source) {
    case TaskSourceKind::sinusoid:
      return make_sinusoid(generator);
    case TaskSourceKind::xsinx:
      return make_xsinx(generator, tasks.law, tasks.low, tasks.high);
    case TaskSourceKind::xsinx_window:
      return make_xsinx_window(generator);
    case TaskSourceKind::market_regimes:
      return make_market_regimes(generator);
    case TaskSourceKind::credit_segments:
      return make_credit_segments(generator, tasks.spread);
    case TaskSourceKind::file:
      if (tasks.table.path.empty()) throw InvalidArgument("tasks: source \"file\" needs a path");
      return make_file_source(tasks.table.path, config.seed,
                              {.loss = config.loss, .sampling = config.train.sampling});
    case TaskSourceKind::table:
      break;
  }
  require_classes_to_stratify(tasks.table, config.loss);
  return make_table_source(tasks.table, targets_of(config.loss), config.seed, config.train.sampling);
}

ModelSpec model_for(const RunConfig& config, const TaskSource& source) {
  const TaskColumns columns = source.columns();
  ModelSpec model{.inputs = columns.inputs,
                  .hidden = config.model.hidden,
                  .outputs = config.loss.outputs_for(columns.targets),
                  .activation = config.model.activation,
                  .skip = config.model.skip};
  if (config.loss.kind == LossKind::softmax) {
    if (columns.targets != 0)
      throw DataError("loss softmax needs class labels, the tasks have numeric targets");
    model.outputs = config.model.outputs > 0 ? config.model.outputs : source.classes();
    source.require_labels_below(model.outputs);
  } else if (columns.targets == 0) {
    throw DataError("loss " + std::string(to_string(config.loss.kind)) +
                    " needs numeric targets, the tasks have class labels");
  } else if (config.model.outputs > 0 && config.model.outputs != model.outputs) {
    throw InvalidArgument("model.outputs = " + std::to_string(config.model.outputs) +
                          ", but loss and targets need " + std::to_string(model.outputs));
  }
  return model;
}

}  // namespace shoal
