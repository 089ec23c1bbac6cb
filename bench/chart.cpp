// SPDX-License-Identifier: Apache-2.0
#include "chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

#include "figures.hpp"
#include "report_table.hpp"
#include "terminal.hpp"

namespace shoal::bench {
namespace {

// Pixels. Values are printed to the right of their bars, so a panel needs space before the next one.
constexpr double page_width = 1000, margin = 20, label_width = 270, rate_left = 290, rate_right = 570;
constexpr double share_left = 680, share_right = 940, line_height = 18, top_line = 28, group_gap = 12;
constexpr std::size_t title_letters = 110;

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '&')
      safe += "&amp;";
    else if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (static_cast<unsigned char>(c) >= ' ' && static_cast<unsigned char>(c) < 127)
      safe += c;
    else
      safe += '?';  // such characters come from drivers or errors only
  }
  return safe;
}

const char* colour_of(const std::string& backend) {
  return backend == "cpu" ? "#1f6fb4" : backend == "cuda" ? "#2b9348" : "#8a8a8a";
}

class Drawing {
 public:
  void text(double x, double y, const std::string& words, const char* more = "") {
    append("<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, more);
    body_ += escaped(words) + "</text>\n";
  }
  void line(double x1, double y1, double x2, double y2, const char* colour, double width) {
    append("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%.1f\"/>\n",
           x1, y1, x2, y2, colour, width);
  }
  void bar(double x, double y, double width, double height, const char* colour) {
    append("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y, width, height,
           colour);
  }
  void dot(double x, double y, const char* colour) {
    append("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\" fill=\"%s\"/>\n", x, y, colour);
  }
  void open_row(const std::string& tip) { body_ += "<g><title>" + escaped(tip) + "</title>\n"; }
  void close_row() { body_ += "</g>\n"; }
  std::string document(double height) const {
    char head[400];
    std::snprintf(
        head, sizeof head,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
        "width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" font-family=\"DejaVu Sans, Helvetica, "
        "Arial, sans-serif\" font-size=\"12\" fill=\"#222222\">\n<rect width=\"100%%\" height=\"100%%\" "
        "fill=\"#ffffff\"/>\n",
        page_width, height, page_width, height);
    return head + body_ + "</svg>\n";
  }

 private:
  template <class... Values>
  void append(const char* format, Values... values) {
    char piece[300];
    std::snprintf(piece, sizeof piece, format, values...);
    body_ += piece;
  }

  std::string body_;
};

/// Maps values to pixels, and has the positions of the marks.
struct Axis {
  double left, right, least, most;
  bool log;

