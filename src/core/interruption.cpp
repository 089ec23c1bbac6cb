// SPDX-License-Identifier: Apache-2.0
#include <shoal/interruption.hpp>

#include <utility>

namespace shoal {
namespace {

thread_local const Interruption* newest = nullptr;

}  // namespace

Interruption::Interruption(std::function<void()> look) : look_(std::move(look)), outer_(newest) {
  newest = this;
}

Interruption::~Interruption() {
  newest = outer_;
}

bool Interruption::is_possible() {
  return newest != nullptr;
}

void Interruption::look() {
  if (newest) newest->look_();
}

}  // namespace shoal
