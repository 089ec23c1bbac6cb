// SPDX-License-Identifier: Apache-2.0
#include "learner.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <shoal/error.hpp>
#include <shoal/interruption.hpp>
#include <shoal/run_config.hpp>

#include "adapted.hpp"
#include "arrays.hpp"
#include "bindings.hpp"
#include "config.hpp"
#include "contexts.hpp"
#include "signals.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace shoal::python {

const TaskBatch& batch_for(const Batch& batch, const MetaLearner&) {
  const auto* tasks = std::get_if<TaskBatch>(&batch.tasks);
  if (!tasks)
    throw InvalidArgument("the batch holds float64, the learner computes in float32: give float32 arrays");
  return *tasks;
}

TaskBatch64 batch_for(const Batch& batch, const MetaLearner64&) {
  const auto* tasks = std::get_if<TaskBatch>(&batch.tasks);
  return tasks ? widen(*tasks) : std::get<TaskBatch64>(batch.tasks);
}

namespace {

/// Computes with the learner without the interpreter's lock; turns the result into Python with it.
template <class Work>
auto take_turn(Learner& learner, Work work) {
  const Interruption interruption(look_for_signals());
  const nb::gil_scoped_release released;
  const std::lock_guard lock(learner.turn);
  return std::visit(work, learner.engine);
}

nb::object status_array(const std::vector<TaskStatus>& status, std::initializer_list<std::size_t> shape) {
  std::vector<std::uint8_t> values;
  values.reserve(status.size());
  for (const TaskStatus one : status) values.push_back(static_cast<std::uint8_t>(one));
  return to_numpy(std::move(values), shape);
}

std::span<const std::int64_t> ids_of(const Batch& batch) {
  return std::visit([](const auto& tasks) { return tasks.ids(); }, batch.tasks);
}

template <class Real>
nb::dict to_dict(MetaGradient<Real> result, std::size_t parameters) {
  nb::dict dict;
  const std::size_t tasks = result.status.size();
  dict["theta"] = to_numpy(std::move(result.theta));
  dict["rates"] = to_numpy(std::move(result.rates));
  dict["query_loss_before"] = to_numpy(std::move(result.query_loss_before));
  dict["query_loss"] = to_numpy(std::move(result.query_loss));
  dict["status"] = status_array(result.status, {tasks});
  dict["failed_step"] = to_numpy(std::move(result.failed_step));
  if (!result.fast_weights.empty())
    dict["fast_weights"] = to_numpy(std::move(result.fast_weights), {tasks, parameters});
  dict["mean_query_loss_before"] = result.mean_query_loss_before;
  dict["mean_query_loss"] = result.mean_query_loss;
  dict["good"] = result.good;
  return dict;
}

nb::dict meta_step(Learner& self, const Batch& batch) {
  auto result = take_turn(self, [&](auto& engine) -> std::variant<MetaGradient<float>, MetaGradient<double>> {
    return engine.meta_step(batch_for(batch, engine));
  });
  return std::visit([&](auto& one) { return to_dict(std::move(one), 0); }, result);
}

nb::dict meta_gradient(Learner& self, const Batch& batch, bool fast_weights) {
  std::size_t parameters = 0;
  auto result = take_turn(self, [&](auto& engine) -> std::variant<MetaGradient<float>, MetaGradient<double>> {
    parameters = engine.layout().size();
    return engine.meta_gradient(batch_for(batch, engine),
                                fast_weights ? KeepFastWeights::yes : KeepFastWeights::no);
  });
  return std::visit([&](auto& one) { return to_dict(std::move(one), parameters); }, result);
}

/// The meta-gradient at given parameters, which are not the learner's own.
template <class Real>
nb::dict meta_gradient_at(Learner& self, const Vector<Real>& theta, const Vector<Real>& rates,
                          const Batch& batch) {
  const MetaParameters<Real> parameters{{theta.data(), theta.data() + theta.size()},
                                        {rates.data(), rates.data() + rates.size()}};
  auto result = take_turn(self, [&](auto& engine) -> MetaGradient<Real> {
    using Engine = std::remove_cvref_t<decltype(engine)>;
    if constexpr (std::is_same_v<Engine, BasicMetaLearner<Real>>)
      return engine.meta_gradient(parameters, batch_for(batch, engine));
    else
      throw InvalidArgument("parameters: the learner computes in another precision than they have");
  });
  return to_dict(std::move(result), theta.size());
}

/// The losses of `evaluate` at given parameters.
template <class Real>
nb::object losses_at(Learner& self, const Vector<Real>& theta, const Vector<Real>& rates, const Batch& batch,
                     const std::vector<int>& steps) {
  const MetaParameters<Real> parameters{{theta.data(), theta.data() + theta.size()},
                                        {rates.data(), rates.data() + rates.size()}};
  StepLosses<Real> losses = take_turn(self, [&](auto& engine) -> StepLosses<Real> {
    using Engine = std::remove_cvref_t<decltype(engine)>;
    if constexpr (std::is_same_v<Engine, BasicMetaLearner<Real>>)
      return engine.evaluate(parameters, batch_for(batch, engine), steps);
    else
      throw InvalidArgument("parameters: the learner computes in another precision than they have");
  });
  const std::size_t rows = losses.steps.size();
  const std::size_t tasks = rows == 0 ? 0 : losses.status.size() / rows;
  return to_numpy(std::move(losses.loss), {rows, tasks});
}

nb::dict adapt(Learner& self, const Batch& batch, int steps) {
  std::size_t parameters = 0;
  auto result = take_turn(self, [&](auto& engine) -> std::variant<FastWeights<float>, FastWeights<double>> {
    parameters = engine.layout().size();
    return engine.adapt(batch_for(batch, engine), steps);
  });
  nb::dict dict;
  std::visit(
      [&](auto& fast) {
        const std::size_t tasks = fast.status.size();
        dict["phi"] = to_numpy(std::move(fast.phi), {tasks, parameters});
        dict["status"] = status_array(fast.status, {tasks});
        dict["failed_step"] = to_numpy(std::move(fast.failed_step));
      },
      result);
  return dict;
}

nb::dict evaluate(Learner& self, const Batch& batch, const std::vector<int>& steps) {
  auto result = take_turn(self, [&](auto& engine) -> std::variant<StepLosses<float>, StepLosses<double>> {
    return engine.evaluate(batch_for(batch, engine), steps);
  });
  nb::dict dict;
  std::visit(
      [&](auto& losses) {
        const std::size_t rows = losses.steps.size();
        const std::size_t tasks = rows == 0 ? 0 : losses.status.size() / rows;
        dict["steps"] = losses.steps;
        dict["summary"] = list_of(summarize(losses, ids_of(batch)));
        dict["loss"] = to_numpy(std::move(losses.loss), {rows, tasks});
        dict["status"] = status_array(losses.status, {rows, tasks});
        dict["failed_step"] = to_numpy(std::move(losses.failed_step), {rows, tasks});
      },
      result);
  return dict;
}

/// Outputs [rows, outputs] of rows that lie task after task.
template <class Real>
nb::object predict(Learner& self, const Vector<Real>& phi, const Vector<std::uint8_t>& status,
                   const nb::ndarray<const Real, nb::ndim<2>, nb::c_contig, nb::device::cpu>& x,
                   const Vector<std::int64_t>& row_starts) {
  FastWeights<Real> fast;
  fast.phi.assign(phi.data(), phi.data() + phi.size());
  for (const std::uint8_t one : span_of(status)) fast.status.push_back(static_cast<TaskStatus>(one));
  fast.failed_step.assign(fast.status.size(), -1);
  const TaskSet<Real> rows{.x = {x.data(), x.size()}, .row_starts = span_of(row_starts)};
  std::size_t outputs = 1;
  std::vector<Real> values = take_turn(self, [&](auto& engine) -> std::vector<Real> {
    using Engine = std::remove_cvref_t<decltype(engine)>;
    if constexpr (std::is_same_v<Engine, BasicMetaLearner<Real>>) {
      const auto& options = engine.options();
      outputs = static_cast<std::size_t>(options.model.outputs);
      return engine.predict(
          fast, rows,
          {.inputs = static_cast<int>(x.shape(1)),
           .targets = options.loss.has_labels() ? 0 : options.loss.targets_for(options.model.outputs)});
    } else {
      throw InvalidArgument("x: the learner computes in another precision than the rows have");
    }
  });
  const std::size_t count = values.size() / outputs;
  return to_numpy(std::move(values), {count, outputs});
}

/// Name, shape and place of every tensor, and how many values there are.
template <class Layout>
nb::list places_of(const Layout& layout) {
  nb::list places;
  for (const TensorSpec& spec : layout.tensors())
    places.append(nb::make_tuple(spec.name, spec.shape, spec.offset, spec.size));
  return places;
}

nb::tuple parameters(Learner& self) {
  auto result =
      take_turn(self, [](auto& engine) -> std::variant<MetaParameters<float>, MetaParameters<double>> {
        return engine.parameters();
      });
  return std::visit(
      [](auto& one) {
        return nb::make_tuple(to_numpy(std::move(one.theta)), to_numpy(std::move(one.rates)));
      },
      result);
}

template <class Real>
void set_parameters(Learner& self, const Vector<Real>& theta, const Vector<Real>& rates) {
  MetaParameters<Real> parameters{{theta.data(), theta.data() + theta.size()},
                                  {rates.data(), rates.data() + rates.size()}};
  take_turn(self, [&](auto& engine) {
    using Engine = std::remove_cvref_t<decltype(engine)>;
    if constexpr (std::is_same_v<Engine, BasicMetaLearner<Real>>)
      engine.set_parameters(std::move(parameters));
    else
      throw InvalidArgument("parameters: the learner computes in another precision than they have");
  });
}

void make(Learner* self, const Overrides& overrides, int inputs, int outputs) {
  const RunConfig config = load_config("", overrides_of(overrides));
  const Context& context = shared_context(config);
  const ModelSpec model{.inputs = inputs,
                        .hidden = config.model.hidden,
                        .outputs = outputs,
                        .activation = config.model.activation,
                        .skip = config.model.skip};
  const auto learner = [&]<class Real>(Real) {
    return BasicMetaLearner<Real>(context, {.model = model,
                                            .loss = config.loss,
                                            .algorithm = config.algorithm,
                                            .optimizer = config.train.optimizer,
                                            .init = config.model.init,
                                            .seed = config.seed,
                                            .chunk = config.train.chunk});
  };
  if (context.backend_name() == "reference")
    new (self) Learner{learner(double{}), {}};
  else
    new (self) Learner{learner(float{}), {}};
}

}  // namespace

