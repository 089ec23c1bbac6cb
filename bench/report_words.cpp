// SPDX-License-Identifier: Apache-2.0
#include "report_words.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "figures.hpp"
#include "shapes.hpp"
#include "terminal.hpp"

namespace shoal::bench {
namespace {

constexpr double most_change_of_peak = 1.1;  // if two measurements differ by more, the report says so

std::string batch_of(const RowName& name) {
  return name.shape + ", " + counted(static_cast<double>(name.tasks), "task") + " a call";
}

std::string row_of(const RowName& name) {
  return name.shape + ", " + counted(static_cast<double>(name.tasks), "task") + ", " + name.work;
}

std::string product_of(const std::string& work) {
  if (work == "meta_gradient") return "exact second-order meta-gradients";
  if (work == "meta_step") return "exact second-order meta-gradients, updates included,";
  return "tasks in whole exact second-order meta-iterations";
}

/// The main result of a backend: of the first shape that it ran, the batch with the highest rate; gradients
/// are preferred to steps.
const Result* headline_of(const std::string& backend, const Results& results) {
  const Result* best = nullptr;
  const auto rank = [](const Result& r) {
    std::ptrdiff_t shape = 0;
    while (shapes()[static_cast<std::size_t>(shape)].name != r.name.shape) ++shape;
    const int work = r.name.work == "meta_gradient" ? 0 : r.name.work == "meta_step" ? 1 : 2;
    return std::pair(work, shape);
  };
  for (const Result& result : results.all()) {
    if (result.name.backend != backend || result.failed()) continue;
    if (best == nullptr || rank(result) < rank(*best) ||
        (rank(result) == rank(*best) && result.tasks_per_second > best->tasks_per_second))
      best = &result;
  }
  return best;
}

/// Sentences about a backend. The first one begins with a small letter, because it continues a sentence.
std::string headline(const Peak& peak, const Results& results) {
  const Result* const row = headline_of(peak.backend, results);
  if (row == nullptr) return "the " + peak.backend + " backend has no figure: all its rows failed. ";
  std::string text = "the " + peak.backend + " backend computes " + figure(row->tasks_per_second) + " " +
                     product_of(row->name.work) + " of " +
                     (row->name.shape.starts_with("sine") ? "sine tasks" : row->name.shape + " tasks") +
                     " a second (" + batch_of(row->name) + ")";
  if (row->peak_share)
    text += ", which is " + percent(*row->peak_share) + " % of its " +
            (peak.detail.starts_with("measured") ? "FMA peak" : "peak by data sheet");
  const auto over_reference = results.times_reference(*row);
  if (over_reference && peak.backend != "reference")
    text += " and " + figure(over_reference->value) + " times the reference backend" +
            (over_reference->scaled ? " (scaled)" : "");
  text += ". ";
  const Result *least = nullptr, *most = nullptr;
  for (const Result& result : results.all()) {
    if (result.name.backend != peak.backend || result.failed() || !result.peak_share) continue;
    if (least == nullptr || *result.peak_share < *least->peak_share) least = &result;
    if (most == nullptr || *result.peak_share > *most->peak_share) most = &result;
  }
  if (least != most)
    text += "Its share of the peak lies between " + percent(*least->peak_share) + " % (" +
            row_of(least->name) + ") and " + percent(*most->peak_share) + " % (" + row_of(most->name) + "). ";
  return text;
}

std::string fastest_in_words(const Results& results) {
  std::map<std::string, int> wins;
  int compared = 0;
  for (const Result& result : results.all()) {
    const auto ratio = results.times_best_other(result);
    if (ratio && *ratio > 1.0) {
      ++wins[result.name.backend];
      ++compared;
    }
  }
  std::string text;
  for (const auto& [backend, count] : wins)
    text += (text.empty() ? "Where several backends ran the same row, the fastest was " : ", ") + backend +
            " in " + std::to_string(count) + " of " + std::to_string(compared);
  return text.empty() ? text : text + ". ";
}

std::string meaning(const Circumstances& run, const Results& results) {
  const auto has = [&](auto what) { return std::any_of(results.all().begin(), results.all().end(), what); };
  std::string text =
      "A call is one batch of tasks; its time is wall time, copies and waiting included. \"% peak\" counts "
      "the multiply-adds that the mathematics needs, two operations each (no activations, losses or "
      "updates), as a share of the peak named above. ";
  if (run.device()) text += "\"% kernels\" is the same by the device's own clock, kernels alone. ";
  if (has([](const Result& r) { return r.name.backend == "reference" && !r.failed(); }))
    text +=
        "\"x ref\" is tasks/s over the reference backend's in the same row; with a ~, over its tasks/s in "
        "the largest batch of that shape and work that it ran: it is serial, so a task takes it the same "
        "time in any batch. ";
  if (has([&](const Result& r) { return results.times_best_other(r).has_value(); }))
    text += "\"x other\" is tasks/s over that of the fastest other backend in the same row. ";
  return text + "\"-\" stands where there is nothing to compare with.";
}

/// Compares a second measurement of the peak with the first, because other programs may have disturbed
/// either.
std::string doubts_of_peak(const Circumstances& run) {
  for (const Peak& peak : run.peaks) {
    if (peak.backend != "cpu" || peak.gflops <= 0.0 || run.cpu_peak_afterwards <= 0.0) continue;
    const double change = run.cpu_peak_afterwards / peak.gflops;
    if (change < most_change_of_peak && change > 1.0 / most_change_of_peak) continue;
    return "Measured again after the last row, the peak of the cpu backend was " +
           figure(run.cpu_peak_afterwards) + " Gflop/s, not " + figure(peak.gflops) +
           ": the machine was busier at the " +
           (change > 1.0 ? "beginning, and \"% peak\" may be too high. "
                         : "end, and \"% peak\" may be too low. ");
  }
  return "";
}

std::string doubts(const Circumstances& run) {
  std::string text = doubts_of_peak(run);
  if (!run.shoal_is_optimised)
    text += "Shoal was built without optimisation: these figures say nothing of its speed. ";
  if (run.load > 0.5 * run.cpus)
    text += "When the run began, the load of the last minute was " + figure(run.load) + " on " +
            counted(run.cpus, "CPU") + ": where other programs run, figures are too low. ";
  if (run.clock_is_scaled)
    text += "This system changes the clock of its CPUs with the load, so figures vary from run to run. ";
  if (run.library_is_debug && run.shoal_is_optimised)
    text +=
        "Google Benchmark, the library that keeps the time, is a debug build here; that changes no figure, "
        "since it does not run inside a call. Shoal's own code is optimised. ";
  return text;
}

}  // namespace

bool Circumstances::device() const {
  return std::any_of(peaks.begin(), peaks.end(), [](const Peak& p) { return p.backend == "cuda"; });
}

std::string opening(const Circumstances& run, int width) {
  std::string text =
      wrapped("shoal-bench " + run.version + ": exact second-order MAML, every backend on the same tasks",
              width, 2) +
      wrapped("machine: " + run.machine + ", " + counted(run.cpus, "CPU"), width, 2);
  for (const Peak& peak : run.peaks) {
    const std::string what = peak.gflops > 0.0 ? "peak " + figure(peak.gflops) + " Gflop/s, " : "";
    text += wrapped(peak.backend + ": " + what + peak.detail, width, 2);
  }
  return text;
}

std::string too_large_in_words(const std::vector<RowName>& rows) {
  // Backend -> smallest batch that is too large -> shapes. A batch that is too large for gradients is too
  // large for steps as well, so the smallest over all kinds of work is enough.
  std::vector<std::string> backends;
  std::map<std::string, std::map<std::string, std::int64_t>> from;
  for (const RowName& row : rows) {
    if (!from.contains(row.backend)) backends.push_back(row.backend);
    const auto [place, fresh] = from[row.backend].try_emplace(row.shape, row.tasks);
    if (!fresh) place->second = std::min(place->second, row.tasks);
  }
  std::string text;
  for (const std::string& backend : backends) {
    text += (text.empty() ? "" : "; ") + backend + ": ";
    std::map<std::int64_t, std::string, std::greater<>> by_batch;
    for (const Shape& shape : shapes())
      if (const auto place = from[backend].find(std::string(shape.name)); place != from[backend].end()) {
        std::string& names = by_batch[place->second];
        names += (names.empty() ? "" : " and ") + place->first;
      }
    bool first = true;
    for (const auto& [tasks, names] : by_batch) {
      text += (first ? "" : ", ") + names + " from " + counted(static_cast<double>(tasks), "task");
      first = false;
    }
  }
  return text;
}

std::string not_run(const Circumstances& run, int width) {
  std::string text;
  for (const NotRun& backend : run.not_run)
    text += wrapped("Not run: backend " + backend.backend + ": " + backend.reason + ".", width, 2);
  if (!run.too_large.empty())
    text += wrapped(
        "Not run: " + counted(static_cast<double>(run.too_large.size()), "row") +
            " too large for this machine (seconds in one call, or more than an eighth of the memory): " +
            too_large_in_words(run.too_large) + ".",
        width, 2);
  if (run.left_by_quick > 0)
    text += wrapped("Not run: " + counted(run.left_by_quick, "row") + " that --quick leaves out.", width, 2);
  return text;
}

std::string closing(const Circumstances& run, const Results& results, int width) {
  std::string head = "On this machine (" + run.machine + ", " + counted(run.cpus, "CPU") + ") ";
  bool first = true;
  for (const Peak& peak : run.peaks) {
    const auto is_of_it = [&](const Result& r) { return r.name.backend == peak.backend; };
    if (std::none_of(results.all().begin(), results.all().end(), is_of_it)) continue;
    std::string sentences = headline(peak, results);
    if (!first) sentences.front() = 'T';
    first = false;
    head += sentences;
  }
  head += fastest_in_words(results);
  const auto failed =
      std::count_if(results.all().begin(), results.all().end(), [](const Result& r) { return r.failed(); });
  if (failed > 0)
    head += counted(static_cast<double>(failed), "row") +
            " failed; --benchmark_format=json has the reasons in full. ";
  const std::string doubt = doubts(run);
  return wrapped(head, width) + "\n" + wrapped(meaning(run, results), width) +
         (doubt.empty() ? "" : "\n" + wrapped(doubt, width));
}

}  // namespace shoal::bench
