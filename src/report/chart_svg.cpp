// SPDX-License-Identifier: Apache-2.0
#include "report/chart_svg.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/page_text.hpp"

namespace shoal::report {
namespace {

constexpr double width = 420.0, left = 52.0, right = 12.0, top = 10.0, bottom = 40.0, plot_height = 190.0;
constexpr double span_height = 14.0, letter = 6.2;  // of a row of spans; width of a character

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();

  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  /// At least a little wide.
  void widen(double margin) {
    if (low > high) low = 0.0, high = 1.0;
    const double size = high - low;
    const double more = size > 0.0 ? margin * size : std::max(0.5, std::fabs(high) * 0.1);
    low -= more;
    high += more;
  }
};

/// The round step that divides a range into about `count` parts.
double step_of(const Range& range, double count) {
  const double raw = (range.high - range.low) / count;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= raw * 0.999) return factor * power;
  return 10.0 * power;
}

std::string coordinate(double value) {
  return fixed_text(value, 1);
}

/// Draws one chart.
class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart) {
    const bool spans = chart.shape == Shape::span;
    left_ = left;
    if (spans)
      for (const std::string& name : chart.categories)
        left_ = std::max(left_, std::min(130.0, letter * static_cast<double>(name.size()) + 12.0));
    height_ = spans ? span_height * static_cast<double>(std::max<std::size_t>(chart.categories.size(), 2))
                    : plot_height;
    find_ranges();
  }

  std::string svg() {
    text_ = "<svg viewBox=\"0 0 " + coordinate(width) + " " + coordinate(top + height_ + bottom) +
            "\" role=\"img\" aria-label=\"" + escaped(chart_.title) + "\">";
    if (chart_.shape == Shape::span)
      span_rows();
    else
      y_axis();
    if (chart_.shape == Shape::bar)
      category_axis();
    else
      x_axis();
    if (chart_.shape == Shape::step) line("diagonal", x_at(0), y_at(0), x_at(1), y_at(1));
    for (std::size_t s = 0; s < chart_.series.size(); ++s) draw(s);
    titles();
    return text_ + "</svg>";
  }

 private:
  void find_ranges() {
    for (const Series& series : chart_.series) {
      for (const double value : series.x) x_.add(value);
      for (std::size_t i = 0; i < series.y.size(); ++i) {
        const double more =
            i < series.half_width.size() && std::isfinite(series.half_width[i]) ? series.half_width[i] : 0.0;
        Range& range = chart_.shape == Shape::span ? x_ : y_;
        range.add(series.y[i] - more);
        range.add(series.y[i] + more);
      }
    }
    if (chart_.shape == Shape::bar) y_.add(0.0);
    if (chart_.shape == Shape::step) x_ = y_ = {0.0, 1.0};
    x_.widen(chart_.shape == Shape::step ? 0.0 : 0.01);
    if (chart_.shape != Shape::step) y_.widen(0.06);
  }

  double x_at(double value) const {
    return left_ + (value - x_.low) / (x_.high - x_.low) * (width - left_ - right);
  }
  double y_at(double value) const { return top + (y_.high - value) / (y_.high - y_.low) * height_; }
  double slot() const {
    return (width - left_ - right) / static_cast<double>(std::max<std::size_t>(1, chart_.categories.size()));
  }

  void line(const char* kind, double x1, double y1, double x2, double y2) {
    text_ += std::string("<line class=\"") + kind + "\" x1=\"" + coordinate(x1) + "\" y1=\"" +
             coordinate(y1) + "\" x2=\"" + coordinate(x2) + "\" y2=\"" + coordinate(y2) + "\"/>";
  }
  void label(const char* anchor, double x, double y, const std::string& text) {
    text_ += std::string("<text text-anchor=\"") + anchor + "\" x=\"" + coordinate(x) + "\" y=\"" +
             coordinate(y) + "\">" + escaped(text) + "</text>";
  }

  static std::string tick_text(double value, double step) {
    int digits = 0;
    for (double size = step; digits < 6 && size < 0.999; size *= 10.0) ++digits;
    return fixed_text(value, digits);
  }

  void y_axis() {
    const double step = step_of(y_, 5.0);
    for (double value = std::ceil(y_.low / step) * step; value <= y_.high + step * 1e-6; value += step) {
      const bool zero = std::fabs(value) < step * 1e-6;
      line(zero ? "zero" : "grid", left_, y_at(value), width - right, y_at(value));
      label("end", left_ - 5.0, y_at(value) + 4.0, tick_text(value, step));
    }
  }

  void x_axis() {
    const double step = step_of(x_, 5.0);
    for (double value = std::ceil(x_.low / step) * step; value <= x_.high + step * 1e-6; value += step) {
      line("grid", x_at(value), top, x_at(value), top + height_);
      label("middle", x_at(value), top + height_ + 14.0, tick_text(value, step));
    }
  }

  void category_axis() {
    std::size_t longest = 1;
    for (const std::string& name : chart_.categories) longest = std::max(longest, name.size());
    const double needed = letter * static_cast<double>(longest) + 6.0;
    const auto every = static_cast<std::size_t>(std::max(1.0, std::ceil(needed / slot())));
    for (std::size_t i = 0; i < chart_.categories.size(); i += every)
      label("middle", left_ + (static_cast<double>(i) + 0.5) * slot(), top + height_ + 14.0,
            chart_.categories[i]);
  }

  void span_rows() {
    for (std::size_t i = 0; i < chart_.categories.size(); ++i)
      label("end", left_ - 5.0, top + span_height * (static_cast<double>(i) + 0.78), chart_.categories[i]);
  }

  void draw(std::size_t place) {
    const Series& series = chart_.series[place];
    const std::string colour = "s" + std::to_string(place % series_colours);
    if (chart_.shape == Shape::bar)
      bars(series, colour, place);
    else if (chart_.shape == Shape::span)
      spans(series, colour);
    else
      curve(series, colour);
  }

  void curve(const Series& series, const std::string& colour) {
    std::string points;
    std::size_t count = 0;
    const auto end_piece = [&] {
      if (count > 1) text_ += "<polyline class=\"" + colour + "\" points=\"" + points + "\"/>";
      points.clear();
      count = 0;
    };
    const bool dots = chart_.shape == Shape::line && series.x.size() <= 40;
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!std::isfinite(series.x[i]) || !std::isfinite(series.y[i])) {
        end_piece();
        continue;
      }
      const std::string x = coordinate(x_at(series.x[i])), y = coordinate(y_at(series.y[i]));
      points += (count == 0 ? "" : " ") + x + "," + y;
      ++count;
      if (dots) text_ += "<circle class=\"" + colour + "\" cx=\"" + x + "\" cy=\"" + y + "\" r=\"2.4\"/>";
    }
    end_piece();
  }

  void box(const std::string& colour, double x, double y, double w, double h) {
    text_ += "<rect class=\"" + colour + "\" x=\"" + coordinate(x) + "\" y=\"" + coordinate(y) +
             "\" width=\"" + coordinate(std::max(w, 0.6)) + "\" height=\"" + coordinate(std::max(h, 0.6)) +
             "\"/>";
  }

  void bars(const Series& series, const std::string& colour, std::size_t place) {
    const double bar = 0.8 * slot() / static_cast<double>(chart_.series.size());
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      if (!std::isfinite(series.y[i])) continue;
      const double x = left_ + (static_cast<double>(i) + 0.1) * slot() + static_cast<double>(place) * bar;
      const double zero = y_at(0.0), end = y_at(series.y[i]);
      box(colour, x, std::min(zero, end), bar * 0.92, std::fabs(zero - end));
      if (i >= series.half_width.size() || !std::isfinite(series.half_width[i])) continue;
      const double middle = x + bar * 0.46;
      line("whisker", middle, y_at(series.y[i] - series.half_width[i]), middle,
           y_at(series.y[i] + series.half_width[i]));
    }
  }

  void spans(const Series& series, const std::string& colour) {
    for (std::size_t i = 0; i < series.y.size(); ++i)
      if (std::isfinite(series.x[i]) && std::isfinite(series.y[i]))
        box(colour, x_at(series.x[i]), top + span_height * (static_cast<double>(i) + 0.15),
            x_at(series.y[i]) - x_at(series.x[i]), span_height * 0.7);
  }

  void titles() {
    label("middle", (left_ + width - right) / 2.0, top + height_ + 32.0, chart_.x_title);
    if (chart_.y_title.empty()) return;
    const std::string y = coordinate(top + height_ / 2.0);
    text_ += "<text text-anchor=\"middle\" transform=\"rotate(-90 11 " + y + ")\" x=\"11\" y=\"" + y + "\">" +
             escaped(chart_.y_title) + "</text>";
  }

  const Chart& chart_;
  double left_ = left, height_ = plot_height;
  Range x_, y_;
  std::string text_;
};

}  // namespace

std::string svg_of(const Chart& chart) {
  return Drawing(chart).svg();
}

}  // namespace shoal::report
