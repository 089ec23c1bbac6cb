// SPDX-License-Identifier: Apache-2.0
#include "report/page_html.hpp"

#include "report/chart_svg.hpp"
#include "report/page_text.hpp"

namespace shoal::report {
namespace {

/// Colours of series that stay apart for colour-blind readers (after Okabe and Ito), for light and dark.
constexpr const char* style = R"(
:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#5a6472;--line:#d9dee4;--box:#f5f7f9;
--warn:#8a3b00;--warnback:#fff3e6;--s0:#0067a5;--s1:#c8590a;--s2:#007f5f;--s3:#9c3f86;--s4:#a67c00;--s5:#4b5563}
@media(prefers-color-scheme:dark){:root{--back:#14171b;--text:#e6e9ed;--soft:#9aa5b1;--line:#343b44;
--box:#1d2229;--warn:#ffc78a;--warnback:#33230f;--s0:#5fb3f0;--s1:#f59a55;--s2:#3fcfa4;--s3:#df8fca;
--s4:#e3bd45;--s5:#aab4c0}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:16px/1.5 system-ui,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif}
main{max-width:1120px;margin:0 auto;padding:20px 16px 60px}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 8px;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:36px 0 8px;padding-top:12px;border-top:1px solid var(--line)}
h3{font-size:.95rem;margin:0 0 6px;color:var(--text)}
p{max-width:75ch;margin:8px 0;overflow-wrap:anywhere}
#summary>p:first-of-type{font-size:1.15rem}
nav{font-size:.9rem;margin:8px 0 0}nav a{color:var(--s0);margin-right:12px;white-space:nowrap}
.warning{color:var(--warn);background:var(--warnback);border-left:3px solid var(--warn);padding:6px 10px}
.table,figure{margin:16px 0;break-inside:avoid}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{padding:5px 10px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
th{background:var(--box);font-weight:600}
tr:last-child td{border-bottom:0}
.name{text-align:left}
.note{font-size:.85rem;color:var(--soft);margin:4px 0}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:8px 28px;
align-items:start}
svg{display:block;width:100%;max-width:540px;height:auto}
svg text{font-size:11px;fill:var(--soft)}
.grid{stroke:var(--line);stroke-width:.7}.zero{stroke:var(--soft);stroke-width:1}
.diagonal{stroke:var(--soft);stroke-dasharray:3 3}.whisker{stroke:var(--text);stroke-width:1}
polyline{fill:none;stroke-width:1.8;stroke-linejoin:round}
polyline.s0{stroke:var(--s0)}polyline.s1{stroke:var(--s1);stroke-dasharray:6 2}
polyline.s2{stroke:var(--s2);stroke-dasharray:2 2}polyline.s3{stroke:var(--s3);stroke-dasharray:8 2 2 2}
polyline.s4{stroke:var(--s4);stroke-dasharray:4 4}polyline.s5{stroke:var(--s5);stroke-dasharray:1 3}
rect.s0,circle.s0{fill:var(--s0)}rect.s1,circle.s1{fill:var(--s1)}rect.s2,circle.s2{fill:var(--s2)}
rect.s3,circle.s3{fill:var(--s3)}rect.s4,circle.s4{fill:var(--s4)}rect.s5,circle.s5{fill:var(--s5)}
.legend{font-size:.85rem;color:var(--text);display:flex;flex-wrap:wrap;gap:2px 14px;margin:2px 0 4px;
padding:0;list-style:none}
.legend svg{display:inline-block;width:12px;height:12px;margin-right:5px}
details{margin:12px 0}summary{cursor:pointer}
pre{overflow-x:auto;background:var(--box);border:1px solid var(--line);border-radius:6px;padding:10px;
font-size:.8rem}
@media print{:root{--back:#fff;--text:#000;--soft:#444;--line:#bbb;--box:#f2f2f2;--warn:#6b2d00;
--warnback:#fff;--s0:#0067a5;--s1:#c8590a;--s2:#007f5f;--s3:#9c3f86;--s4:#8a6700;--s5:#4b5563}
body{font-size:11pt}main{max-width:none;padding:0}nav{display:none}.scroll{overflow:visible}
th,td{white-space:normal;padding:3px 6px}h2{break-after:avoid}}
)";

/// Columns whose cells are texts are aligned at their beginning.
bool is_name(const Table& table, std::size_t column) {
  for (const std::vector<Value>& row : table.rows)
    if (std::holds_alternative<std::string>(row[column])) return true;
  return false;
}

std::string html_table(const Table& table) {
  std::string text = "<div class=\"table\"><h3>" + escaped(table.title) +
                     "</h3><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>";
  std::vector<const char*> kinds;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    kinds.push_back(is_name(table, i) ? " class=\"name\"" : "");
    text += std::string("<th scope=\"col\"") + kinds[i] + ">" + escaped(table.columns[i].title) + "</th>";
  }
  text += "</tr></thead><tbody>";
  for (const std::vector<Value>& row : table.rows) {
    text += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i)
      text += std::string("<td") + kinds[i] + ">" + escaped(shown(row[i], table.columns[i].show)) + "</td>";
    text += "</tr>\n";
  }
  text += "</tbody></table></div>";
  if (!table.note.empty()) text += "<p class=\"note\">" + escaped(table.note) + "</p>";
  return text + "</div>\n";
}

std::string html_chart(const Chart& chart) {
  std::string text = "<figure id=\"" + escaped(chart.id) + "\"><h3>" + escaped(chart.title) + "</h3>";
  if (chart.series.size() > 1) {
    text += "<ul class=\"legend\">";
    for (std::size_t s = 0; s < chart.series.size(); ++s)
      text += "<li><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"s" +
              std::to_string(s % series_colours) + "\" width=\"12\" height=\"12\" rx=\"2\"/></svg>" +
              escaped(chart.series[s].name) + "</li>";
    text += "</ul>";
  }
  return text + svg_of(chart) + "</figure>\n";
}

std::string html_block(const Block& block) {
  if (const auto* paragraph = std::get_if<Paragraph>(&block))
    return (paragraph->warning ? "<p class=\"warning\">" : "<p>") + escaped(paragraph->text) + "</p>\n";
  if (const auto* table = std::get_if<Table>(&block)) return html_table(*table);
  if (const auto* chart = std::get_if<Chart>(&block)) return html_chart(*chart);
  const auto& listing = std::get<Listing>(block);
  return "<details><summary>" + escaped(listing.title) + "</summary><pre tabindex=\"0\">" +
         escaped(listing.text) + "</pre></details>\n";
}

std::string html_section(const Section& section) {
  std::string text = "<section id=\"" + escaped(section.id) + "\"><h2>" + escaped(section.title) + "</h2>\n";
  bool in_charts = false;  // neighbouring charts share a row where there is room
  for (const Block& block : section.blocks) {
    const bool chart = std::holds_alternative<Chart>(block);
    if (chart != in_charts) text += chart ? "<div class=\"charts\">" : "</div>\n";
    in_charts = chart;
    text += html_block(block);
  }
  return text + (in_charts ? "</div>\n" : "") + "</section>\n";
}

}  // namespace

std::string html_of(const Page& page) {
  std::string text =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>" +
      escaped(page.title) + "</title><style>" + style + "</style></head>\n<body><main><h1>" +
      escaped(page.title) + "</h1><nav>";
  for (const Section& section : page.sections)
    text += "<a href=\"#" + escaped(section.id) + "\">" + escaped(section.title) + "</a> ";
  text += "</nav>\n";
  for (const Section& section : page.sections) text += html_section(section);
  return text + "</main></body></html>\n";
}

}  // namespace shoal::report
