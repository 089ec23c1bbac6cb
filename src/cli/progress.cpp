// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <unistd.h>

#include <cstdio>
#include <string>

#include <shoal/counted.hpp>

#include "cli/print_json.hpp"

namespace shoal::cli {
namespace {

std::string number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

void print_line(const std::string& line) {
  std::fputs(line.c_str(), stderr);
}

}  // namespace

ProgressForm progress_form(const CommonOptions& options) {
  if (options.quiet) return ProgressForm::none;
  if (options.json) return ProgressForm::json;
  return isatty(STDERR_FILENO) != 0 ? ProgressForm::bar : ProgressForm::words;
}

Progress::~Progress() {
  if (drawn_) print_line("\n");
}

void Progress::show(const TrainMetrics& metrics) {
  if (form_ == ProgressForm::bar) draw_bar(metrics);
  if (form_ == ProgressForm::words) say(metrics);
  const bool logged = metrics.iteration % log_every_ == 0 || metrics.iteration == iterations_;
  if (form_ == ProgressForm::json && logged)
    print_line(json_text({{"iteration", metrics.iteration},
                          {"iterations", iterations_},
                          {"query_loss_before", metrics.query_loss_before},
                          {"query_loss", metrics.query_loss},
                          {"failed", metrics.failed}}));
}

void Progress::show(const Validation& validation) {
  validation_ = validation;
  if (form_ == ProgressForm::json)
    print_line(json_text({{"iteration", validation.iteration},
                          {"iterations", iterations_},
                          {"validation_loss", validation.loss},
                          {"failed", validation.failed}}));
}

void Progress::say(const TrainMetrics& metrics) const {
  const auto tenths = [&](std::int64_t iteration) { return 10 * iteration / iterations_; };
  if (tenths(metrics.iteration) == tenths(metrics.iteration - 1)) return;
  std::string line =
      "iteration " + std::to_string(metrics.iteration) + " of " + std::to_string(iterations_) + ": ";
  if (metrics.good == 0) {
    line += "all " + std::to_string(metrics.failed) + " tasks failed";
  } else {
    line += "query loss " + number("%.4g", metrics.query_loss);
    if (metrics.failed > 0) line += ", " + counted(metrics.failed, "task", "tasks") + " failed";
  }
  if (validation_)
    line +=
        (validation_->good == 0 ? "; all " + std::to_string(validation_->failed) + " validation tasks failed"
                                : "; validation loss " + number("%.4g", validation_->loss)) +
        " at iteration " + std::to_string(validation_->iteration);
  print_line(line + "\n");
}

void Progress::draw_bar(const TrainMetrics& metrics) {
  if (first_ < 0) first_ = metrics.iteration - 1;
  const auto now = Clock::now();
  if (metrics.iteration != iterations_ && now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double done = static_cast<double>(metrics.iteration - first_),
               left = static_cast<double>(iterations_ - metrics.iteration);
  constexpr int width = 30;
  const int filled = static_cast<int>(static_cast<double>(width) * static_cast<double>(metrics.iteration) /
                                      static_cast<double>(iterations_));
  std::string bar(static_cast<std::size_t>(filled), '#');
  bar.resize(width, '.');
  print_line("\r[" + bar + "] " + std::to_string(metrics.iteration) + "/" + std::to_string(iterations_) +
             "  loss " + number("%.4g", metrics.query_loss) +
             (validation_ ? "  validation " + number("%.4g", validation_->loss) : "") + "  " +
             number("%.0f it/s", done / seconds) + "  " + number("%.0f s left   ", left * seconds / done));
  drawn_ = true;
}

}  // namespace shoal::cli
