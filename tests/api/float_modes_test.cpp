// SPDX-License-Identifier: Apache-2.0
// The rounding mode, flush-to-zero and unmasked exceptions of the caller change no bit of what any public
// function returns, and are in force again afterwards.
#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/shoal.hpp>

#include "support/scratch.hpp"

#if defined(__SSE__)
#include <xmmintrin.h>

namespace shoal {
namespace {

/// The result of a function, byte by byte, so that comparing it does no floating-point arithmetic.
class Bytes {
 public:
  void add(const std::string& text) { bytes_ += text + ";"; }
  template <class T>
  void add(std::span<const T> values) {
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    bytes_ += ";";
  }
  template <class T>
  void add(const std::vector<T>& values) {
    add(std::span<const T>(values));
  }
  template <class Real>
  void add(const TaskSet<Real>& set) {
    add(set.x);
    add(set.y);
    add(set.labels);
    add(set.output_offset);
    add(set.row_starts);
  }
  template <class Real>
  void add(const BasicTaskBatch<Real>& batch) {
    add(batch.support());
    add(batch.query());
    add(batch.ids());
  }
  void add_sample(const TaskSource& source) {
    add(source.sample(Phase::train, 3, 4));
    add(source.sample64(Phase::train, 3, 4));
    add(source.evaluation(Phase::test, 5));
    add(source.evaluation64(Phase::test, 5));
  }
  const std::string& text() const { return bytes_; }

 private:
  std::string bytes_;
};

/// A table whose columns have no short binary form, with a missing value, and denormals.
std::string table_text() {
  std::string text = "id,date,x,z,y\n";
  for (int row = 0; row < 240; ++row) {
    char line[160];
    std::snprintf(line, sizeof line, "k%d,2020-%02d-%02d,%s,%d.%03de-39,%.17g\n", row / 12, row % 12 + 1,
                  row % 28 + 1, row % 17 == 5 ? "" : std::to_string(std::sin(row) * 79.843420353387).c_str(),
                  row % 7, row % 997, std::cos(row * 1.7) + 1.5);
    text += line;
  }
  return text;
}

TableOptions table_options(const std::string& path) {
  TableOptions options;
  options.path = path;
  options.key = {"id"};
  options.features = {"x", "z"};
  options.targets = {"y"};
  options.time = "date";
  options.support = 4;
  options.missing = MissingPolicy::mean;
  options.split.train = 0.4;
  options.split.validation = 0.3;
  options.split.test = 0.3;
  return options;
}

PricePanel price_panel() {
  PricePanel panel;
  panel.assets = {"A", "B"};
  for (int day = 0; day < 90; ++day) {
    char date[16];
    std::snprintf(date, sizeof date, "20%02d-%02d-%02d", day / 28 % 12 + 1, day / 28 + 1, day % 28 + 1);
    panel.dates.push_back(date);
    for (int asset = 0; asset < 2; ++asset) panel.close.push_back(50.0 + std::sin(day * 1.3 + asset));
  }
  return panel;
}

template <class Real>
void use_learner(const Context& context, const TaskSource& source, const std::filesystem::path& file,
                 Bytes& result) {
  typename BasicMetaLearner<Real>::Options options{
      .model = {.inputs = 1, .hidden = {5}, .outputs = 1, .activation = Activation::tanh}};
  options.algorithm = MetaSgd{{.steps = 2, .learning_rate = 0.0137}};
  BasicMetaLearner<Real> learner(context, options);
  const auto tasks = [&] {
    if constexpr (std::is_same_v<Real, double>)
      return source.sample64(Phase::train, 0, 6);
    else
      return source.sample(Phase::train, 0, 6);
  }();
  result.add(learner.parameters().theta);
  result.add(learner.parameters().rates);
  result.add(learner.plan(tasks));
  const auto gradient = learner.meta_gradient(tasks);
  result.add(gradient.theta);
  result.add(gradient.rates);
  result.add(gradient.query_loss);
  result.add(learner.meta_step(tasks).theta);
  TrainOptions few;
  few.iterations = 3;
  few.tasks_per_batch = 4;
  train(learner, source, few);
  result.add(learner.parameters().theta);
  const auto fast = learner.adapt(tasks, 2);
  result.add(fast.phi);
  result.add(learner.predict(fast, tasks.query(), tasks.columns()));
  const int steps[] = {0, 2};
  const auto losses = learner.evaluate(tasks, steps);
  result.add(losses.loss);
  for (const StepSummary& s : summarize(losses, tasks.ids()))
    result.add(std::vector<double>{s.mean, s.half_width, s.median, s.q99, s.q999, s.divergence_rate});
  write_parameters<Real>(file, learner.layout(), learner.rate_layout(), learner.parameters(), {});
  const auto read_in = [&]<class T>(T) {
    const auto read =
        read_parameters<T>(file, learner.layout(), learner.rate_layout(), MissingRates::error, 0.0137);
    result.add(read.parameters.theta);
    result.add(read.parameters.rates);
  };
  read_in(float{});
  read_in(double{});
}

/// All public functions that compute. Their inputs are made beforehand, in the usual mode.
class Calls {
 public:
  Calls()
      : table_(folder_.file("table.csv", table_text())), panel_(price_panel()), panel_text_("Date,A,B\n") {
    for (int day = 0; day < 30; ++day)
      panel_text_ += "2020-01-" + std::string(day < 9 ? "0" : "") + std::to_string(day + 1) + "," +
                     std::to_string(20.1 + day * 0.037) + ",3.3333333333333333" + std::to_string(day) + "\n";
    TaskSetStorage<double> rows;
    for (int i = 0; i < 40; ++i) rows.x.push_back(std::exp(-i * 7.3) / 3.0), rows.y.push_back(1.0 / (i + 3));
    rows.row_starts = {0, 25, 40};
    wide_ = TaskBatch64::own({1, 1, 0}, rows, rows, {4, 9});
    TaskSetStorage<float> denormals;
    for (int i = 0; i < 8; ++i)
      denormals.x.push_back(std::ldexp(1.0f, -140 - i)), denormals.y.push_back(1.0f);
    denormals.row_starts = {0, 8};
    narrow_ = TaskBatch::own({1, 1, 0}, denormals, denormals, {1});
    for (int i = 0; i < 33; ++i) losses_.loss.push_back(1.0f / static_cast<float>(i + 1));
    losses_.steps = {0};
    losses_.status.assign(33, TaskStatus::good);
    losses_.failed_step.assign(33, -1);
    for (int i = 0; i < 33; ++i) ids_.push_back(i);
    for (int i = 0; i < 96; ++i) {
      key_codes_.push_back(i / 12);
      times_.push_back(i * 7 % 96);
      fractions_.push_back(std::sin(i) * 79.843420353387);
      denormals_.push_back(i % 7 * 1e-39 + i * 1e-42);  // below the smallest float of full precision
    }
  }

