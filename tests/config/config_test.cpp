// SPDX-License-Identifier: Apache-2.0
// Covers backtest_config, backtest_keys.
#include <gtest/gtest.h>

#include <random>

#include <shoal/error.hpp>

#include "config/config_file.hpp"
#include "support/scratch.hpp"

namespace shoal::config {
namespace {

RunConfig read(const std::string& text) {
  ConfigDraft draft;
  read_config(text, "test.toml", "", draft);
  return finished(draft);
}

TEST(Config, DefaultsAreThoseOfTheContract) {
  const RunConfig config = read("");
  EXPECT_EQ(config.seed, 7u);
  EXPECT_EQ(config.tasks.source, TaskSourceKind::sinusoid);
  EXPECT_EQ(config.tasks.support, 10);
  EXPECT_EQ(config.model.hidden, (std::vector<int>{40, 40}));
  EXPECT_EQ(config.model.activation, Activation::relu);
  EXPECT_EQ(config.model.init.kind, Initializer::glorot);
  EXPECT_EQ(config.loss.kind, LossKind::mse);
  EXPECT_EQ(name_of(config.algorithm), "maml");
  EXPECT_EQ(inner_loop_of(config.algorithm).steps, 1);
  EXPECT_EQ(inner_loop_of(config.algorithm).learning_rate, 0.01);
  EXPECT_EQ(config.train.iterations, 1000);
  EXPECT_EQ(config.train.tasks_per_batch, 25);
  EXPECT_EQ(config.train.optimizer.kind, OptimizerKind::adam);
  EXPECT_EQ(config.train.optimizer.learning_rate, 0.001);
  EXPECT_EQ(config.evaluate.steps, (std::vector<int>{0, 1, 5, 10}));
}

TEST(Config, ReadsATableSourceAsTheContractShowsIt) {
  const RunConfig config = read(R"(
[tasks]
source = "table"
path = "sp500-har.csv"
key = ["asset"]
features = ["a", "b"]
targets = ["squared_return"]
offset = "ln_ewma_variance"
time = "date"
windows = { support = 250, query = 21, stride = 21, purge = 0 }
missing = "error"
split = { by = "time", validation_from = "2003-01-01", test_from = "2006-01-01" }
[loss]
name = "qlike"
floor = 0.01
)");
  EXPECT_EQ(config.tasks.table.windows.support, 250);
  EXPECT_EQ(config.tasks.table.split.test_from, "2006-01-01");
  EXPECT_EQ(*config.loss.floor, 0.01);
  EXPECT_EQ(read(to_toml(config)).tasks.table, config.tasks.table);
}

TEST(Config, AModelKnowsFilesByNameAlone) {
  for (const char* path : {"/data/sets/prices.csv", "prices.csv", "../prices.csv"}) {
    const RunConfig config = read("threads = 3\n[tasks]\nsource = \"table\"\npath = \"" + std::string(path) +
                                  "\"\n[train]\nwarm_start = \"runs/pooled/\"\n");
    const std::string text = to_toml(config, ConfigScope::of_model);
    EXPECT_NE(text.find("path = \"prices.csv\"\n"), std::string::npos) << text;
    EXPECT_NE(text.find("warm_start = \"pooled\"\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("threads"), std::string::npos) << text;
  }
}

TEST(Config, ReadsBacktests) {
  const BacktestConfig usual = read("").backtest;
  EXPECT_EQ(usual, BacktestConfig{});
  EXPECT_EQ(to_toml(read("")).find("[backtest]"), std::string::npos);
  const RunConfig config = read(R"(
[risk]
levels = [0.01]
[backtest]
from = "2006-01-01"
refit = "never"
refit_baselines = "year"
window = 10
seeds = [7, 8]
combine = ["model", "linear"]
)");
  const BacktestConfig& backtest = config.backtest;
  EXPECT_EQ(backtest.refit, Refit::never);
  EXPECT_EQ(backtest.refit_baselines, Refit::year);
  EXPECT_EQ(backtest.window, 10);
  EXPECT_EQ(backtest.seeds, (std::vector<std::int64_t>{7, 8}));
  EXPECT_EQ(backtest.combine, (std::vector<std::string>{"model+linear"}));
  EXPECT_EQ(config.risk.levels, (std::vector<double>{0.01}));
  EXPECT_EQ(read(to_toml(config)).backtest, backtest);
  EXPECT_EQ(read("[backtest]\nwindow = \"expanding\"\ncombine = [\"a+b\", \"b+c\"]").backtest.combine,
            (std::vector<std::string>{"a+b", "b+c"}));
}

// For all values, a printed configuration can be read and gives the same configuration.
TEST(Config, PrintsWhatReadsBack) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    ConfigDraft draft;
    for (int change = 0; change < 12; ++change) {
      const ConfigKey& key = config_keys()[random() % config_keys().size()];
      ConfigValue value = key.get(draft);
      if (auto* number = std::get_if<double>(&value)) *number = static_cast<double>(random() % 1000) / 1024.0;
      if (auto* whole = std::get_if<std::int64_t>(&value))
        *whole = static_cast<std::int64_t>(1 + random() % 50);
      if (auto* flag = std::get_if<bool>(&value)) *flag = random() % 2 != 0;
      if (auto* text = std::get_if<std::string>(&value);
          text && (key.path == "tasks.path" || key.path == "tasks.time"))
        *text = "a \"b\" \\ c\n\t" + std::to_string(random());
      if (key.path == "tasks.source") value = std::string(random() % 2 ? "table" : "xsinx");
      if (key.path == "tasks.split.by") value = std::string("time");
      if (key.path == "tasks.features") value = std::vector<std::string>{"x", "y \"z\""};
      if (key.path == "model.hidden")
        value = std::vector<std::int64_t>{static_cast<std::int64_t>(1 + random() % 9)};
      if (key.path == "algorithm.step_weights") continue;
      key.set(draft, value);
    }
    const RunConfig config = finished(draft);
    const std::string text = to_toml(config);
    EXPECT_EQ(to_toml(read(text)), text);
  }
}

TEST(Config, MistakesNameFileLineAndKey) {
  struct Mistake {
    std::string text;
    const char* named;
  };
  const std::vector<Mistake> mistakes = {
      {"seed = ", "test.toml:1"},
      {"seed = 7\nseed = 8", "test.toml:2"},
      {"[train\n", "test.toml:1"},
      {"sed = 7", "sed: unknown key (did you mean \"seed\"?)"},
      {"[train]\nlrr = 1", "test.toml:2:7: train.lrr: unknown key (did you mean \"train.lr\"?)"},
      {"[trian]\nlr = 1", "trian: unknown key (did you mean \"train\"?)"},
      {"[tasks.windoes]\nquery = 1", "tasks.windoes: unknown key (did you mean \"tasks.windows\"?)"},
      {"[tasks]\nsplit.test_from = 2006-01-01", "expected a text in quotes, not a bare date"},
      {"[algorithm]\nlr = 1", "did you mean \"train.lr\"?"},
      {"train = 3", "train: expected a table"},
      {"seed = \"7\"", "seed: expected an integer"},
      {"seed = -1", "seed: expected an integer from 0"},
      {"seed = 1.5", "seed: expected an integer"},
      {"threads = -2", "threads"},
      {"backend = \"gpu\"", "unknown backend \"gpu\"; known: auto"},
      {"isa = \"sse\"", "unknown instruction set"},
      {"math = \"quick\"", "unknown math \"quick\"; known: exact, fast"},
      {"[model]\nhidden = 40", "model.hidden: expected a list of integers"},
      {"[model]\nhidden = [40, 0]", "model.hidden"},
      {"[model]\nhidden = [40, \"a\"]", "expected a list of one type"},
      {"[model]\nactivation = \"swish\"", "unknown activation \"swish\"; known: identity, relu"},
      {"[model]\nskip = 1", "model.skip: expected true or false"},
      {"[model]\ninit = \"xavier\"", "unknown initialisation"},
      {"[loss]\nname = \"l1\"", "unknown loss \"l1\""},
      {"[loss]\ndelta = nan", "loss.delta: expected a finite number"},
      {"[train]\ntasks_per_batch = 0", "train.tasks_per_batch"},
      {"[train]\noptimizer = \"lion\"", "unknown optimizer"},
      {"[tasks]\nwindows = 3", "tasks.windows: expected a table"},
      {"[tasks]\nwindows = { supp = 3 }",
       "tasks.windows.supp: unknown key (did you mean \"tasks.windows.support\"?)"},
      {"[tasks]\nmissing = \"zero\"", "unknown policy for missing values \"zero\"; known: error, drop, mean"},
      {"[tasks]\nkey = \"asset\"", "tasks.key: expected a list of texts"},
      {"[tasks]\nsource = 2020-01-01", "tasks.source"},
      {"[backtest]\nrefit = \"weekly\"", "known: never, year, quarter, month"},
      {"[backtest]\nwindow = 0", "expected \"expanding\" or a number of years"},
      {"[backtest]\nwindow = \"1y\"", "expected \"expanding\" or a number of years"},
      {"[backtest]\nseeds = [7, 7]", "expected different seeds"},
      {"[backtest]\ncombine = [\"model\"]", "at least two different names"},
      {"[backtest]\ncombine = [\"a+b\", \"a+\"]", "at least two different names"},
      {"[risk]\nlevels = [0.01, 0.5]", "different numbers between 0 and 0.5"},
      {"[tasks]\nsource = \"tabel\"",
       "test.toml:2:10: tasks.source: unknown source \"tabel\"; known: sinusoid, xsinx, xsinx-window, "
       "market-regimes, credit-segments, table, file"},
      {"[algorithm]\ninner_lr = inf", "algorithm.inner_lr: expected a finite number"},
      {"[algorithm]\nlearned_lr = \"all\"", "unknown learned rate"},
      {"[algorithm]\ninner_lr = -0.1", "algorithm.inner_lr: expected a number from 0 up"},
      {"[train]\nlr = -1", "train.lr: expected a number from 0 up"},
      {"[evaluate]\nmax_failed_share = -1", "evaluate.max_failed_share: expected a number from 0 up"},
      {"[evaluate]\nmax_failed_share = 1.5", "evaluate.max_failed_share: expected a number up to 1"},
  };
  for (const Mistake& mistake : mistakes) {
    try {
      read(mistake.text);
      ADD_FAILURE() << "accepted: " << mistake.text;
    } catch (const InvalidArgument& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.find("test.toml:"), 0u) << message;
      EXPECT_NE(message.find(mistake.named), std::string::npos) << message;
    }
  }
  EXPECT_THROW(read("[algorithm]\nname = \"mamml\""), InvalidArgument);
  EXPECT_THROW(read("[algorithm]\nname = \"fomaml\"\nlearned_lr = \"layer\""), InvalidArgument);
  EXPECT_THROW(read("[algorithm]\ninner_steps = 2\nstep_weights = [1.0]"), InvalidArgument);
}

TEST(Config, OverridesTakeBareTextAndToml) {
  ConfigDraft draft;
  override_config("tasks.source=xsinx", draft);
  override_config("train.lr=0.5", draft);
  override_config("model.hidden=[3, 4]", draft);
  override_config("tasks.windows.support=9", draft);
  EXPECT_EQ(draft.config.tasks.source, TaskSourceKind::xsinx);
  EXPECT_EQ(draft.config.train.optimizer.learning_rate, 0.5);
  EXPECT_EQ(draft.config.model.hidden, (std::vector<int>{3, 4}));
  EXPECT_EQ(draft.config.tasks.table.windows.support, 9);
  EXPECT_THROW(override_config("train.lr", draft), InvalidArgument);
  EXPECT_THROW(override_config("=3", draft), InvalidArgument);
  EXPECT_THROW(override_config("train.lr=fast", draft), InvalidArgument);
}

TEST(Config, EveryKeyIsDocumented) {
  const std::string page = testing::read_text(SHOAL_CONFIGURATION_PAGE);
  ASSERT_FALSE(page.empty());
  for (const ConfigKey& key : config_keys())
    EXPECT_NE(page.find("| `" + key.path + "` | " + key.type + " | "), std::string::npos) << key.path;
}

}  // namespace
}  // namespace shoal::config
