// SPDX-License-Identifier: Apache-2.0
#include <shoal.h>

#include "capi/failure.hpp"
#include "capi/handles.hpp"
#include "capi/options.hpp"

using namespace shoal;
using namespace shoal::capi;

extern "C" {

int shoal_context_create(const char* toml, shoal_context** context) {
  return guarded(__func__, [&] {
    require_pointer(context, "context");
    constexpr std::string_view keys[] = {"backend", "threads", "isa", "math"};
    auto state = std::make_shared<ContextState>(context_options(options_of(toml, keys)));
    *context = static_cast<shoal_context*>(add_handle(std::move(state)));
  });
}

size_t shoal_real_size(const shoal_context* context) {
  size_t size = 0;
  guarded(__func__, [&] { size = state_of(context)->wide ? sizeof(double) : sizeof(float); });
  return size;
}

int shoal_release(const void* handle) {
  return guarded(__func__, [&] {
    if (handle && !remove_handle(handle)) throw InvalidArgument("no handle, or one that is released");
  });
}
}
