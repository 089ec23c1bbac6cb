// SPDX-License-Identifier: Apache-2.0
#include <shoal/report.hpp>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "report/backtest_evidence.hpp"
#include "report/page_html.hpp"
#include "report/page_json.hpp"
#include "report/run_evidence.hpp"
#include "report/sections.hpp"
#include "run/not_read.hpp"

namespace shoal {
namespace {

/// What the report of a source reads, as far as it is known before.
std::vector<std::string> inputs_of(const std::filesystem::path& source, const RunOptions& options) {
  std::vector<std::string> inputs = {options.config.string()};
  if (report::is_backtest(source)) {
    for (const std::filesystem::path& file : report::files_of_backtest(source))
      inputs.push_back(file.string());
    return inputs;
  }
  RunOptions quiet = options;
  quiet.notify = {};
  const TrainedModel model = open_trained(source, quiet);
  inputs.push_back(model.file.string());
  const std::string& table = model.config.tasks.table.path;
  for (const std::string& file : table.empty() ? std::vector<std::string>{} : table_files(table))
    if (std::filesystem::exists(file)) inputs.push_back(file);
  for (const char* name : {"run.json", "metrics.jsonl", "train.log", "evaluations.jsonl"})
    inputs.push_back((model.file.parent_path() / name).string());
  return inputs;
}

void require_writable(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (!std::filesystem::is_directory(folder))
    throw ResourceError(file.string() + ": there is no folder " + folder.string());
  if (std::filesystem::is_directory(file)) throw ResourceError(file.string() + ": is a folder");
}

/// A stream has no place beside it for the JSON, and another ending is most likely a mistake.
void require_page_name(const std::filesystem::path& file) {
  const std::filesystem::path ending = file.extension();
  const bool replaces = std::filesystem::exists(file);
  if ((ending != ".html" && ending != ".htm") || (replaces && !std::filesystem::is_regular_file(file)))
    throw InvalidArgument(file.string() +
                          ": the page is a regular file whose name ends in .html; its JSON is written beside "
                          "it, with the ending .json");
}

}  // namespace

std::filesystem::path report_json_file(const std::filesystem::path& page) {
  std::filesystem::path json = page;
  return json.replace_extension(".json");
}

Report make_report(const std::filesystem::path& source, const RunOptions& options) {
  const report::Evidence evidence = report::is_backtest(source)
                                        ? report::evidence_of_backtest(source, options)
                                        : report::evidence_of_run(source, options);
  const report::Page page = report::page_of(evidence);
  Report made;
  made.verdict = report::verdict_of(evidence);
  for (const report::Section& section : page.sections) made.sections.push_back(section.id);
  made.html = report::html_of(page);
  made.json = report::json_of(page);
  return made;
}

Report write_report(const std::filesystem::path& source, const std::filesystem::path& file,
                    const RunOptions& options) {
  const std::filesystem::path json = report_json_file(file);
  if (json == file)
    throw InvalidArgument(file.string() + ": the page has another ending; the JSON beside it has this one");
  for (const std::filesystem::path& out : {file, json}) require_writable(out);
  const std::vector<std::string> inputs = inputs_of(source, options);
  for (const std::filesystem::path& out : {file, json})
    for (const std::string& input : inputs)
      if (std::filesystem::exists(input)) require_not_read(out, {input});
  require_page_name(file);
  Report made = make_report(source, options);
  write_file(json, made.json);
  write_file(file, made.html);
  return made;
}

}  // namespace shoal
