// SPDX-License-Identifier: Apache-2.0
#include "config/config_keys.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>

#include <shoal/error.hpp>

#include "config/backtest_keys.hpp"
#include "config/key_kinds.hpp"

namespace shoal::config {
namespace {

bool is_table(const Draft& d) {
  return d.config.tasks.source == TaskSourceKind::table;
}
bool has_path(const Draft& d) {
  return !is_generated(d.config.tasks.source);
}
bool has_windows(const Draft& d) {
  return is_table(d) && d.config.tasks.table.windows.query > 0;
}
bool splits_by_time(const Draft& d) {
  return is_table(d) && d.config.tasks.table.split.by == "time";
}
bool has_test_time(const Draft& d) {
  return splits_by_time(d) || (is_table(d) && !d.config.tasks.table.split.test_from.empty());
}
bool has_validation_time(const Draft& d) {
  return splits_by_time(d) || (has_test_time(d) && !d.config.tasks.table.split.validation_from.empty());
}
bool holds_out(const Draft& d) {
  return is_table(d) && !d.config.tasks.table.hold_out.empty();
}
bool has_train_time(const Draft& d) {
  return splits_by_time(d) && has_windows(d) && !d.config.tasks.table.split.train_from.empty();
}
bool purges_split(const Draft& d) {
  return splits_by_time(d) && has_windows(d) && d.config.tasks.table.split.purge > 0;
}
bool is_credit(const Draft& d) {
  return d.config.tasks.source == TaskSourceKind::credit_segments;
}
bool splits_by_task(const Draft& d) {
  return is_table(d) && d.config.tasks.table.split.by == "task";
}

/// The values of a key, which are kinds or texts: "mse | huber | bce".
template <class Known>
std::string alternatives(const Known& known) {
  std::string text;
  for (const auto& one : known) {
    if (!text.empty()) text += " | ";
    if constexpr (std::is_enum_v<std::remove_cvref_t<decltype(one)>>)
      text += to_string(one);
    else
      text += one;
  }
  return text;
}

void add_tasks(std::vector<ConfigKey>& keys) {
  ConfigKey support = integer("tasks.support", SHOAL_FIELD(config.tasks.support), "support rows per task");
  support.set = [set = support.set](Draft& d, const ConfigValue& value) {
    set(d, value);
    d.config.tasks.table.support = d.config.tasks.support;
  };
  ConfigKey query =
      integer("tasks.query", SHOAL_FIELD(config.tasks.query),
              "query rows per task; tables: at most, 0 = all (a random sample; with time the first)");
  query.set = [set = query.set](Draft& d, const ConfigValue& value) {
    set(d, value);
    d.config.tasks.table.query = d.config.tasks.query;
  };
  ConfigKey scale_targets = choice(
      "tasks.scale_targets", SHOAL_FIELD(config.tasks.table.scale_targets), scale_targets_from_string,
      "standardise targets of mse, huber, pinball and gaussian-nll by meta-train rows: auto (a deviation is "
      "outside [0.1, 10]) | true | false");
  scale_targets.set = [set = scale_targets.set](Draft& d, const ConfigValue& value) {
    const auto* flag = std::get_if<bool>(&value);
    set(d, flag ? ConfigValue(std::string(*flag ? "true" : "false")) : value);
  };
  const auto is_xsinx = [](const Draft& d) { return d.config.tasks.source == TaskSourceKind::xsinx; };
  keys.insert(
      keys.end(),
      {choice("tasks.source", SHOAL_FIELD(config.tasks.source), task_source_from_string,
              "sinusoid | xsinx | xsinx-window | market-regimes | credit-segments | table | file"),
       support,
       query,
       number("tasks.noise", SHOAL_FIELD(config.tasks.noise),
              "generators: standard deviation of noise on targets", 0.0),
       shown_if(text("tasks.law", SHOAL_FIELD(config.tasks.law), "xsinx: law of x, normal | uniform"),
                is_xsinx),
       shown_if(number("tasks.low", SHOAL_FIELD(config.tasks.low), "xsinx, uniform: smallest x"), is_xsinx),
       shown_if(number("tasks.high", SHOAL_FIELD(config.tasks.high), "xsinx, uniform: largest x"), is_xsinx),
       shown_if(number("tasks.tau", SHOAL_FIELD(config.tasks.spread.tau),
                       "credit-segments: how much the slopes of segments differ", 0.0),
                is_credit),
       shown_if(number("tasks.level_sd", SHOAL_FIELD(config.tasks.spread.level_sd),
                       "credit-segments: deviation of the level of the log-odds", 0.0),
                is_credit),
       shown_if(
           as_path(text("tasks.path", SHOAL_FIELD(config.tasks.table.path),
                        "table: .csv, or .npy with columns c0, c1, ..., also as .gz or .zst, or a pattern "
                        "of such files (prices/*.csv); file: task file")),
           has_path),
       shown_if(text("tasks.delimiter", SHOAL_FIELD(config.tasks.table.format.delimiter),
                     "character between fields; a blank: any run of them; \"\" = a comma, or what yields the "
                     "columns: semicolon, tab or bar"),
                is_table),
       shown_if(text("tasks.decimal", SHOAL_FIELD(config.tasks.table.format.decimal),
                     "character between a number's whole part and its fraction"),
                is_table),
       shown_if(text("tasks.thousands", SHOAL_FIELD(config.tasks.table.format.thousands),
                     "character between groups of three digits; \"\" = none"),
                is_table),
       shown_if(texts("tasks.units", SHOAL_FIELD(config.tasks.table.format.units),
                      "texts stripped before or behind numbers; % does not divide by 100"),
                is_table),
       shown_if(texts("tasks.missing_words", SHOAL_FIELD(config.tasks.table.format.missing_words),
                      "more words for a missing value, e.g. \".\" or \"-99.99\"; numbers by their value"),
                is_table),
       shown_if(integer("tasks.skip_rows", SHOAL_FIELD(config.tasks.table.format.skip_rows),
                        "lines in front of the header"),
                is_table),
       shown_if(text("tasks.comment", SHOAL_FIELD(config.tasks.table.format.comment),
                     "lines that begin with it are skipped; \"\" = none"),
                is_table),
       shown_if(texts("tasks.key", SHOAL_FIELD(config.tasks.table.key),
                      "columns that name the task; $file: the name of the row's file"),
                is_table),
       shown_if(texts("tasks.features", SHOAL_FIELD(config.tasks.table.features), "input columns"), is_table),
       shown_if(texts("tasks.categorical", SHOAL_FIELD(config.tasks.table.categorical),
                      "features that are categories whatever their values look like"),
                is_table),
       shown_if(integer("tasks.max_categories", SHOAL_FIELD(config.tasks.table.max_categories),
                        "most different texts with which a feature becomes categories without being listed"),
                is_table),
       shown_if(texts("tasks.targets", SHOAL_FIELD(config.tasks.table.targets),
                      "target columns; softmax: one column of labels"),
                is_table),
       shown_if(text("tasks.positive", SHOAL_FIELD(config.tasks.table.positive),
                     "bce: which of the two values of the targets counts as 1"),
                is_table),
       shown_if(
           text("tasks.offset", SHOAL_FIELD(config.tasks.table.offset), "column added to the network output"),
           is_table),
       shown_if(text("tasks.time", SHOAL_FIELD(config.tasks.table.time), "column that orders rows"),
                is_table),
       shown_if(text("tasks.time_format", SHOAL_FIELD(config.tasks.table.time_format),
                     "layout of times, e.g. %d/%m/%Y; empty = one that formats.md lists"),
                is_table),
       shown_if(integer("tasks.windows.support", SHOAL_FIELD(config.tasks.table.windows.support),
                        "windows: support rows"),
                has_windows),
       shown_if(integer("tasks.windows.query", SHOAL_FIELD(config.tasks.table.windows.query),
                        "windows: query rows; 0 = no windows"),
                has_windows),
       shown_if(integer("tasks.windows.stride", SHOAL_FIELD(config.tasks.table.windows.stride),
                        "windows: rows from one to the next; 0 = query"),
                has_windows),
       shown_if(integer("tasks.windows.purge", SHOAL_FIELD(config.tasks.table.windows.purge),
                        "windows: rows left out between support and query"),
                has_windows),
       shown_if(choice("tasks.missing", SHOAL_FIELD(config.tasks.table.missing), missing_from_string,
                       "missing values: error | drop | mean (with an indicator column)"),
                is_table),
       shown_if(text("tasks.split.by", SHOAL_FIELD(config.tasks.table.split.by), "task (by shares) | time"),
                is_table),
       shown_if(number("tasks.split.train", SHOAL_FIELD(config.tasks.table.split.train),
                       "share of meta-train tasks", 0.0, 1.0),
                splits_by_task),
       shown_if(number("tasks.split.validation", SHOAL_FIELD(config.tasks.table.split.validation),
                       "share of validation tasks", 0.0, 1.0),
                splits_by_task),
       shown_if(number("tasks.split.test", SHOAL_FIELD(config.tasks.table.split.test), "share of test tasks",
                       0.0, 1.0),
                splits_by_task),
       shown_if(text("tasks.split.validation_from", SHOAL_FIELD(config.tasks.table.split.validation_from),
                     "first time of validation queries"),
                has_validation_time),
       shown_if(
           text("tasks.split.test_from", SHOAL_FIELD(config.tasks.table.split.test_from),
                "first time of test queries; by = \"task\": also where the rows of the other phases end"),
           has_test_time),
       shown_if(text("tasks.split.train_from", SHOAL_FIELD(config.tasks.table.split.train_from),
                     "windows: no row of a meta-train task is earlier"),
                has_train_time),
       shown_if(integer("tasks.split.purge", SHOAL_FIELD(config.tasks.table.split.purge),
                        "windows: last rows of a key before test_from whose targets are not known yet"),
                purges_split),
       shown_if(texts("tasks.hold_out", SHOAL_FIELD(config.tasks.table.hold_out),
                      "keys that only --phase held-out looks at"),
                holds_out),
       shown_if(integer("tasks.purge", SHOAL_FIELD(config.tasks.table.purge),
                        "rows left out between support and query in time"),
                is_table),
       shown_if(flag("tasks.stratify", SHOAL_FIELD(config.tasks.table.stratify),
                     "support rows of every class, in proportion (bce, softmax; without time)"),
                is_table),
       shown_if(flag("tasks.scale", SHOAL_FIELD(config.tasks.table.scale),
                     "standardise features by meta-train rows"),
                is_table),
       shown_if(scale_targets, is_table)});
}

void add_model(std::vector<ConfigKey>& keys) {
  keys.insert(
      keys.end(),
      {integers("model.hidden", SHOAL_FIELD(config.model.hidden), "hidden widths; [] is a linear model", 1),
       choice("model.activation", SHOAL_FIELD(config.model.activation), activation_from_string,
              alternatives(Activations::all)),
       flag("model.skip", SHOAL_FIELD(config.model.skip), "linear skip from input to output"),
       choice("model.init", SHOAL_FIELD(config.model.init.kind), initializer_from_string,
              "glorot | he | truncated-normal"),
       shown_if(number("model.init_sd", SHOAL_FIELD(config.model.init.standard_deviation),
                       "truncated-normal: standard deviation", 0.0),
                [](const Draft& d) { return d.config.model.init.kind == Initializer::truncated_normal; }),
       integer("model.outputs", SHOAL_FIELD(config.model.outputs),
               "softmax: classes; 0 = from parameters or data")});
}

void add_loss(std::vector<ConfigKey>& keys) {
  const auto is_loss = [](LossKind kind) {
    return [kind](const Draft& d) { return d.config.loss.kind == kind; };
  };
  ConfigKey floor{"loss.floor", "number", "qlike: targets count as at least this",
                  [](const Draft& d) { return ConfigValue(d.config.loss.floor.value_or(0.0)); },
                  [](Draft& d, const ConfigValue& value) { d.config.loss.floor = as_number(value); }};
  keys.insert(
      keys.end(),
      {choice("loss.name", SHOAL_FIELD(config.loss.kind), loss_from_string, alternatives(LossKinds::all)),
       shown_if(number("loss.delta", SHOAL_FIELD(config.loss.delta), "huber"), is_loss(LossKind::huber)),
       shown_if(number("loss.pos_weight", SHOAL_FIELD(config.loss.pos_weight), "bce: weight of positives"),
                is_loss(LossKind::bce)),
       shown_if(
           numbers("loss.quantiles", SHOAL_FIELD(config.loss.quantiles), "pinball: levels between 0 and 1"),
           is_loss(LossKind::pinball)),
       shown_if(floor, [](const Draft& d) { return d.config.loss.floor.has_value(); })});
}

void add_algorithm(std::vector<ConfigKey>& keys) {
  keys.insert(keys.end(), {text("algorithm.name", SHOAL_FIELD(algorithm), alternatives(algorithm_names())),
                           integer("algorithm.inner_steps", SHOAL_FIELD(inner.steps), "adaptation steps"),
                           number("algorithm.inner_lr", SHOAL_FIELD(inner.learning_rate),
                                  "inner learning rate, or where learned rates start", 0.0),
                           choice("algorithm.learned_lr", SHOAL_FIELD(inner.learned_rate),
                                  learned_rate_from_string, "none | layer | layer-step | parameter"),
                           numbers("algorithm.step_weights", SHOAL_FIELD(inner.step_weights),
                                   "multi-step loss: a weight per step, sum 1; [] = last step"),
                           number("algorithm.max_move", SHOAL_FIELD(inner.max_move),
                                  "a task fails when a weight moves further; 0 = off", 0.0)});
  ConfigKey gate = same_training(
      choice("algorithm.gate", SHOAL_FIELD(config.gate), gate_from_string,
             "off | auto: the data decide whether tasks adapt, their last bias, or not at all"));
  keys.push_back(shown_if(gate, [](const Draft& d) { return d.config.gate != Gate::off; }));
}

void add_train(std::vector<ConfigKey>& keys) {
  ConfigKey validate_every =
      integer("train.validate_every", SHOAL_FIELD(config.train.validate_every.emplace()),
              "iterations between validations; 0 = never; unset: 20 "
              "for tables that have such tasks",
              0, std::int64_t{1} << 40);
  validate_every.get = [](const Draft& d) { return ConfigValue(d.config.train.validate_every.value_or(0)); };
  keys.insert(
      keys.end(),
      {same_training(integer("train.iterations", SHOAL_FIELD(config.train.iterations), "meta-iterations", 0,
                             std::int64_t{1} << 40)),
       integer("train.tasks_per_batch", SHOAL_FIELD(config.train.tasks_per_batch), "tasks per meta-iteration",
               1, 1 << 30),
       shown_if(choice("train.sampling", SHOAL_FIELD(config.train.sampling), sampling_from_string,
                       "what a meta-batch is drawn from: tasks (each once an epoch) | rows (a task's "
                       "probability is proportional to its rows)"),
                [](const Draft& d) { return d.config.train.sampling != Sampling::tasks; }),
       integer("train.chunk", SHOAL_FIELD(config.train.chunk), "most tasks per backend call; 0 = all", 0,
               1 << 30),
       choice("train.optimizer", SHOAL_FIELD(config.train.optimizer.kind), optimizer_from_string,
              "sgd | momentum | adam | adamw"),
       number("train.lr", SHOAL_FIELD(config.train.optimizer.learning_rate), "outer learning rate", 0.0),
       number("train.beta1", SHOAL_FIELD(config.train.optimizer.beta1), "adam, adamw"),
       number("train.beta2", SHOAL_FIELD(config.train.optimizer.beta2), "adam, adamw"),
       number("train.epsilon", SHOAL_FIELD(config.train.optimizer.epsilon), "adam, adamw"),
       number("train.weight_decay", SHOAL_FIELD(config.train.optimizer.weight_decay),
              "L2 penalty; adamw: decoupled", 0.0),
       number("train.momentum", SHOAL_FIELD(config.train.optimizer.momentum), "momentum"),
       number("train.clip", SHOAL_FIELD(config.train.optimizer.clip),
              "largest norm of the meta-gradient; 0 = off", 0.0),
       choice("train.schedule", SHOAL_FIELD(config.train.optimizer.schedule), schedule_from_string,
              "constant | cosine"),
       number("train.final_lr", SHOAL_FIELD(config.train.optimizer.final_learning_rate),
              "cosine: rate at the end", 0.0),
       shown_if(validate_every, [](const Draft& d) { return d.config.train.validate_every.has_value(); }),
       same_training(choice("train.keep", SHOAL_FIELD(config.train.keep), keep_from_string,
                            "the model that is written: best (by validation, where there is any) | last")),
       same_training(integer("train.patience", SHOAL_FIELD(config.train.patience),
                             "validations in a row without improvement that end the training; 0 = off")),
       same_training(integer("train.checkpoint_every", SHOAL_FIELD(config.train.checkpoint_every),
                             "iterations; 0 = only at the end", 0, std::int64_t{1} << 40)),
       same_training(integer("train.log_every", SHOAL_FIELD(config.train.log_every),
                             "iterations per line of metrics; 0 = a hundred lines at least", 0,
                             std::int64_t{1} << 40)),
       as_path(text("train.warm_start", SHOAL_FIELD(config.train.warm_start),
                    "run or parameters file to start from"))});
}

void add_evaluate(std::vector<ConfigKey>& keys) {
  keys.insert(
      keys.end(),
      {same_training(integer("evaluate.tasks", SHOAL_FIELD(config.evaluate.tasks),
                             "generators: tasks to evaluate on", 1, 1 << 30)),
       same_training(
           integers("evaluate.steps", SHOAL_FIELD(config.evaluate.steps), "numbers of adaptation steps", 0)),
       same_training(flag("evaluate.select_steps", SHOAL_FIELD(config.evaluate.select_steps),
                          "validation chooses among evaluate.steps what adapt and predict take")),
       // Shown where they were set, so that a model that says nothing of them keeps its bytes.
       shown_if(same_training(
                    choice("evaluate.cluster", SHOAL_FIELD(config.evaluate.cluster), cluster_from_string,
                           "independent in intervals: auto (time where the split is by time) | task | time")),
                [](const Draft& d) { return d.config.evaluate.cluster != Cluster::automatic; }),
       shown_if(same_training(integer("evaluate.lag", SHOAL_FIELD(config.evaluate.lag),
                                      "lag of intervals by time; at most a quarter of the times")),
                [](const Draft& d) { return d.config.evaluate.lag != 21; }),
       same_training(integer("evaluate.query_grid", SHOAL_FIELD(config.evaluate.query_grid),
                             "generators: evenly spaced query points; 0 = random")),
       same_training(number("evaluate.max_failed_share", SHOAL_FIELD(config.evaluate.max_failed_share),
                            "exit code 5 above this share of bad tasks", 0.0, 1.0))});
}

void add_explain(std::vector<ConfigKey>& keys) {
  keys.insert(
      keys.end(),
      {shown_if(same_training(named_texts("explain.groups", SHOAL_FIELD(config.explain.groups),
                                          "groups of columns that explain divides an output among; empty: "
                                          "one per feature")),
                [](const Draft& d) { return !d.config.explain.groups.empty(); }),
       shown_if(same_training(as_path(text("explain.reasons", SHOAL_FIELD(config.explain.reasons),
                                           "CSV with columns group and text: how explain words a reason"))),
                [](const Draft& d) { return !d.config.explain.reasons.empty(); }),
       shown_if(same_training(text("explain.class", SHOAL_FIELD(config.explain.class_name),
                                   "softmax: the class whose output explain divides")),
                [](const Draft& d) { return !d.config.explain.class_name.empty(); })});
}

std::vector<ConfigKey> make_keys() {
  std::vector<ConfigKey> keys;
  keys.push_back(integer("seed", SHOAL_FIELD(config.seed), "seed of everything random", 0,
                         std::numeric_limits<std::int64_t>::max()));
  keys.push_back(on_machine(
      choice("backend", SHOAL_FIELD(config.backend), backend_from_string, "auto | reference | cpu | cuda")));
  keys.push_back(on_machine(integer("threads", SHOAL_FIELD(config.threads), "0 = every core")));
  keys.push_back(
      on_machine(choice("isa", SHOAL_FIELD(config.isa), isa_from_string, "auto | scalar | avx2 | avx512")));
  keys.push_back(on_machine(choice("math", SHOAL_FIELD(config.math), math_from_string,
                                   "exact | fast (only cuda has it; outside the numerical contract)")));
  add_tasks(keys);
  add_model(keys);
  add_loss(keys);
  add_algorithm(keys);
  add_train(keys);
  add_evaluate(keys);
  add_risk(keys);
  add_backtest(keys);
  add_explain(keys);
  return keys;
}

}  // namespace

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> keys = make_keys();
  return keys;
}

ConfigDraft draft_of(const RunConfig& config) {
  ConfigDraft draft;
  draft.config = config;
  draft.algorithm = name_of(config.algorithm);
  draft.inner = options_of(config.algorithm);
  return draft;
}

RunConfig finished(const ConfigDraft& draft) {
  RunConfig config = draft.config;
  config.algorithm = make_algorithm(draft.algorithm, draft.inner);
  validate(config.algorithm);
  config.train.optimizer.iterations = std::max<std::int64_t>(1, config.train.iterations);
  if (config.evaluate.steps.empty())
    throw InvalidArgument("evaluate.steps: needs at least one number of steps");
  return config;
}

}  // namespace shoal::config
