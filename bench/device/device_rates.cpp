// SPDX-License-Identifier: Apache-2.0
// shoal-device-rates: the rates of a GPU on which the design of the fixed kernels (kernels/fixed) rests, and
// which no data sheet has. A JSON line per result.
//
// usage: shoal-device-rates [--brief]
// --brief: as little work as possible, for an emulated device. Exit codes: 0 done, 2 usage, 5 the
// reciprocal differs from the quotient, 6 no device or a call failed.
#include <cstdio>
#include <exception>
#include <string_view>

#include "device_call.hpp"
#include "measurements.hpp"

namespace shoal::bench {
namespace {

int attribute(cudaDeviceAttr attribute) {
  int value = 0;
  require(cudaDeviceGetAttribute(&value, attribute, 0), "cudaDeviceGetAttribute");
  return value;
}

/// Most valuable first: what follows may be cut off by a time limit.
bool measure_all(bool brief) {
  require(cudaSetDevice(0), "cudaSetDevice");
  const Device device{.multiprocessors = attribute(cudaDevAttrMultiProcessorCount),
                      .shared_per_block = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin),
                      .brief = brief};
  const bool same = measure_reciprocals(device);
  measure_shared_loads(device);
  measure_products(device);
  measure_reductions(device);
  measure_straight_code(device);
  return same;
}

}  // namespace
}  // namespace shoal::bench

int main(int argc, char** argv) {
  const bool brief = argc == 2 && std::string_view(argv[1]) == "--brief";
  if (argc > 1 && !brief) {
    std::fputs("usage: shoal-device-rates [--brief]\n", stderr);
    return 2;
  }
  try {
    return shoal::bench::measure_all(brief) ? 0 : 5;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "shoal-device-rates: error: %s\n", error.what());
    return 6;
  }
}