void bind_learner(nb::module_& module) {
  nb::class_<Learner>(module, "Learner", "Parameters, learned rates and optimizer state.")
      .def("__init__", &make, "overrides"_a, "inputs"_a, "outputs"_a)
      .def_prop_ro("double", [](const Learner& self) { return self.engine.index() == 1; })
      .def_prop_ro("layout",
                   [](const Learner& self) {
                     return std::visit([](const auto& engine) { return places_of(engine.layout()); },
                                       self.engine);
                   })
      .def_prop_ro("rate_layout",
                   [](const Learner& self) {
                     return std::visit([](const auto& engine) { return places_of(engine.rate_layout()); },
                                       self.engine);
                   })
      .def("parameters", &parameters)
      .def("set_parameters", &set_parameters<float>, "theta"_a.noconvert(), "rates"_a.noconvert())
      .def("set_parameters", &set_parameters<double>, "theta"_a.noconvert(), "rates"_a.noconvert())
      .def("meta_step", &meta_step, "batch"_a)
      .def("meta_gradient", &meta_gradient, "batch"_a, "fast_weights"_a)
      .def("meta_gradient_at", &meta_gradient_at<float>, "theta"_a.noconvert(), "rates"_a.noconvert(),
           "batch"_a)
      .def("meta_gradient_at", &meta_gradient_at<double>, "theta"_a.noconvert(), "rates"_a.noconvert(),
           "batch"_a)
      .def("losses_at", &losses_at<float>, "theta"_a.noconvert(), "rates"_a.noconvert(), "batch"_a, "steps"_a)
      .def("losses_at", &losses_at<double>, "theta"_a.noconvert(), "rates"_a.noconvert(), "batch"_a,
           "steps"_a)
      .def_prop_ro("inner_steps",
                   [](const Learner& self) {
                     return std::visit(
                         [](const auto& engine) { return inner_loop_of(engine.options().algorithm).steps; },
                         self.engine);
                   })
      .def("adapt", &adapt, "batch"_a, "steps"_a)
      .def("evaluate", &evaluate, "batch"_a, "steps"_a)
      .def("predict", &predict<float>, "phi"_a.noconvert(), "status"_a.noconvert(), "x"_a.noconvert(),
           "row_starts"_a.noconvert())
      .def("predict", &predict<double>, "phi"_a.noconvert(), "status"_a.noconvert(), "x"_a.noconvert(),
           "row_starts"_a.noconvert());
}

}  // namespace shoal::python