  double at(double value) const {
    const double share =
        log ? (std::log10(value) - least) / (most - least) : (value - least) / (most - least);
    return left + std::clamp(share, 0.0, 1.0) * (right - left);
  }
};

Axis rate_axis(const Results& results) {
  double least = 1e300, most = 0.0;
  for (const Result& result : results.all())
    if (!result.failed()) {
      least = std::min(least, result.tasks_per_second);
      most = std::max(most, result.tasks_per_second);
    }
  if (most <= 0.0) return {rate_left, rate_right, 0.0, 1.0, true};
  const double floor = std::floor(std::log10(least));
  return {rate_left, rate_right, floor, std::max(std::ceil(std::log10(most)), floor + 1.0), true};
}

Axis share_axis(const Results& results) {
  double most = 100.0;  // a peak that was measured at a bad moment can be exceeded
  for (const Result& result : results.all()) most = std::max(most, result.peak_share.value_or(0.0));
  return {share_left, share_right, 0.0, 20.0 * std::ceil(most / 20.0), false};
}

void draw_axis(Drawing& drawing, const Axis& axis, double top, double bottom, const std::string& title) {
  const double step = axis.log            ? std::max(1.0, std::ceil((axis.most - axis.least) / 6.0))
                      : axis.most > 120.0 ? 50.0
                                          : 20.0;
  for (double mark = axis.least; mark <= axis.most + 1e-9; mark += step) {
    const double value = axis.log ? std::pow(10.0, mark) : mark, x = axis.at(value);
    drawing.line(x, top, x, bottom, "#dddddd", 1.0);
    char label[16];
    std::snprintf(label, sizeof label, axis.log && mark > 5.0 ? "%.0e" : "%g", value);
    drawing.text(x, bottom + 16.0, label, "text-anchor=\"middle\" font-size=\"11\"");
  }
  drawing.text((axis.left + axis.right) / 2.0, bottom + 36.0, title, "text-anchor=\"middle\"");
}

void draw_row(Drawing& drawing, const Result& row, const Axis& rate, const Axis& share, double y) {
  const char* const colour = colour_of(row.name.backend);
  const double middle = y - 4.0;
  drawing.open_row(row.name.text() + ": " +
                   (row.failed() ? "failed: " + row.error : figure(row.tasks_per_second) + " tasks/s"));
  drawing.text(
      margin + 12.0, y,
      counted(static_cast<double>(row.name.tasks), "task") + ", " + row.name.work + ", " + row.name.backend);
  if (row.failed()) {
    drawing.text(rate.left + 4.0, y, "failed: " + shortened(row.error, 40), "fill=\"#b00020\"");
  } else {
    const double x = rate.at(row.tasks_per_second);
    drawing.line(rate.left, middle, x, middle, colour, 2.0);
    drawing.dot(x, middle, colour);
    drawing.text(x + 9.0, y, figure(row.tasks_per_second));
    if (row.peak_share) {
      drawing.bar(share.left, middle - 5.0, share.at(*row.peak_share) - share.left, 10.0, colour);
      drawing.text(share.at(*row.peak_share) + 6.0, y, percent(*row.peak_share));
    } else {
      drawing.text(share.left + 6.0, y, "no peak", "fill=\"#777777\"");
    }
  }
  drawing.close_row();
}

}  // namespace

std::string chart_of(const Results& results, const Circumstances& run) {
  std::vector<std::string> shapes;
  for (const Result& result : results.all())
    if (std::find(shapes.begin(), shapes.end(), result.name.shape) == shapes.end())
      shapes.push_back(result.name.shape);
  Drawing drawing;
  double y = top_line;
  drawing.text(margin, y, "Exact second-order MAML, " + std::string("shoal-bench ") + run.version,
               "font-size=\"16\" font-weight=\"bold\"");
  drawing.text(margin, y += 20.0, shortened(run.machine + ", " + counted(run.cpus, "CPU"), title_letters));
  for (const Peak& peak : run.peaks) {
    y += line_height;
    drawing.dot(margin + 5.0, y - 4.0, colour_of(peak.backend));
    drawing.text(
        margin + 16.0, y,
        shortened(peak.backend + ": " +
                      (peak.gflops > 0.0 ? "peak " + figure(peak.gflops) + " Gflop/s, " : "") + peak.detail,
                  title_letters));
  }
  // The marks of the axes are drawn first, so that they are behind the bars. The height is computed before.
  const double top = y + 14.0;
  const double bottom = top + static_cast<double>(shapes.size()) * (line_height + group_gap) +
                        static_cast<double>(results.all().size()) * line_height + group_gap;
  const Axis rate = rate_axis(results), share = share_axis(results);
  draw_axis(drawing, rate, top, bottom, "tasks a second (logarithmic)");
  draw_axis(drawing, share, top, bottom, "% of the backend's peak");
  y = top;
  for (const std::string& shape : shapes) {
    y += group_gap + line_height;
    const double heading = page_width - 2.0 * margin;
    drawing.bar(margin, y - 13.0, heading, line_height, "#f1f4f8");
    drawing.text(margin + 4.0, y, shape_in_words(shape), "font-weight=\"bold\"");
    for (const Result& result : results.all())
      if (result.name.shape == shape) draw_row(drawing, result, rate, share, y += line_height);
  }
  return drawing.document(bottom + 52.0);
}

}  // namespace shoal::bench
