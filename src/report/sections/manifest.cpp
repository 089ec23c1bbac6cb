// SPDX-License-Identifier: Apache-2.0
#include <shoal/quoted_text.hpp>

#include "report/page_text.hpp"
#include "report/sections.hpp"

namespace shoal::report {
namespace {

constexpr std::size_t longest_config = 65536;  // bytes

}  // namespace

Section manifest_section(const Evidence& evidence) {
  Section section{"manifest", "Manifest"};
  section.say("Made by Shoal " +
              (evidence.version.empty() ? std::string("of an unknown version") : evidence.version) +
              " with seed " + std::to_string(evidence.config.seed) + ".");
  if (evidence.is_backtest)
    section.say(
        "A backtest forecasts each row once, so its figures are the first look at them; a choice that is "
        "made "
        "after reading this page is not covered by them.");
  else if (evidence.evaluations)
    section.say(
        "Test tasks were looked at " + counted(*evidence.evaluations, "time", "times") +
        " by evaluate since the training, which looked at them once itself; this report is not counted. A "
        "model that was changed between looks is tuned on its test tasks.");
  else
    section.say(
        "The model does not lie in a run folder, so nobody has counted how often its test tasks were looked "
        "at.");
  Table table{"hashes", "SHA-256", {{"file", "file"}, {"sha256", "SHA-256"}}, {}};
  for (const auto& [file, hash] : evidence.hashes)
    table.rows.push_back({name_text(file), printable(hash, 64)});
  for (const auto& [file, hash] : evidence.changed)
    table.rows.push_back({name_text(file) + " (now)", printable(hash, 64)});
  cut_rows(table, 200);
  section.blocks.emplace_back(std::move(table));
  std::string config = evidence.config_text;
  if (config.size() > longest_config) {  // at the end of a line
    const std::size_t end = config.rfind('\n', longest_config);
    config.resize(end == std::string::npos ? 0 : end);
    config += "\n...";
  }
  section.blocks.emplace_back(Listing{"config", "Configuration", std::move(config)});
  return section;
}

}  // namespace shoal::report
