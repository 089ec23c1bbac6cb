// SPDX-License-Identifier: Apache-2.0
// Notice: what the library tells a person while it works. The library prints nothing; a caller that wants to
// know passes a function.
//
// Example:
//
//   #include <iostream>
//
//   const shoal::Notify tell = [](const shoal::Notice& notice) { std::cerr << notice.text << '\n'; };
//   const shoal::RunConfig config = shoal::load_config("clients.toml", {}, tell);
#pragma once

#include <functional>
#include <string>
#include <utility>

namespace shoal {

struct Notice {
  /// `note`: something that the library found or decided. `warning`: a result may not be what the caller
  /// expects.
  enum class Kind { note, warning };
  Kind kind = Kind::note;
  std::string text;  ///< one line without a line end, safe for a terminal
};

/// Receives notices in the order of events, on the thread of the call. An empty function receives nothing.
using Notify = std::function<void(const Notice&)>;

inline void tell_note(const Notify& notify, std::string text) {
  if (notify) notify({Notice::Kind::note, std::move(text)});
}
inline void tell_warning(const Notify& notify, std::string text) {
  if (notify) notify({Notice::Kind::warning, std::move(text)});
}

}  // namespace shoal
