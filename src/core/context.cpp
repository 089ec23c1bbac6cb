// SPDX-License-Identifier: Apache-2.0
#include <shoal/context.hpp>

#include <algorithm>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

#include "core/backend_access.hpp"
#include "core/name_table.hpp"
#include "core/registry.hpp"

namespace shoal {
namespace {

constexpr std::pair<BackendKind, std::string_view> backend_names[] = {{BackendKind::automatic, "auto"},
                                                                      {BackendKind::reference, "reference"},
                                                                      {BackendKind::cpu, "cpu"},
                                                                      {BackendKind::cuda, "cuda"}};
constexpr std::pair<Isa, std::string_view> isa_names[] = {
    {Isa::automatic, "auto"}, {Isa::scalar, "scalar"}, {Isa::avx2, "avx2"}, {Isa::avx512, "avx512"}};

constexpr std::pair<Math, std::string_view> math_names[] = {{Math::exact, "exact"}, {Math::fast, "fast"}};

const BackendEntry* entry_of(BackendKind kind) {
  for (const BackendEntry& entry : backend_entries())
    if (entry.kind == kind) return &entry;
  return nullptr;
}

int usable_cores() {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

Isa resolve_isa(Isa wanted, const BackendEntry& entry) {
  if (wanted == Isa::automatic) {
    for (const Isa isa : {Isa::avx512, Isa::avx2})
      if (entry.has_isa(isa)) return isa;
    return Isa::scalar;
  }
  if (!entry.has_isa(wanted))
    throw ResourceError("instruction set " + std::string(to_string(wanted)) +
                        " is not available: this machine or this build lacks it");
  return wanted;
}

}  // namespace

std::string_view to_string(BackendKind kind) {
  return name_in<BackendKind>(backend_names, kind);
}
BackendKind backend_from_string(std::string_view name) {
  return value_in<BackendKind>(backend_names, "backend", name);
}
std::string_view to_string(Isa isa) {
  return name_in<Isa>(isa_names, isa);
}
Isa isa_from_string(std::string_view name) {
  return value_in<Isa>(isa_names, "instruction set", name);
}

std::string_view to_string(Math math) {
  return name_in<Math>(math_names, math);
}
Math math_from_string(std::string_view name) {
  return value_in<Math>(math_names, "math", name);
}

bool isa_available(Isa isa) {
  const BackendEntry* entry = entry_of(BackendKind::cpu);
  return entry && (isa == Isa::automatic || entry->has_isa(isa));
}

struct Context::State {
  std::string name, reason;
  int threads = 1;
  Isa isa = Isa::scalar;
  std::unique_ptr<Backend<float>> single;
  std::unique_ptr<Backend<double>> double_precision;
};

Context::Context(const ContextOptions& options) : state_(std::make_unique<State>()) {
  if (options.threads < 0)
    throw InvalidArgument("threads must be at least 0 (0 = every core), is " +
                          std::to_string(options.threads));
  BackendKind kind = options.backend;
  state_->reason = "as asked for";
  if (kind == BackendKind::automatic) {
    const BackendEntry* cuda = entry_of(BackendKind::cuda);
    const BackendReport report =
        cuda ? cuda->report(options) : BackendReport{"cuda", false, "not part of this build"};
    kind = report.available ? BackendKind::cuda : BackendKind::cpu;
    state_->reason = std::string("auto: ") + (report.available ? "" : "no cuda: ") + report.detail;
  }
  const BackendEntry* entry = entry_of(kind);
  if (!entry || !(entry->make_float || entry->make_double))
    throw ResourceError("backend " + std::string(to_string(kind)) + " is not available: " +
                        (entry ? entry->report(options).detail : "not part of this build"));
  if (options.math == Math::fast && !entry->has_fast_math)
    throw ResourceError("math fast is not available on backend " + std::string(to_string(kind)) +
                        ": only the cuda backend has it");
  if (kind != BackendKind::cuda && (options.stream || options.device_memory))
    throw InvalidArgument(std::string(options.stream ? "stream" : "device_memory") +
                          " is an option of backend cuda, and this context has backend " +
                          std::string(to_string(kind)) + " (" + state_->reason + ")");
  state_->name = to_string(kind);
  state_->threads = options.threads == 0 ? usable_cores() : options.threads;
  if (kind == BackendKind::cpu)
    state_->isa = resolve_isa(options.isa, *entry);
  else if (kind == BackendKind::reference)
    state_->threads = 1;  // the reference backend is serial
  ContextOptions resolved = options;
  resolved.threads = state_->threads;
  resolved.isa = state_->isa;
  if (entry->make_float) state_->single = entry->make_float(resolved);
  if (entry->make_double) state_->double_precision = entry->make_double(resolved);
  if (options.time_device && state_->single) state_->single->time_device();
}

Context::~Context() = default;
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;

std::string_view Context::backend_name() const {
  return state_->name;
}
std::string_view Context::reason() const {
  return state_->reason;
}
std::optional<double> Context::device_seconds() const {
  return state_->single ? state_->single->device_seconds() : std::nullopt;
}
int Context::threads() const {
  return state_->threads;
}
Isa Context::isa() const {
  return state_->isa;
}

template <>
Backend<float>& BackendAccess::of<float>(const Context& context) {
  const Context::State& state = *context.state_;
  if (!state.single)
    throw InvalidArgument("backend " + state.name + " computes in double: use MetaLearner64");
  return *state.single;
}

template <>
Backend<double>& BackendAccess::of<double>(const Context& context) {
  const Context::State& state = *context.state_;
  if (!state.double_precision)
    throw InvalidArgument("backend " + state.name + " computes in float: use MetaLearner");
  return *state.double_precision;
}

std::vector<BackendReport> Context::backends(const ContextOptions& options) {
  std::vector<BackendReport> reports;
  for (const BackendEntry& entry : backend_entries()) {
    reports.push_back(entry.report(options));
    if (entry.report_compiler) entry.report_compiler(options, reports.back());
  }
  return reports;
}

}  // namespace shoal
