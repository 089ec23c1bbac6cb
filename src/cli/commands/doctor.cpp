// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include <shoal/counted.hpp>
#include <shoal/machine.hpp>
#include <shoal/program_environment.hpp>

#include "cli/print_json.hpp"
#include "cli/session.hpp"

namespace shoal::cli {

int run_doctor(const CommandOptions& options) {
  const RunConfig config = resolve_config(options.common);
  const Context context = make_context(config);
  nlohmann::ordered_json result = {{"version", version()},
                                   {"machine", machine_name()},
                                   {"cores", Context({.backend = BackendKind::cpu}).threads()},
                                   {"memory_gib", static_cast<double>(memory_bytes()) / (1 << 30)},
                                   {"backend", context.backend_name()},
                                   {"backend_reason", context.reason()},
                                   {"threads", context.threads()},
                                   {"isa", to_string(context.isa())}};
  double fastest = 0.0;
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512}) {
    nlohmann::ordered_json line = {{"isa", to_string(isa)}, {"available", isa_available(isa)}};
    if (isa_available(isa)) {
      line["fma_peak_gflops_per_core"] = fma_peak(isa);
      line["fma_is_emulated"] = fma_is_emulated(isa);
      fastest = std::max(fastest, line["fma_peak_gflops_per_core"].get<double>());
    }
    result["instruction_sets"].push_back(std::move(line));
  }
  for (const BackendReport& report : Context::backends(with_environment({}))) {
    nlohmann::ordered_json line = {
        {"name", report.name}, {"available", report.available}, {"detail", report.detail}};
    if (report.peak_gflops > 0.0) {
      line["fp32_peak_gflops"] = report.peak_gflops;
      line["fp32_peak_from"] = report.peak_detail;
    }
    if (!report.kernel_compiler.empty()) {
      line["kernel_compiler"] = report.kernel_compiler;
      line["kernel_cache"] = report.kernel_cache;
    }
    result["backends"].push_back(std::move(line));
  }
  if (options.common.json) {
    print_json(result);
    return 0;
  }
  std::printf("shoal %s on %s, %d cores, %.1f GiB\n", version().c_str(), machine_name().c_str(),
              result["cores"].get<int>(), result["memory_gib"].get<double>());
  const bool on_host = context.backend_name() != "cuda";
  std::printf("would run on: %s%s (%s)\n", std::string(context.backend_name()).c_str(),
              on_host ? (", " + counted(context.threads(), "thread", "threads") + ", " +
                         std::string(to_string(context.isa())))
                            .c_str()
                      : "",
              std::string(context.reason()).c_str());
  for (const auto& line : result["instruction_sets"]) {
    const auto isa = line["isa"].get<std::string>();
    if (!line["available"].get<bool>()) {
      std::printf("  %-8s not on this machine\n", isa.c_str());
      continue;
    }
    const double peak = line["fma_peak_gflops_per_core"].get<double>();
    std::printf("  %-8s fma peak %.3g Gflop/s a core (measured)", isa.c_str(), peak);
    if (line["fma_is_emulated"].get<bool>()) {
      std::printf(": no fma instruction, several in double instead");
      if (fastest > peak) std::printf("; %.0f times slower than the fastest here", fastest / peak);
    }
    std::printf("\n");
  }
  for (const auto& line : result["backends"]) {
    std::printf("backend %-10s %s: %s\n", line["name"].get<std::string>().c_str(),
                line["available"].get<bool>() ? "yes" : "no ", line["detail"].get<std::string>().c_str());
    if (line.contains("kernel_compiler"))
      std::printf("  kernels at run time: %s; their folder: %s\n",
                  line["kernel_compiler"].get<std::string>().c_str(),
                  line["kernel_cache"].get<std::string>().c_str());
  }
  return 0;
}

}  // namespace shoal::cli
