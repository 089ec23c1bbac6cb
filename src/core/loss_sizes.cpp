// SPDX-License-Identifier: Apache-2.0
// Evaluates every loss at compile time, on rows in arrays of the sizes that backends allocate. So a loss does
// not compile if it reads or writes beyond them, if it does not set a derivative, or if its struct states
// another number of pairs than terms() produces.
#include <shoal/kinds.hpp>

#include "kernels/math/kind_traits.hpp"

namespace shoal {
namespace {

void a_value_is_read_that_nobody_has_written() {}  // calling it makes a constant expression invalid

/// A value of a row that knows whether the loss has written it.
struct Probe {
  bool written = false;
  constexpr Probe() = default;
  constexpr explicit Probe(float) : written(true) {}
};

template <class... Probes>
constexpr void read(Probes... probes) {
  if (!(... && probes.written)) a_value_is_read_that_nobody_has_written();
}
template <class... Probes>
constexpr Probe made_of(Probes... probes) {
  read(probes...);
  return Probe(0.0f);
}
template <class... Probes>
constexpr bool compared(Probes... probes) {
  read(probes...);
  return false;
}

// The lane operations and functions of kernels/ that losses use.
constexpr Probe operator-(Probe a) {
  return made_of(a);
}
constexpr Probe operator+(Probe a, Probe b) {
  return made_of(a, b);
}
constexpr Probe operator-(Probe a, Probe b) {
  return made_of(a, b);
}
constexpr Probe operator*(Probe a, Probe b) {
  return made_of(a, b);
}
constexpr Probe operator/(Probe a, Probe b) {
  return made_of(a, b);
}
constexpr bool operator<(Probe a, Probe b) {
  return compared(a, b);
}
constexpr bool operator<=(Probe a, Probe b) {
  return compared(a, b);
}
constexpr bool operator>(Probe a, Probe b) {
  return compared(a, b);
}
constexpr bool operator>=(Probe a, Probe b) {
  return compared(a, b);
}
constexpr bool operator==(Probe a, Probe b) {
  return compared(a, b);
}
constexpr Probe select(bool, Probe yes, Probe no) {
  return made_of(yes, no);
}
constexpr Probe fma(Probe a, Probe b, Probe c) {
  return made_of(a, b, c);
}
constexpr Probe abs(Probe a) {
  return made_of(a);
}
constexpr Probe exp(Probe a) {
  return made_of(a);
}
constexpr Probe log(Probe a) {
  return made_of(a);
}
constexpr Probe sigmoid(Probe a) {
  return made_of(a);
}
constexpr Probe softplus(Probe a) {
  return made_of(a);
}

template <int size>
constexpr bool all_written(const Probe (&values)[size]) {
  for (const Probe& value : values)
    if (!value.written) return false;
  return true;
}
template <int size>
constexpr void write_all(Probe (&values)[size]) {
  for (Probe& value : values) value = Probe(0.0f);
}

constexpr float levels[] = {0.25f, 0.5f, 0.75f};  // of the quantiles

/// Whether the loss stays within its arrays on a row of so many target columns (with labels: one class more).
template <LossKind kind, int columns>
consteval bool keeps_to_its_row() {
  using Loss = kernels::LossOf<kind>;
  constexpr kernels::LossOptions options{.kind = kind, .quantiles = levels, .quantile_count = 3};
  constexpr int targets = Loss::labels ? 1 : columns;
  constexpr int outputs = Loss::labels ? columns + 1 : columns * Loss::outputs_per_target(options);
  kernels::Network net;
  net.outputs = outputs;
  net.targets = targets;
  const Loss loss = Loss::of(options, net);

  Probe o[outputs], y[targets], ro[outputs], delta[outputs], rd[outputs];
  write_all(o);
  write_all(y);
  write_all(ro);
  loss.gradient(o, y, Probe(1.0f), delta);
  loss.curvature(o, y, ro, Probe(1.0f), rd);
  Probe factors[2 * kernels::pairs_in_row<Loss>(outputs, targets)];
  int count = 0;
  loss.terms(o, y, [&](const Probe& c, const Probe& v) {
    factors[count++] = c;
    factors[count++] = v;
  });
  return all_written(delta) && all_written(rd) && all_written(factors);
}

template <LossKind... kinds>
consteval bool all_keep_to_their_rows(KindList<LossKind, kinds...>) {
  return (... &&
          (keeps_to_its_row<kinds, 1>() && keeps_to_its_row<kinds, 2>() && keeps_to_its_row<kinds, 3>()));
}
static_assert(all_keep_to_their_rows(LossKinds{}));

}  // namespace
}  // namespace shoal
