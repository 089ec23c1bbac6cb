// SPDX-License-Identifier: Apache-2.0
// Everything of the public interface, nothing but includes.
#pragma once

#include <shoal/algorithm.hpp>
#include <shoal/batch_source.hpp>
#include <shoal/context.hpp>
#include <shoal/cuda_plan.hpp>
#include <shoal/dataset.hpp>
#include <shoal/device_memory_resource.hpp>
#include <shoal/device_results.hpp>
#include <shoal/error.hpp>
#include <shoal/evaluation.hpp>
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
#include <shoal/optimizer.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/responses.hpp>
#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/table_source.hpp>
#include <shoal/target_units.hpp>
#include <shoal/task_batch.hpp>
#include <shoal/task_file.hpp>
#include <shoal/task_source.hpp>
#include <shoal/task_status.hpp>
#include <shoal/tensor_file.hpp>
#include <shoal/trainer.hpp>
#include <shoal/version.hpp>
#include <shoal/volatility.hpp>
