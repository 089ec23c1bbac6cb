// SPDX-License-Identifier: Apache-2.0
#include <shoal/run_folder.hpp>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <sstream>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "io/own_files.hpp"
#include "io/run_lock.hpp"
#include "io/run_log.hpp"
#include "io/selection_tensors.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::size_t checkpoints_kept = 3;
/// upper bound of the iterations or tasks in a checkpoint, far from overflow
constexpr std::int64_t most_counted = std::int64_t{1} << 53;

/// Formats a line of metrics.jsonl. It contains no time, so that equal runs have equal logs. A NaN mean
/// becomes null.
std::string line_of(const TrainMetrics& metrics) {
  ordered_json line = {{"iteration", metrics.iteration},
                       {"query_loss_before", metrics.query_loss_before},
                       {"query_loss", metrics.query_loss},
                       {"good", metrics.good},
                       {"failed", metrics.failed}};
  for (const FailedTask& task : metrics.failures) {
    ordered_json failure = {{"id", task.id}};
    if (!task.key.empty()) failure["key"] = task.key;
    failure["status"] = static_cast<int>(task.status);
    failure["reason"] = describe(task.status);
    failure["step"] = task.step;
    line["failures"].push_back(std::move(failure));
  }
  return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string line_of(const Validation& validation) {
  const ordered_json line = {{"iteration", validation.iteration},
                             {"validation_loss", validation.loss},
                             {"good", validation.good},
                             {"failed", validation.failed}};
  return line.dump() + "\n";
}

/// The files checkpoint-<iteration>.safetensors of a folder, newest first.
std::vector<std::pair<std::int64_t, fs::path>> checkpoints_in(const fs::path& folder) {
  std::vector<std::pair<std::int64_t, fs::path>> found;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string(), prefix = "checkpoint-",
                      suffix = ".safetensors";
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    std::int64_t iteration = 0;
    const char* end = name.data() + name.size() - suffix.size();
    const auto [at, error] = std::from_chars(name.data() + prefix.size(), end, iteration);
    if (error == std::errc() && at == end) found.emplace_back(iteration, entry.path());
  }
  std::sort(found.rbegin(), found.rend());
  return found;
}

/// Whether the folder contains iterations of a run. A checkpoint of iteration 0 does not count, because a new
/// run would lose nothing.
bool holds_run(const fs::path& folder) {
  std::error_code none;
  const auto log_size = fs::file_size(folder / "metrics.jsonl", none);
  const auto checkpoints = checkpoints_in(folder / "checkpoints");
  return fs::exists(fs::symlink_status(folder / "model.safetensors")) || (!none && log_size > 0) ||
         (!checkpoints.empty() && checkpoints.front().first > 0);
}

/// Formats the positions of the log that a checkpoint accepts, one per line; thin() needs two.
std::string text_of(std::initializer_list<LogPosition> marks) {
  std::string text;
  for (const LogPosition& mark : marks) text += std::to_string(mark.bytes) + " " + mark.sha256 + "\n";
  return text;
}

std::vector<LogPosition> marks_in(const std::string& text) {
  std::vector<LogPosition> marks;
  std::istringstream stream(text);
  for (LogPosition mark; stream >> mark.bytes >> mark.sha256;) marks.push_back(mark);
  return marks;
}

template <class Real>
class RunFolder final : public RunStore<Real> {
 public:
  RunFolder(fs::path folder, std::string manifest, std::string manifest_by_tasks, std::size_t parameters,
            std::size_t rates, RunLock lock, std::function<void(const std::string&)> warn)
      : lock_(std::move(lock)),
        folder_(std::move(folder)),
        log_(folder_ / "metrics.jsonl"),
        manifest_(std::move(manifest)),
        manifest_by_tasks_(std::move(manifest_by_tasks)),
        parameters_(parameters),
        rates_(rates),
        warn_(std::move(warn)) {}

  void append(const TrainMetrics& metrics) override { log_.append(line_of(metrics)); }
  void append(const Validation& validation) override { log_.append(line_of(validation)); }