  std::map<std::string, std::function<void(Bytes&)>> all() const {
    std::map<std::string, std::function<void(Bytes&)>> calls;
    const GeneratorOptions generator{.seed = 3, .support = 5, .query = 7, .noise = 0.1};
    calls["sinusoid"] = [=](Bytes& b) { b.add_sample(*make_sinusoid(generator)); };
    calls["xsinx, normal"] = [=](Bytes& b) { b.add_sample(*make_xsinx(generator)); };
    calls["xsinx, uniform"] = [=](Bytes& b) { b.add_sample(*make_xsinx(generator, "uniform", -1.1, 2.3)); };
    calls["xsinx-window"] = [=](Bytes& b) { b.add_sample(*make_xsinx_window(generator)); };
    calls["query grid"] = [=](Bytes& b) {
      b.add_sample(*make_sinusoid({.seed = 3, .support = 5, .query = 7, .query_grid = 11}));
    };
    calls["table"] = [this](Bytes& b) {
      const auto source = make_table_source(table_options(table_), TargetType::real, 5);
      b.add(to_json(source->preprocessing()));
      b.add_sample(*source);
      const TaskBatch tested = source->evaluation(Phase::test, 0);
      for (const std::int64_t id : tested.ids()) b.add(source->key_of(id));
      for (int row = 0; row < 20; ++row) b.add(source->time_of(row));
    };
    calls["table of a model"] = [this](Bytes& b) {
      const auto trained = make_table_source(table_options(table_), TargetType::real, 5);
      const Preprocessing read = preprocessing_from_json(to_json(trained->preprocessing()));
      b.add(read.mean);
      b.add(read.deviation);
      b.add_sample(*make_table_source(table_options(table_), read, TargetType::real,
                                      TargetsNeeded::everywhere, Phases::split, 5));
    };
    calls["narrow and widen"] = [this](Bytes& b) {
      b.add(narrow(wide_));
      b.add(widen(narrow_));
      b.add(wide_.joined());
    };
    calls["summarize and quantile"] = [this](Bytes& b) {
      for (const StepSummary& s : summarize(losses_, ids_))
        b.add(std::vector<double>{s.mean, s.half_width, s.median, s.q99, s.q999, s.divergence_rate});
      b.add(std::vector<double>{quantile({1.0 / 3.0, 0.1, 7.7}, 0.37)});
    };
    calls["task file"] = [this](Bytes& b) {
      write_task_file(wide_file_, wide_);
      write_task_file(narrow_file_, narrow_);
      b.add(testing::read_text(wide_file_));
      b.add(read_task_file(narrow_file_));
      b.add_sample(*make_file_source(wide_file_, 1));
      b.add_sample(*make_file_source(narrow_file_, 1));
    };
    calls["tensor"] = [](Bytes& b) {
      const double third = 1.0 / 3.0;
      b.add(Tensor::of({1}, &third).values<float>());
    };
    calls["volatility"] = [this](Bytes& b) {
      b.add(volatility_features(panel_).values);
      b.add(parse_price_panel(panel_text_, "panel").close);
    };
    calls["initial parameters"] = [](Bytes& b) {
      for (const Initializer kind : {Initializer::glorot, Initializer::he, Initializer::truncated_normal})
        b.add(initial_parameters({.inputs = 3, .hidden = {7, 5}}, {.kind = kind}, 11));
    };
    calls["loss"] = [](Bytes& b) {
      const Loss loss{.kind = LossKind::pinball, .quantiles = {0.1, 0.9}};
      loss.validate(2);
      b.add(std::vector<double>{loss.terms(77.0, 2)});
    };
    calls["learner on cpu"] = [this](Bytes& b) {
      use_learner<float>(Context({.backend = BackendKind::cpu, .threads = 2}), *make_sinusoid({}),
                         parameters_file_, b);
    };
    calls["learner on reference"] = [this](Bytes& b) {
      use_learner<double>(Context({.backend = BackendKind::reference}), *make_sinusoid({}), parameters_file_,
                          b);
    };
    calls["configured source"] = [](Bytes& b) {
      RunConfig config;
      config.tasks.noise = 0.3;
      b.add_sample(*make_task_source(config));
    };
    add_memory(calls);
    return calls;
  }

