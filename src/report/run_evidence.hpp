// SPDX-License-Identifier: Apache-2.0
// The evidence of a run: its model and every baseline, evaluated on its own test tasks.
#pragma once

#include <filesystem>

#include "report/evidence.hpp"
#include "run/opened_run.hpp"

namespace shoal::report {

/// `path`: a run folder or a model file. Throws what Run::open and Run::evaluate throw.
Evidence evidence_of_run(const std::filesystem::path& path, const RunOptions& options);

/// What a run says of its data, its gate and its stability, without its models: for a fold of a backtest.
void add_data_evidence(const OpenedRun& run, Phase phase, Evidence& evidence);
/// Adds the stability of the score: that of the meta-train query rows against those of `phase`, after `steps`
/// adaptation steps.
void add_score_stability(const OpenedRun& run, Phase phase, int steps, StabilityFacts& stability);

}  // namespace shoal::report