  void save(const Checkpoint<Real>& checkpoint) override {
    TensorFile content;
    const auto put = [&](const char* name, const std::vector<Real>& values) {
      content.tensors[name] = Tensor::of({static_cast<std::int64_t>(values.size())}, values.data());
    };
    put("theta", checkpoint.parameters.theta);
    put("rates", checkpoint.parameters.rates);
    put("optimizer.first", checkpoint.optimizer.first);
    put("optimizer.second", checkpoint.optimizer.second);
    const double powers[] = {checkpoint.optimizer.beta1_power, checkpoint.optimizer.beta2_power};
    content.tensors["optimizer.beta_powers"] = Tensor::of({2}, powers);
    const std::int64_t counters[] = {checkpoint.iteration, checkpoint.tasks_seen, checkpoint.tasks_failed,
                                     checkpoint.optimizer.step};
    content.tensors["counters"] = Tensor::of({4}, counters);
    store_selection(content, checkpoint.selection);
    content.metadata["manifest"] = manifest_;
    if (!manifest_by_tasks_.empty()) content.metadata["manifest_by_tasks"] = manifest_by_tasks_;
    // the log must be on disk before the checkpoint that refers to it
    content.metadata["log"] = text_of({log_.sync()});
    const fs::path folder = folder_ / "checkpoints";
    const fs::path file = folder / ("checkpoint-" + std::to_string(checkpoint.iteration) + ".safetensors");
    write_hashed_file(file, std::move(content), Links::refused);
    newest_ = file;
    auto all = checkpoints_in(folder);
    for (std::size_t i = checkpoints_kept; i < all.size(); ++i) fs::remove(all[i].second);
  }

  std::optional<Checkpoint<Real>> load() override {
    for (const auto& [iteration, file] : checkpoints_in(folder_ / "checkpoints")) {
      try {
        const TensorFile content = read_tensor_file(file, Links::refused);
        require_content_hash(file, content);
        const auto manifest = content.metadata.find("manifest");
        if (manifest == content.metadata.end()) throw ModelError(file.string() + ": has no manifest");
        if (manifest->second != manifest_ && !has_these_tasks(content)) {
          if (!holds_run(folder_)) return std::nullopt;  // the other run has ended before its first iteration
          throw AnotherRun(file.string() + ": belongs to another run: " + difference(manifest->second));
        }
        Checkpoint<Real> checkpoint = read(file, content, iteration);
        cut_log(file, content);
        newest_ = file;
        return checkpoint;
      } catch (const AnotherRun&) {
        throw;
      } catch (const ModelError& error) {  // the file is damaged; the checkpoint before it may be intact
        if (warn_) warn_(std::string(error.what()) + "; passed over, the checkpoint before it is used");
      }
    }
    if (holds_run(folder_))
      throw ModelError(folder_.string() +
                       ": holds a run, but no checkpoint of it can be read; start again in another folder");
    return std::nullopt;
  }

  void thin(std::int64_t log_every, std::int64_t last) override {
    const std::string text = log_.text();
    const std::string kept = lines_of(text, [&](std::int64_t at, const ordered_json& line) {
      return at % log_every == 0 || at == last || line.contains("validation_loss");
    });
    if (kept == text) return;
    // Until the new log is in place, the checkpoint accepts both logs; so a kill in between loses nothing.
    if (newest_) {
      TensorFile content = read_tensor_file(*newest_, Links::refused);
      content.metadata["log"] = text_of({LogPosition{kept.size(), sha256(kept)}, log_.sync()});
      write_hashed_file(*newest_, std::move(content), Links::refused);
    }
    log_.replace(kept);
  }

 private:
  struct AnotherRun : ModelError {
    using ModelError::ModelError;
  };

  /// Whether the checkpoint is of a training on the same tasks, whose data came another way.
  bool has_these_tasks(const TensorFile& content) const {
    const auto by_tasks = content.metadata.find("manifest_by_tasks");
    return by_tasks != content.metadata.end() && by_tasks->second == manifest_by_tasks_;
  }

  Checkpoint<Real> read(const fs::path& file, const TensorFile& content, std::int64_t iteration) const {
    const auto take = [&]<class T>(const char* name, T) {
      const auto at = content.tensors.find(name);
      if (at == content.tensors.end())
        throw ModelError(file.string() + ": tensor \"" + name + "\" is missing");
      try {
        return at->second.template values<T>();
      } catch (const ModelError& error) {
        throw ModelError(file.string() + ": \"" + name + "\": " + error.what());
      }
    };
    Checkpoint<Real> checkpoint;
    checkpoint.parameters = {take("theta", Real{}), take("rates", Real{})};
    checkpoint.optimizer.first = take("optimizer.first", Real{});
    checkpoint.optimizer.second = take("optimizer.second", Real{});
    const auto powers = take("optimizer.beta_powers", double{});
    const auto counters = take("counters", std::int64_t{});
    const std::size_t all = parameters_ + rates_;
    const auto fits = [&](const std::vector<Real>& part) { return part.empty() || part.size() == all; };
    if (checkpoint.parameters.theta.size() != parameters_ || checkpoint.parameters.rates.size() != rates_ ||
        !fits(checkpoint.optimizer.first) || !fits(checkpoint.optimizer.second) || powers.size() != 2 ||
        counters.size() != 4)
      throw ModelError(file.string() + ": sizes do not fit the model");
    checkpoint.optimizer.beta1_power = powers[0];
    checkpoint.optimizer.beta2_power = powers[1];
    checkpoint.iteration = counters[0];
    checkpoint.tasks_seen = counters[1];
    checkpoint.tasks_failed = counters[2];
    checkpoint.optimizer.step = counters[3];
    require_possible(file, checkpoint, iteration);
    checkpoint.selection = load_selection(file, content, checkpoint);
    return checkpoint;
  }

