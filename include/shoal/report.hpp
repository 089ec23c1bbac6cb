// SPDX-License-Identifier: Apache-2.0
// Report: one page about a run or a backtest, for those who decide whether its model is used: what wins, by
// how much, on which data, and when not to use it.
//
// Example:
//
//   const shoal::Report report = shoal::write_report("runs/clients", "clients.html");
//   std::printf("%s\n", report.verdict.c_str());
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <shoal/run.hpp>

namespace shoal {

struct Report {
  std::string verdict;                ///< a sentence: what wins, and by how much
  std::vector<std::string> sections;  ///< ids of the sections, in order
  /// One page with its style and its charts, UTF-8: it needs no other file, no script and no network, and is
  /// below 2 MB whatever the size of the data.
  std::string html;
  std::string json;  ///< an object per section with the page's values (docs/formats.md)
};

/// Makes a report of `source`: a run folder, a model file, or the folder of a backtest. A run is evaluated on
/// its own test tasks beside every baseline that is defined for it; of a backtest, its files are read. The
/// same source gives the same bytes, for any number of threads. `options` are those of Run::open; a
/// backtest's runs are opened with them. Throws ModelError when `source` is neither, and what Run::evaluate
/// throws; DataError for files of a backtest that are damaged. Tasks that fail are reported, never thrown.
Report make_report(const std::filesystem::path& source, const RunOptions& options = {});

/// Makes it and writes the page to `file` and the JSON beside it (report_json_file), each crash-safely.
/// Throws, before it computes anything, InvalidArgument when either would replace a file that the report
/// reads, or when `file` does not end in .html (or .htm) or is there and no regular file, and ResourceError
/// when one is a folder or there is no such folder.
Report write_report(const std::filesystem::path& source, const std::filesystem::path& file,
                    const RunOptions& options = {});

/// The name of the JSON: that of the page with the ending .json.
std::filesystem::path report_json_file(const std::filesystem::path& page);

}  // namespace shoal
