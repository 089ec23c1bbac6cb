// SPDX-License-Identifier: Apache-2.0
// The log of a run folder that counts how often somebody looked at its test tasks: evaluations.jsonl, a line
// per look (docs/formats.md). Whoever looks often, and changes the model in between, has tuned it on them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <shoal/run_report.hpp>

namespace shoal {

/// Adds a line when the evaluation had tasks that were test or held-out tasks of the run, and `model` lies in
/// a run folder. A folder that cannot be written is left as it is: an evaluation needs no right to write.
void note_evaluation(const std::filesystem::path& model, const Evaluation& evaluation,
                     const std::vector<std::string>& baselines);

/// The number of looks that the log beside a model counts; 0 without a log. Nothing where the model does not
/// lie in a run folder. Throws ResourceError when the log cannot be read.
std::optional<std::int64_t> counted_evaluations(const std::filesystem::path& model);

}  // namespace shoal
