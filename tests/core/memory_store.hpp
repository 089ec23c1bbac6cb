// SPDX-License-Identifier: Apache-2.0
// A run store that keeps every checkpoint in memory, and the comparison of two trainings.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <vector>

#include <shoal/memory_store.hpp>

namespace shoal::testing {

template <class Real>
class MemoryStore : public shoal::MemoryStore<Real> {
 public:
  void save(const Checkpoint<Real>& checkpoint) override {
    shoal::MemoryStore<Real>::save(checkpoint);
    saved.push_back(checkpoint);
  }

  std::vector<std::int64_t> logged() const {
    std::vector<std::int64_t> iterations;
    for (const TrainMetrics& metrics : this->log) iterations.push_back(metrics.iteration);
    return iterations;
  }
  std::vector<std::int64_t> saved_at() const {
    std::vector<std::int64_t> iterations;
    for (const auto& checkpoint : saved) iterations.push_back(checkpoint.iteration);
    return iterations;
  }

  std::vector<Checkpoint<Real>> saved;
};

template <class Real>
void expect_same(const BasicMetaLearner<Real>& a, const BasicMetaLearner<Real>& b) {
  EXPECT_EQ(a.parameters().theta, b.parameters().theta);
  EXPECT_EQ(a.parameters().rates, b.parameters().rates);
  EXPECT_EQ(a.optimizer_state().first, b.optimizer_state().first);
  EXPECT_EQ(a.optimizer_state().second, b.optimizer_state().second);
  EXPECT_EQ(a.optimizer_state().step, b.optimizer_state().step);
  EXPECT_EQ(a.optimizer_state().beta1_power, b.optimizer_state().beta1_power);
  EXPECT_EQ(a.optimizer_state().beta2_power, b.optimizer_state().beta2_power);
}

template <class Real>
void expect_same(const Checkpoint<Real>& a, const BasicMetaLearner<Real>& b) {
  EXPECT_EQ(a.parameters.theta, b.parameters().theta);
  EXPECT_EQ(a.parameters.rates, b.parameters().rates);
  EXPECT_EQ(a.optimizer.first, b.optimizer_state().first);
  EXPECT_EQ(a.optimizer.second, b.optimizer_state().second);
  EXPECT_EQ(a.optimizer.step, b.optimizer_state().step);
}

inline void expect_same(const Validation& a, const Validation& b) {
  EXPECT_EQ(a.iteration, b.iteration);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(a.loss), std::bit_cast<std::uint64_t>(b.loss)) << a.iteration;
  EXPECT_EQ(a.good, b.good);
  EXPECT_EQ(a.failed, b.failed);
}

template <class Real>
void expect_same(const ModelSelection<Real>& a, const ModelSelection<Real>& b) {
  ASSERT_EQ(a.latest.has_value(), b.latest.has_value());
  ASSERT_EQ(a.best.has_value(), b.best.has_value());
  if (a.latest) expect_same(*a.latest, *b.latest);
  if (a.best) expect_same(*a.best, *b.best);
  EXPECT_EQ(a.best_parameters.theta, b.best_parameters.theta);
  EXPECT_EQ(a.best_parameters.rates, b.best_parameters.rates);
  EXPECT_EQ(a.longest_wait, b.longest_wait);
}

template <class Real>
void expect_same(const MemoryStore<Real>& a, const MemoryStore<Real>& b) {
  ASSERT_EQ(a.logged(), b.logged());
  for (std::size_t i = 0; i < a.log.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(a.log[i].query_loss),
              std::bit_cast<std::uint64_t>(b.log[i].query_loss));
    EXPECT_EQ(std::bit_cast<std::uint64_t>(a.log[i].query_loss_before),
              std::bit_cast<std::uint64_t>(b.log[i].query_loss_before));
    EXPECT_EQ(a.log[i].good, b.log[i].good);
    EXPECT_EQ(a.log[i].failures.size(), b.log[i].failures.size());
  }
  ASSERT_EQ(a.validations.size(), b.validations.size());
  for (std::size_t i = 0; i < a.validations.size(); ++i) expect_same(a.validations[i], b.validations[i]);
}

}  // namespace shoal::testing
