// SPDX-License-Identifier: Apache-2.0
// Notice: what the library has to tell a person while it works. The library prints nothing; a caller that
// wants to know passes a function:
//
//   const shoal::Notify tell = [](const shoal::Notice& notice) { std::cerr << notice.text << '\n'; };
//   const shoal::RunConfig config = shoal::load_config("clients.toml", {}, tell);
#pragma once

#include <functional>
#include <string>
#include <utility>

namespace shoal {

struct Notice {
  /// `note`: what was found out or decided. `warning`: a result may not be what the caller expects.
  enum class Kind { note, warning };
  Kind kind = Kind::note;
  std::string text;  ///< one line without its end, fit for a terminal
};

/// Receives notices in the order in which they come up, on the thread of the call. Empty: nobody is told.
using Notify = std::function<void(const Notice&)>;

inline void tell_note(const Notify& notify, std::string text) {
  if (notify) notify({Notice::Kind::note, std::move(text)});
}
inline void tell_warning(const Notify& notify, std::string text) {
  if (notify) notify({Notice::Kind::warning, std::move(text)});
}

}  // namespace shoal
