// SPDX-License-Identifier: Apache-2.0
#include "cuda/fixed/fixed_source.hpp"

#include <string>

#include "cuda/fixed/shape_choice.hpp"

namespace shoal::cuda {
namespace {

using kernels::FixedShape;

/// The shape as the initialiser of a FixedShape: its members in the order of their declaration.
std::string initialiser(const FixedShape& s) {
  std::string text;
  const auto add = [&](const std::string& member, const std::string& value) {
    text += (text.empty() ? "." : ", .") + member + " = " + value;
  };
  const auto kind = [](const char* type, auto value) {
    return std::string(type) + "(" + std::to_string(static_cast<int>(value)) + ")";
  };
  std::string outputs;
  for (int l = 0; l < s.layers; ++l) outputs += (l > 0 ? ", " : "") + std::to_string(s.outputs_of[l]);
  add("inputs", std::to_string(s.inputs));
  add("layers", std::to_string(s.layers));
  add("outputs_of", "{" + outputs + "}");
  add("targets", std::to_string(s.targets));
  add("rows", std::to_string(s.rows));
  add("lanes", std::to_string(s.lanes));
  add("activation", kind("shoal::Activation", s.activation));
  add("loss", kind("shoal::LossKind", s.loss));
  add("quantiles", std::to_string(s.quantiles));
  add("exact", s.exact ? "true" : "false");
  add("rates", kind("shoal::LearnedRate", s.rates));
  add("frozen", std::to_string(s.frozen) + "u");
  add("offset", s.offset ? "true" : "false");
  add("streamed", s.streamed ? "true" : "false");
  return text;
}

/// A name that profilers show: fixed_kernel_16_32_32_2_...
std::string name_of(const FixedShape& s) {
  std::string name = "fixed_kernel_" + std::to_string(s.inputs);
  for (int l = 0; l < s.layers; ++l) name += "_" + std::to_string(s.outputs_of[l]);
  for (const int part : {s.targets, s.rows, s.lanes, static_cast<int>(s.activation), static_cast<int>(s.loss),
                         s.quantiles, s.exact ? 1 : 0, static_cast<int>(s.rates), static_cast<int>(s.frozen),
                         s.offset ? 1 : 0, s.streamed ? 1 : 0})
    name += "_" + std::to_string(part);
  return name;
}

}  // namespace

KernelSource fixed_source(const FixedShape& shape) {
  const std::string name = name_of(shape);
  return {.title = "the kernel for " + describe(shape),
          .program =
              "#include \"kernels/fixed/kernel.cuh\"\n"
              "namespace shoal::kernels {\n"
              "constexpr FixedShape shape{" +
              initialiser(shape) +
              "};\n"
              "__global__ void __launch_bounds__(fixed_block_threads(shape), 1)\n" +
              name +
              "(const __grid_constant__ TaskArguments job) {\n"
              "  SHOAL_SHARED_MEMORY(shared);\n"
              "  run_fixed_tasks<shape>(job, shared);\n"
              "}\n"
              "}  // namespace shoal::kernels\n",
          .kernel = "shoal::kernels::" + name};
}

}  // namespace shoal::cuda
