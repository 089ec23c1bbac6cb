// SPDX-License-Identifier: Apache-2.0
// The data of a fold's run, and whether it can be trained on: looked at before the first fold is trained.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <shoal/notice.hpp>

#include "backtest/folds.hpp"
#include "run/opened_data.hpp"

namespace shoal {

/// Opens the data of a fold. `config`: that of its run, or of its baselines. Throws what open_source throws,
/// but names the key of [backtest] where the fold has nothing to train on.
OpenedData open_fold(const Fold& fold, const RunConfig& config);

/// Looks at the data of every fold as its run will have it. Throws InvalidArgument for a fold without
/// validation tasks where the run or one of the `baselines` needs some, and DataError for one that knows
/// other classes than `labels`; warns of one without validation tasks where [backtest] or the split asks for
/// them. Keeps the warnings of the folds' data in them: their trainings need not repeat these.
void require_trainable(std::vector<Fold>& folds, std::span<const std::string> baselines,
                       const std::vector<std::string>& labels, const Notify& notify);

}  // namespace shoal
