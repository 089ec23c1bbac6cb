// SPDX-License-Identifier: Apache-2.0
// Tables, tasks and runs in memory: this program reads and writes no file. docs/library.md shows its pieces.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <shoal/shoal.hpp>

namespace {

/// Some months of each client of a bank. A client defaults in months with an income below the client's own
/// threshold.
struct Clients {
  std::vector<std::string> names;         // [rows]
  std::vector<double> income, defaulted;  // [rows]
};

Clients make_clients() {
  Clients clients;
  unsigned draw = 1;
  for (int client = 0; client < 200; ++client)
    for (int month = 0; month < 24; ++month) {
      draw = draw * 1664525u + 1013904223u;
      const double income = (draw >> 16) % 100;
      clients.names.push_back("client " + std::to_string(client));
      clients.income.push_back(income);
      clients.defaulted.push_back(income < 20 + client % 60 ? 1 : 0);
    }
  return clients;
}

/// Thrown in the place of a user who interrupts the program.
struct Interrupt {};

/// Trains with an interruption, resumes, and returns the parameters.
shoal::MetaParameters<float> train_with_interruption(shoal::MetaLearner& learner,
                                                     const shoal::TaskSource& tasks) {
  shoal::MemoryStore<float> run;
  shoal::TrainOptions options{.iterations = 300, .tasks_per_batch = 20};
  options.observer = [](const shoal::TrainMetrics& metrics) {
    if (metrics.iteration == 123) throw Interrupt();
  };
  try {
    shoal::train(learner, tasks, options, &run);
  } catch (const Interrupt&) {
    std::printf("interrupted after %lld iterations\n", static_cast<long long>(run.newest->iteration));
  }
  options.observer = nullptr;
  shoal::train(learner, tasks, options, &run, shoal::StartFrom::checkpoint);
  return learner.parameters();
}

/// Rows that another part of a program owns.
struct Rows {
  std::vector<float> x = {12, 35, 61, 80, 25}, y = {1, 1, 0, 0, 1};
  std::vector<std::int64_t> support = {0, 4}, query = {0, 1}, ids = {1};
};

}  // namespace

int main() {
  const Clients clients = make_clients();
  const std::vector<shoal::TableColumn> table = {
      shoal::TableColumn::of_texts("client", clients.names),
      shoal::TableColumn::borrow_numbers("income", clients.income),
      shoal::TableColumn::borrow_numbers("defaulted", clients.defaulted)};
  const shoal::Loss loss{shoal::LossKind::bce};
  const auto tasks = shoal::make_table_source(
      table, {.key = {"client"}, .features = {"income"}, .targets = {"defaulted"}, .support = 12, .query = 0},
      shoal::targets_of(loss), 7);

  const shoal::Context context;
  const shoal::MetaLearner::Options model{.model = {.inputs = 1, .hidden = {16}, .outputs = 1},
                                          .loss = loss,
                                          .algorithm = shoal::Maml{{.steps = 5, .learning_rate = 0.1}}};
  shoal::MetaLearner learner(context, model), other(context, model);
  const shoal::MetaParameters<float> trained = train_with_interruption(learner, *tasks);
  shoal::train(other, *tasks, {.iterations = 300, .tasks_per_batch = 20});
  const bool same = trained.theta == other.parameters().theta;
  std::printf("the bits of a run without interruption: %s\n", same ? "yes" : "no");

  // A task in memory that the caller owns; its inputs are scaled like the model's features.
  const auto rows = std::make_shared<Rows>();
  const shoal::Preprocessing& scaler = tasks->preprocessing();
  for (float& x : rows->x) x = static_cast<float>((x - scaler.mean[0]) / scaler.deviation[0]);
  const std::span<const float> x(rows->x), y(rows->y);
  const auto batch =
      shoal::TaskBatch::borrow({.inputs = 1, .targets = 1}, {x.first(4), y.first(4), {}, {}, rows->support},
                               {x.last(1), y.last(1), {}, {}, rows->query}, rows->ids, rows);
  const auto source = shoal::make_batch_source({.test = batch}, 7);

  const shoal::MetaLearner untrained(context, model);
  const shoal::TaskBatch asked = source->evaluation(shoal::Phase::test, 1);
  const auto adapted = untrained.adapt(trained, asked, 5);  // at the parameters `trained`, not at its own
  const shoal::Responses responses(loss, 1, {"defaulted"});
  std::vector<float> values(1);
  responses.of_rows<float>(untrained.predict(adapted, asked.query(), asked.columns()), values, 1);
  std::printf("%s of default: %.3f\n", responses.columns()[0].name.c_str(), static_cast<double>(values[0]));
  return same ? 0 : 1;
}
