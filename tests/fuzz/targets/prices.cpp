// SPDX-License-Identifier: Apache-2.0
// Daily prices in both forms, and their features.
#include <shoal/volatility.hpp>

#include "fuzz/fuzz_input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  fuzz::allow({fuzz::data}, [&] {
    const auto prices = parse_prices({reinterpret_cast<const char*>(data), size}, "prices.csv");
    fuzz::require(!prices.empty(), "prices of no asset");
    volatility_csv(volatility_series(prices, NextDay::added));
  });
  return 0;
}
