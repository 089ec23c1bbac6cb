// SPDX-License-Identifier: Apache-2.0
#include <shoal/run_folder.hpp>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

namespace shoal {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::size_t checkpoints_kept = 3;

/// One line of metrics.jsonl: no time in it, so that equal runs have equal logs. A NaN mean is null.
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

std::string read_text(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// checkpoint-<iteration>.safetensors of a folder, newest first.
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

bool holds_run(const fs::path& folder) {
  return fs::exists(folder / "model.safetensors") || fs::exists(folder / "metrics.jsonl") ||
         !checkpoints_in(folder / "checkpoints").empty();
}

/// What a kill left of files that were being written.
void remove_temporaries(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().find(".safetensors.tmp.") != std::string::npos)
      found.push_back(entry.path());
  for (const fs::path& file : found) fs::remove(file);
}

template <class Real>
class RunFolder final : public RunStore<Real> {
 public:
  RunFolder(fs::path folder, std::string manifest, std::size_t parameters, std::size_t rates,
            std::function<void(const std::string&)> warn)
      : folder_(std::move(folder)),
        manifest_(std::move(manifest)),
        parameters_(parameters),
        rates_(rates),
        warn_(std::move(warn)) {}

  void append(const TrainMetrics& metrics) override {
    const fs::path file = folder_ / "metrics.jsonl";
    const std::string line = line_of(metrics);
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    // One write per line: a kill leaves whole lines, or a last one that load() drops.
    const bool whole = fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    if (fd >= 0) ::close(fd);
    if (!whole) throw ResourceError(file.string() + ": writing failed");
  }

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
    content.metadata["manifest"] = manifest_;
    const fs::path folder = folder_ / "checkpoints";
    write_tensor_file(folder / ("checkpoint-" + std::to_string(checkpoint.iteration) + ".safetensors"),
                      content);
    auto all = checkpoints_in(folder);
    for (std::size_t i = checkpoints_kept; i < all.size(); ++i) fs::remove(all[i].second);
  }

  std::optional<Checkpoint<Real>> load() override {
    for (const auto& [iteration, file] : checkpoints_in(folder_ / "checkpoints")) {
      TensorFile content;
      try {
        content = read_tensor_file(file);
      } catch (const ModelError& error) {  // damaged: the one before it is whole
        if (warn_) warn_(std::string(error.what()) + "; passed over for the checkpoint before it");
        continue;
      }
      if (content.metadata["manifest"] != manifest_)
        throw ModelError(file.string() +
                         ": belongs to another run: " + difference(content.metadata["manifest"]));
      Checkpoint<Real> checkpoint = read(file, content);
      drop_metrics_after(checkpoint.iteration);
      return checkpoint;
    }
    if (holds_run(folder_))
      throw ModelError(folder_.string() +
                       ": holds a run, but no checkpoint of it can be read; start again in another folder");
    return std::nullopt;
  }

 private:
  Checkpoint<Real> read(const fs::path& file, const TensorFile& content) const {
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
    if (checkpoint.parameters.theta.size() != parameters_ || checkpoint.parameters.rates.size() != rates_ ||
        powers.size() != 2 || counters.size() != 4)
      throw ModelError(file.string() + ": sizes do not fit the model");
    checkpoint.optimizer.beta1_power = powers[0];
    checkpoint.optimizer.beta2_power = powers[1];
    checkpoint.iteration = counters[0];
    checkpoint.tasks_seen = counters[1];
    checkpoint.tasks_failed = counters[2];
    checkpoint.optimizer.step = counters[3];
    return checkpoint;
  }

  /// First line in which the manifest of a checkpoint differs from this run's.
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

  void drop_metrics_after(std::int64_t iteration) const {
    const fs::path file = folder_ / "metrics.jsonl";
    if (!fs::exists(file)) return;
    const std::string text = read_text(file);
    std::string kept;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      if (end == std::string::npos) break;  // a line that a kill cut short
      const auto line = ordered_json::parse(text.substr(at, end - at), nullptr, false);
      if (!line.is_object() || !line.contains("iteration") ||
          line["iteration"].get<std::int64_t>() > iteration)
        break;
      kept += text.substr(at, end + 1 - at);
      at = end + 1;
    }
    if (kept != text) write_file(file, kept);
  }

  fs::path folder_;
  std::string manifest_;
  std::size_t parameters_, rates_;
  std::function<void(const std::string&)> warn_;
};

}  // namespace

template <class Real>
std::unique_ptr<RunStore<Real>> open_run(const fs::path& folder, const std::string& manifest,
                                         const ParameterLayout& layout, const RateLayout& rates,
                                         StartFrom start, std::function<void(const std::string&)> warn) {
  if (start == StartFrom::beginning && holds_run(folder))
    throw InvalidArgument(folder.string() + ": already holds a run; choose another folder, or resume it");
  std::error_code error;
  fs::create_directories(folder / "checkpoints", error);
  if (error) throw ResourceError(folder.string() + ": cannot be created: " + error.message());
  remove_temporaries(folder / "checkpoints");
  return std::make_unique<RunFolder<Real>>(folder, manifest, layout.size(), rates.size(), std::move(warn));
}

template std::unique_ptr<RunStore<float>> open_run(const fs::path&, const std::string&,
                                                   const ParameterLayout&, const RateLayout&, StartFrom,
                                                   std::function<void(const std::string&)>);
template std::unique_ptr<RunStore<double>> open_run(const fs::path&, const std::string&,
                                                    const ParameterLayout&, const RateLayout&, StartFrom,
                                                    std::function<void(const std::string&)>);

}  // namespace shoal
