// SPDX-License-Identifier: Apache-2.0
// Includes the whole public interface.
//
// Example:
//
//   const shoal::Context context;
//   shoal::MetaLearner learner(context, {.model = {.inputs = 1, .hidden = {40, 40}, .outputs = 1}});
//   const auto tasks = shoal::make_sinusoid({.seed = 7, .support = 10, .query = 10});
//   shoal::train(learner, *tasks, {.iterations = 2000, .tasks_per_batch = 25});
#pragma once

#include <shoal/adapted_models.hpp>
#include <shoal/algorithm.hpp>
#include <shoal/batch_source.hpp>
#include <shoal/config.hpp>
#include <shoal/context.hpp>
#include <shoal/cuda_plan.hpp>
#include <shoal/data_report.hpp>
#include <shoal/dataset.hpp>
#include <shoal/device_memory_resource.hpp>
#include <shoal/device_results.hpp>
#include <shoal/error.hpp>
#include <shoal/evaluation.hpp>
#include <shoal/failed_tasks.hpp>
#include <shoal/gradient_file.hpp>
#include <shoal/input_file.hpp>
#include <shoal/left_out.hpp>
#include <shoal/loss.hpp>
#include <shoal/machine.hpp>
#include <shoal/memory_store.hpp>
#include <shoal/memory_table.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/model.hpp>
#include <shoal/model_selection.hpp>
#include <shoal/nearest_name.hpp>
#include <shoal/notice.hpp>
#include <shoal/open_tasks.hpp>
#include <shoal/optimizer.hpp>
#include <shoal/output_file.hpp>
#include <shoal/predictions.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/responses.hpp>
#include <shoal/run.hpp>
#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/run_report.hpp>
#include <shoal/table_source.hpp>
#include <shoal/target_units.hpp>
#include <shoal/task_batch.hpp>
#include <shoal/task_file.hpp>
#include <shoal/task_source.hpp>
#include <shoal/task_status.hpp>
#include <shoal/tensor_file.hpp>
#include <shoal/train_run.hpp>
#include <shoal/trainer.hpp>
#include <shoal/version.hpp>
#include <shoal/volatility.hpp>