  /// Checks that a run can have these counters, and that the iteration is that of the file's name.
  static void require_possible(const fs::path& file, const Checkpoint<Real>& checkpoint,
                               std::int64_t iteration) {
    const std::int64_t seen = checkpoint.tasks_seen, failed = checkpoint.tasks_failed,
                       updates = checkpoint.optimizer.step;
    if (checkpoint.iteration != iteration || iteration < 0 || iteration > most_counted || failed < 0 ||
        failed > seen || seen > most_counted || updates < 0 || updates > iteration)
      throw ModelError(file.string() + ": its counters contradict each other or the file name: iteration " +
                       std::to_string(checkpoint.iteration) + ", " + std::to_string(seen) + " tasks seen, " +
                       std::to_string(failed) + " failed, " + std::to_string(updates) + " updates");
  }

  /// Truncates the log to the lines that were written before the checkpoint.
  void cut_log(const fs::path& file, const TensorFile& content) {
    const auto text = content.metadata.find("log");
    if (text != content.metadata.end())
      for (const LogPosition& mark : marks_in(text->second))
        if (log_.truncate(mark)) return;
    throw ModelError(file.string() +
                     ": metrics.jsonl does not begin with the lines that belong to this checkpoint");
  }

  /// The first line in which a checkpoint's manifest differs from that of this run.
  std::string difference(const std::string& theirs) const {
    std::istringstream mine_stream(manifest_), their_stream(theirs);
    for (std::string mine, their;;) {
      const bool a = static_cast<bool>(std::getline(mine_stream, mine));
      const bool b = static_cast<bool>(std::getline(their_stream, their));
      if (!a && !b) return "the manifests differ";
      if (!a || !b || mine != their)
        return "\"" + (b ? their : "") + "\" there, \"" + (a ? mine : "") + "\" here";
    }
  }

  /// The lines of metrics.jsonl for which keep(iteration, line) is true.
  template <class Wanted>
  static std::string lines_of(const std::string& text, Wanted keep) {
    std::string kept;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const auto line = ordered_json::parse(text.substr(at, end - at), nullptr, false);
      const bool whole =
          line.is_object() && line.contains("iteration") && line["iteration"].is_number_integer();
      if (!whole || keep(line["iteration"].template get<std::int64_t>(), line))
        kept += text.substr(at, end + 1 - at);
      at = end + 1;
    }
    return kept;
  }

  RunLock lock_;
  fs::path folder_;
  RunLog log_;
  std::optional<fs::path> newest_;  ///< the checkpoint from which a resume would continue
  std::string manifest_, manifest_by_tasks_;
  std::size_t parameters_, rates_;
  std::function<void(const std::string&)> warn_;
};

}  // namespace

template <class Real>
std::unique_ptr<RunStore<Real>> open_run(const fs::path& folder, const std::string& manifest,
                                         const ParameterLayout& layout, const RateLayout& rates,
                                         StartFrom start, std::function<void(const std::string&)> warn,
                                         const std::string& manifest_by_tasks) {
  const auto require_none = [&] {
    if (start == StartFrom::beginning && holds_run(folder))
      throw InvalidArgument(folder.string() + ": already holds a run; choose another folder, or resume it");
  };
  require_none();  // checks before anything is written
  require_own_files(folder);
  std::error_code error;
  fs::create_directories(folder / "checkpoints", error);
  if (error) throw ResourceError(folder.string() + ": cannot be created: " + error.message());
  RunLock lock(folder, warn);
  require_none();  // checks again: another process may have created the run before the lock
  remove_temporaries(folder);
  return std::make_unique<RunFolder<Real>>(folder, manifest, manifest_by_tasks, layout.size(), rates.size(),
                                           std::move(lock), std::move(warn));
}

fs::path model_file(const fs::path& run) {
  if (!fs::is_directory(run)) return run;
  fs::path own = run / "model.safetensors";
  if (fs::is_symlink(own))
    throw ResourceError(own.string() + ": is a symbolic link; give the model file itself");
  return own;
}

template std::unique_ptr<RunStore<float>> open_run(const fs::path&, const std::string&,
                                                   const ParameterLayout&, const RateLayout&, StartFrom,
                                                   std::function<void(const std::string&)>,
                                                   const std::string&);
template std::unique_ptr<RunStore<double>> open_run(const fs::path&, const std::string&,
                                                    const ParameterLayout&, const RateLayout&, StartFrom,
                                                    std::function<void(const std::string&)>,
                                                    const std::string&);

}  // namespace shoal
