// SPDX-License-Identifier: Apache-2.0
// Signals in long calls: the interpreter notes a signal, and its handler runs when somebody looks.
#pragma once

#include <chrono>
#include <functional>

namespace shoal::python {

/// So often a call that computes takes the interpreter's lock to look for signals. A lock that is taken more
/// often slows calls down beside busy threads of Python.
inline constexpr auto between_looks = std::chrono::milliseconds(200);

/// For Interruption: throws what a handler has raised, e.g. KeyboardInterrupt.
std::function<void()> look_for_signals();

}  // namespace shoal::python
