// SPDX-License-Identifier: Apache-2.0
// The population stability index against the same sum by hand.
#include <shoal/population_stability.hpp>

#include "core/expect_error.hpp"
#include "risk/fixtures.hpp"

namespace shoal::testing {
namespace {

using Counts = std::vector<std::int64_t>;

TEST(PopulationStability, ByHand) {
  for (const Json& f : fixtures_of("stability"))
    expect_close(
        population_stability_index(f["given"]["expected"].get<Counts>(), f["given"]["actual"].get<Counts>()),
        f["expected"], 1e-12, f["name"]);
  for (const Json& f : fixtures_of("stability_of_values"))
    expect_close(population_stability_index(numbers(f["given"]["expected"]), numbers(f["given"]["actual"])),
                 f["expected"], 1e-12, f["name"]);
}

TEST(PopulationStability, RefusesNothing) {
  const std::string rows = "population_stability_index: needs at least one row on both sides";
  expect_error<InvalidArgument>([] { population_stability_index(Counts{0, 0}, Counts{1, 0}); }, rows);
  expect_error<InvalidArgument>([] { population_stability_index(Numbers{}, Numbers{1.0}); }, rows);
  expect_error<InvalidArgument>(
      [] {
        population_stability_index(Counts{1}, Counts{1, 2});
      },
      "population_stability_index: needs as many groups on both sides");
  expect_error<InvalidArgument>(
      [] {
        population_stability_index(Counts{2, -1}, Counts{1, 2});
      },
      "population_stability_index: needs numbers of rows, at least 0");
  expect_error<InvalidArgument>([] { population_stability_index(Numbers{NAN}, Numbers{1.0}); },
                                "population_stability_index: every value must be finite");
}

}  // namespace
}  // namespace shoal::testing
