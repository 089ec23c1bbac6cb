// SPDX-License-Identifier: Apache-2.0
#include <shoal/dataset.hpp>

#include <array>
#include <system_error>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>
#include <shoal/volatility.hpp>

#include "core/float_environment.hpp"
#include "finance/scratch_folder.hpp"
#include "finance/table_text.hpp"
#include "finance/wheel.hpp"

namespace shoal {
namespace {

constexpr std::array<DatasetInfo, 1> catalogue = {{{
    .name = "sp500",
    .title = "daily adjusted closes of 20 large US stocks, 1990-01-02 to 2022-12-28",
    .package = "skfolio",
    .version = "1.12.2",
    .licence = "BSD-3-Clause",
    .terms = "the licence covers the package; the prices are a vendor's, given by skfolio for tests and "
             "examples only",
    .package_file = "skfolio-1.12.2-py3-none-any.whl",
    .package_bytes = 1465874,
    .package_sha256 = "2d324c62a4188dc0b62a713f8d5cea177e208a5b45987e3d3f204dd56d3a669b",
    .member = "skfolio/datasets/data/sp500_dataset.csv.gz",
    .member_bytes = 426065,
    .member_sha256 = "ee21cac28befb1d0a739a9ceb22184f995394726aa0cfde9a21941d1ac04ac0d",
    .content_sha256 = "5f769c6d7be57f62a4dfd1f553995855462a17c92b21a4af4245439c6115617f",
    .features = "har",
}}};

// Adjusted prices of the first years are so coarse that many returns are zero. They are used only to warm up
// the features.
constexpr std::string_view first_feature_date = "1995-01-01";

const DatasetInfo& info_of(std::string_view name) {
  std::string known;
  for (const DatasetInfo& info : catalogue) {
    if (info.name == name) return info;
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  throw InvalidArgument("there is no data set \"" + std::string(name) + "\"; known: " + known);
}

std::string card_text(const DatasetInfo& info, const DatasetFiles& files, const std::string& features) {
  const auto line = [](std::string_view what, const std::string& value) {
    return "- " + std::string(what) + ": " + value + "\n";
  };
  return "# " + files.table.filename().string() + "\n\n" + std::string(info.title) + ".\n\n" +
         line("package", std::string(info.package) + " " + std::string(info.version) + " (PyPI)") +
         line("licence of the package", std::string(info.licence)) + line("terms", std::string(info.terms)) +
         line("wheel", std::string(info.package_file)) +
         line("SHA-256 of the wheel", std::string(info.package_sha256)) +
         line("file inside", std::string(info.member)) +
         line("SHA-256 of its content", std::string(info.content_sha256)) +
         line("columns",
              features.empty()
                  ? "date, asset, close, log_return (percent)"
                  : "date, asset, and the features that include/shoal/volatility.hpp defines, from " +
                        std::string(first_feature_date)) +
         line("rows", std::to_string(files.rows)) + line("SHA-256 of the table", files.sha256) +
         "\nThe stocks are survivors: those still large at the end. Tail risk is understated.\n";
}

}  // namespace

std::span<const DatasetInfo> datasets() {
  return catalogue;
}

DatasetFiles get_dataset(std::string_view name, const DatasetOptions& options) {
  const FloatEnvironment environment;
  const DatasetInfo& info = info_of(name);
  if (!options.features.empty() && options.features != "har")
    throw InvalidArgument("data set \"" + std::string(name) + "\" has no features \"" + options.features +
                          "\"; known: " + std::string(info.features));
  const finance::ScratchFolder scratch;
  const std::filesystem::path wheel =
      options.wheel.empty() ? finance::download_wheel(info, options.python, scratch.path()) : options.wheel;
  const std::string csv = finance::unpack_member(info, wheel, options.python, scratch.path());
  const PricePanel prices = parse_price_panel(csv, std::string(info.member));
  const finance::TableText table =
      options.features.empty() ? finance::price_table(prices)
                               : finance::volatility_table(volatility_features(prices, first_feature_date));

  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error) throw ResourceError(options.folder.string() + ": cannot be created: " + error.message());
  DatasetFiles files;
  const std::string stem = std::string(name) + (options.features.empty() ? "" : "-" + options.features);
  files.table = options.folder / (stem + ".csv");
  files.card = options.folder / (stem + ".md");
  files.sha256 = sha256(table.csv);
  files.rows = table.rows;
  write_file(files.table, table.csv);
  write_file(files.card, card_text(info, files, options.features));
  return files;
}

}  // namespace shoal
