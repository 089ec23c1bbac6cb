// SPDX-License-Identifier: Apache-2.0
// The tables of losses and activations in the documentation agree with the structs of kernels/: every kind
// has a row, in the order of the list, with its properties.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include <shoal/algorithm.hpp>
#include <shoal/loss.hpp>
#include <shoal/model.hpp>

#include "kernels/math/kind_traits.hpp"
#include "support/activation_cases.hpp"
#include "support/scratch.hpp"

namespace shoal::testing {
namespace {

using Cells = std::vector<std::string>;

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

/// Rows of the table whose header line is `header`, as cells.
std::vector<Cells> table(const std::string& page, const std::string& header) {
  std::istringstream lines(read_text(std::string(SHOAL_DOCS) + "/" + page));
  std::string line;
  while (std::getline(lines, line) && line != header) {
  }
  std::getline(lines, line);  // |---|
  std::vector<Cells> rows;
  while (std::getline(lines, line) && line.starts_with("|")) {
    std::istringstream cells(line.substr(1));
    rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, '|');) rows.back().push_back(trimmed(cell));
  }
  return rows;
}

bool begins(const std::string& text, const std::string& with) {
  return text == with || text.starts_with(with + ",") || text.starts_with(with + ":") ||
         text.starts_with(with + " ");
}

/// How many outputs a loss has, in the page's words.
std::string outputs_of(const Loss& loss) {
  if (loss.has_labels()) return "one per class";
  const int each = loss.outputs_for(1);  // with seven quantiles
  return each == 7 ? "d_out x Q" : each == 1 ? "d_out" : std::to_string(each) + " d_out";
}

std::string targets_of(const Loss& loss) {
  const auto number = [](double bound) { return std::to_string(static_cast<int>(bound)); };
  const TargetDomain domain = loss.domain();
  if (loss.has_labels()) return "class labels";
  if (!domain.is_bounded()) return "finite";
  if (std::isfinite(domain.high)) return number(domain.low) + " to " + number(domain.high);
  return (domain.above_low ? "above " : "from ") + number(domain.low);
}

TEST(KindsInDocs, LossesHaveTheirOutputsAndTargets) {
  const auto rows = table("definitions.md", "| loss | network outputs | one term | targets |");
  ASSERT_EQ(rows.size(), std::size(LossKinds::all));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Loss loss{.kind = LossKinds::all[i]};
    loss.quantiles.assign(7, 0.5);
    const Cells& cells = rows[i];
    ASSERT_EQ(cells.size(), 4u) << cells[0];
    EXPECT_TRUE(begins(cells[0], "`" + std::string(to_string(loss.kind)) + "`")) << cells[0];
    EXPECT_TRUE(begins(cells[1], outputs_of(loss))) << cells[0] << ": " << outputs_of(loss);
    EXPECT_EQ(cells[1].starts_with("d_out x Q"), outputs_of(loss) == "d_out x Q") << cells[0];
    EXPECT_NE(cells[3].find(targets_of(loss)), std::string::npos) << cells[0] << ": " << targets_of(loss);
  }
}

TEST(KindsInDocs, ActivationsHaveTheirDerivatives) {
  const auto rows = table("definitions.md", "| activation | f(z) | f'' | kept |");
  ASSERT_EQ(rows.size(), std::size(Activations::all));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Activation kind = Activations::all[i];
    const Cells& cells = rows[i];
    ASSERT_EQ(cells.size(), 4u) << cells[0];
    EXPECT_EQ(cells[0], "`" + std::string(to_string(kind)) + "`");
    EXPECT_EQ(cells[2] != "0", kernels::is_curved(kind)) << cells[0];
    EXPECT_EQ(cells[3], kernels::keeps_slope(kind) ? "a, f', f''" : "a") << cells[0];
  }
}

/// Every activation that is not exact has a row with its error in the table of the shared maths.
template <Activation... kinds>
void expect_errors(KindList<Activation, kinds...>, const std::vector<Cells>& rows) {
  const auto look = [&]<Activation kind>() {
    constexpr double bound = ActivationCase<kind>::accuracy.ulp;
    const std::string name(to_string(kind));
    for (const Cells& cells : rows)
      if (cells.at(0) == name) {
        EXPECT_LE(std::stod(cells.at(2)), bound) << name;
        return;
      }
    EXPECT_EQ(bound, 0.0) << name << " has no row";
  };
  (look.template operator()<kinds>(), ...);
}

TEST(KindsInDocs, ActivationsHaveTheirErrors) {
  expect_errors(Activations{}, table("numerics.md", "| function | range | ulp |"));
}

/// The row of a configuration key must list these choices.
void expect_choices(const std::string& key, const std::string& choices) {
  const std::string page = read_text(std::string(SHOAL_DOCS) + "/configuration.md");
  EXPECT_NE(page.find("| `" + key + "` | text | " + choices + " |"), std::string::npos)
      << key << ": " << choices;
}

template <class Names>
std::string alternatives(const Names& names) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += " \\| ";
    if constexpr (std::is_enum_v<std::remove_cvref_t<decltype(name)>>)
      text += to_string(name);
    else
      text += name;
  }
  return text;
}

TEST(KindsInDocs, KeysOfTheConfigurationNameThemAll) {
  expect_choices("loss.name", alternatives(LossKinds::all));
  expect_choices("model.activation", alternatives(Activations::all));
  expect_choices("algorithm.name", alternatives(algorithm_names()));
}

}  // namespace
}  // namespace shoal::testing
