// SPDX-License-Identifier: Apache-2.0
// Parameters in a file of tensors: they are read as they were written, and every tensor that does not fit is
// named.
#include <gtest/gtest.h>

#include <shoal/error.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/tensor_file.hpp>

#include "io/numbered_parameters.hpp"
#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::layout;
using testing::numbered;
using testing::rates;
using testing::Scratch;

TEST(Parameters, RoundTripAndChangePrecision) {
  const Scratch folder;
  write_parameters<double>(folder / "p", layout, rates, numbered<double>(), {{"version", "1"}});
  const auto wide = read_parameters<double>(folder / "p", layout, rates, MissingRates::error, 0.0);
  EXPECT_EQ(wide.parameters.theta, numbered<double>().theta);
  EXPECT_EQ(wide.parameters.rates, numbered<double>().rates);
  EXPECT_EQ(wide.metadata.at("version"), "1");
  const auto narrow = read_parameters<float>(folder / "p", layout, rates, MissingRates::error, 0.0);
  for (std::size_t p = 0; p < layout.size(); ++p)
    EXPECT_EQ(narrow.parameters.theta[p], static_cast<float>(numbered<double>().theta[p]));
  EXPECT_EQ(outputs_in(folder / "p"), 1);
}

TEST(Parameters, MissingUnknownAndMisshapenTensorsAreNamed) {
  const Scratch folder;
  write_parameters<float>(folder / "p", layout, rates, numbered<float>(), {});
  TensorFile good = read_tensor_file(folder / "p");
  good.metadata.clear();  // without metadata there is no hash of the old content
  const auto refused = [&](const std::string& named, auto change) {
    TensorFile content = good;
    change(content);
    write_tensor_file(folder / "q", content);
    try {
      read_parameters<float>(folder / "q", layout, rates, MissingRates::error, 0.0);
      ADD_FAILURE() << named;
    } catch (const ModelError& error) {
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
    }
  };
  for (const auto& [name, tensor] : good.tensors) {
    refused(name, [&](TensorFile& c) { c.tensors.erase(name); });
    refused(name, [&](TensorFile& c) { c.tensors[name].shape.push_back(1); });
    refused(name, [&](TensorFile& c) { c.tensors[name].dtype = DType::i32; });
  }
  const float zero = 0.0f;
  refused("layers.7.weight", [&](TensorFile& c) { c.tensors["layers.7.weight"] = Tensor::of({}, &zero); });
}

TEST(Parameters, LearnedRatesMayStartAtTheInnerRate) {
  const Scratch folder;
  const RateLayout none(layout, LearnedRate::none, 2);
  write_parameters<float>(folder / "p", layout, none, {numbered<float>().theta, {}}, {});
  EXPECT_THROW(read_parameters<float>(folder / "p", layout, rates, MissingRates::error, 0.25), ModelError);
  const auto model = read_parameters<float>(folder / "p", layout, rates, MissingRates::start, 0.25);
  EXPECT_EQ(model.parameters.rates, std::vector<float>(rates.size(), 0.25f));
}

}  // namespace
}  // namespace shoal