 private:
  void add_memory(std::map<std::string, std::function<void(Bytes&)>>& calls) const {
    calls["table in memory"] = [this](Bytes& b) {
      const std::vector<TableColumn> table = {
          TableColumn::own_codes("id", key_codes_, {"a", "b", "c", "d", "e", "f", "g", "h"}),
          TableColumn::borrow_numbers("date", times_), TableColumn::borrow_numbers("x", fractions_),
          TableColumn::borrow_numbers("z", denormals_), TableColumn::borrow_numbers("y", fractions_)};
      const auto source = make_table_source(table, table_options(""), TargetType::real, 5);
      b.add(to_json(source->preprocessing()));
      b.add_sample(*source);
      const CellTexts texts = source->target_texts(0);
      for (int row = 0; row < 20; ++row)
        b.add(source->time_of(row) + std::string(texts[static_cast<std::size_t>(row)]));
    };
    calls["batch source"] = [this](Bytes& b) {
      b.add_sample(*make_batch_source(wide_, 3));
      b.add_sample(*make_batch_source(narrow_, 3, {.units = {{0.1}, {0.3}}}));
    };
    calls["responses"] = [this](Bytes& b) {
      std::vector<double> values(fractions_.size() / 3 * 4);
      Responses({LossKind::softmax}, 3)
          .of_rows<double>(fractions_, values, static_cast<std::int64_t>(fractions_.size() / 3));
      b.add(values);
      values.resize(fractions_.size());
      for (const LossKind kind : {LossKind::bce, LossKind::qlike}) {
        Responses({kind}, 1).of_rows<double>(fractions_, values, static_cast<std::int64_t>(values.size()));
        b.add(values);
      }
    };
  }

  testing::Scratch folder_;
  std::filesystem::path wide_file_ = folder_ / "wide.safetensors",
                        narrow_file_ = folder_ / "narrow.safetensors",
                        parameters_file_ = folder_ / "parameters.safetensors";
  std::string table_;
  PricePanel panel_;
  std::string panel_text_;
  TaskBatch64 wide_;
  TaskBatch narrow_;
  StepLosses<float> losses_;
  std::vector<std::int64_t> ids_;
  std::vector<std::int32_t> key_codes_;  // columns of a table in memory, like the next members
  std::vector<double> times_, fractions_, denormals_;
};

/// A floating-point mode of the caller, as the flags that it sets.
struct Mode {
  const char* name;
  int rounding;
  unsigned flags;  ///< flags added to round-to-nearest: flush to zero, denormals are zero, unmasked traps
};
constexpr unsigned flush = 0x8040, inexact_mask = 0x1000;
const Mode modes[] = {{"upward", FE_UPWARD, 0},
                      {"downward", FE_DOWNWARD, 0},
                      {"toward zero", FE_TOWARDZERO, 0},
                      {"flush to zero", FE_TONEAREST, flush},
                      {"inexact traps", FE_TONEAREST, 0}};

TEST(FloatModes, TheCallersChangesNoBitOfAnyPublicFunction) {
  const Calls calls;
  for (const auto& [name, call] : calls.all()) {
    Bytes nearest;
    call(nearest);
    for (const Mode& mode : modes) {
      Bytes result;
      std::fenv_t before;
      std::fegetenv(&before);
      std::fesetround(mode.rounding);
      const bool traps = std::string_view(mode.name) == "inexact traps";
      _mm_setcsr((_mm_getcsr() | mode.flags) & ~(traps ? inexact_mask : 0u) & ~0x3fu);
      const unsigned set = _mm_getcsr() & ~0x3fu;  // without the sticky flags
      call(result);
      const unsigned left = _mm_getcsr() & ~0x3fu;
      const int rounding = std::fegetround();
      std::fesetenv(&before);
      EXPECT_EQ(left, set) << name << ", " << mode.name;
      EXPECT_EQ(rounding, mode.rounding) << name << ", " << mode.name;
      EXPECT_TRUE(result.text() == nearest.text()) << name << ", " << mode.name;
    }
  }
}

}  // namespace
}  // namespace shoal
#endif
