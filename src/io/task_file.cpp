// SPDX-License-Identifier: Apache-2.0
#include <shoal/task_file.hpp>

#include <algorithm>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

namespace shoal {
namespace {

/// Runs `read`, and rethrows its errors as DataError with the file's name in front.
template <class Read>
auto as_data_error(const std::string& file, Read read) {
  try {
    return read();
  } catch (const ModelError& error) {
    throw DataError(error.what());
  } catch (const DataError& error) {
    throw DataError(file + ": " + error.what());
  }
}

class TaskTensors {
 public:
  explicit TaskTensors(const std::filesystem::path& file)
      : file_(file.string()), content_(read_tensor_file(file)) {}

  const Tensor* find(const std::string& name) const {
    const auto at = content_.tensors.find(name);
    return at == content_.tensors.end() ? nullptr : &at->second;
  }
  const Tensor& required(const std::string& name) const {
    if (const Tensor* tensor = find(name)) return *tensor;
    throw ModelError(file_ + ": tensor \"" + name + "\" is missing");
  }
  /// Throws unless the tensor has `rank` dimensions and the dtype I64 (for T = std::int64_t), or F32 or F64.
  template <class T>
  void require(const std::string& name, std::size_t rank) const {
    const Tensor& tensor = required(name);
    const bool fits = std::is_same_v<T, std::int64_t>
                          ? tensor.dtype == DType::i64
                          : tensor.dtype == DType::f32 || tensor.dtype == DType::f64;
    if (!fits)
      throw ModelError(file_ + ": tensor \"" + name + "\" must be " +
                       (std::is_same_v<T, std::int64_t> ? "I64" : "F32 or F64"));
    if (tensor.shape.size() != rank)
      throw ModelError(file_ + ": tensor \"" + name + "\" must have " + std::to_string(rank) +
                       " dimensions, has " + std::to_string(tensor.shape.size()));
  }
  /// Returns the values and frees the tensor's bytes, so that at most one tensor is in memory twice.
  template <class T>
  std::vector<T> take(const std::string& name, std::size_t rank) {
    require<T>(name, rank);
    std::vector<T> values = required(name).values<T>();
    content_.tensors.erase(name);
    return values;
  }
  bool is_wide() const {
    return std::any_of(content_.tensors.begin(), content_.tensors.end(),
                       [](const auto& entry) { return entry.second.dtype == DType::f64; });
  }
  /// The number of columns of a [rows, columns] tensor.
  int columns(const std::string& name) const {
    const std::int64_t count = required(name).shape.at(1);
    if (count < 1 || count > 1 << 24)
      throw ModelError(file_ + ": tensor \"" + name + "\" has " + std::to_string(count) + " columns");
    return static_cast<int>(count);
  }
  void refuse_others() const {
    for (const auto& [name, tensor] : content_.tensors) {
      bool known = name == "task_id";
      for (const std::string set : {"support_", "query_"})
        for (const char* part : {"x", "y", "offsets", "output_offset"}) known = known || name == set + part;
      if (!known) throw ModelError(file_ + ": unknown tensor \"" + name + "\"");
    }
  }
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  TensorFile content_;
};

constexpr std::int64_t most_classes = 1 << 24;  // up to here, a float represents every label exactly

/// The columns of support and query, which must be the same.
TaskColumns columns_of(const TaskTensors& tensors) {
  const auto columns_of_set = [&](const std::string& set) {
    tensors.require<float>(set + "x", 2);
    const bool labels = tensors.required(set + "y").dtype == DType::i64;
    if (!labels) tensors.require<float>(set + "y", 2);
    const bool offset = tensors.find(set + "output_offset") != nullptr;
    if (offset) tensors.require<float>(set + "output_offset", 2);
    return TaskColumns{tensors.columns(set + "x"), labels ? 0 : tensors.columns(set + "y"),
                       offset ? tensors.columns(set + "output_offset") : 0};
  };
  const TaskColumns support = columns_of_set("support_"), query = columns_of_set("query_");
  if ((support.targets == 0) != (query.targets == 0))
    throw ModelError(tensors.file() + ": tensor \"query_y\": class labels on one side, numbers on the other");
  if (!(support == query))
    throw ModelError(tensors.file() +
                     ": columns of the query tensors differ from those of the support tensors");
  return support;
}

template <class Real>
TaskSetStorage<Real> take_set(TaskTensors& tensors, const std::string& set, const TaskColumns& columns) {
  TaskSetStorage<Real> rows;
  rows.x = tensors.take<Real>(set + "x", 2);
  if (columns.targets == 0) {
    rows.labels = tensors.take<std::int64_t>(set + "y", 1);
    for (std::size_t r = 0; r < rows.labels.size(); ++r)
      if (rows.labels[r] >= most_classes)
        throw DataError("tensor \"" + set + "y\": row " + std::to_string(r) + ": label " +
                        std::to_string(rows.labels[r]) + " is not in [0, " + std::to_string(most_classes) +
                        ")");
  } else {
    rows.y = tensors.take<Real>(set + "y", 2);
  }
  rows.row_starts = tensors.take<std::int64_t>(set + "offsets", 1);
  if (columns.offsets > 0) rows.output_offset = tensors.take<Real>(set + "output_offset", 2);
  return rows;
}

template <class Real>
BasicTaskBatch<Real> take_tasks(TaskTensors& tensors, const TaskColumns& columns) {
  auto support = take_set<Real>(tensors, "support_", columns),
       query = take_set<Real>(tensors, "query_", columns);
  return BasicTaskBatch<Real>::own(columns, std::move(support), std::move(query),
                                   tensors.take<std::int64_t>("task_id", 1));
}

template <class Real>
void put_set(TensorFile& content, const std::string& set, const TaskColumns& columns,
             const TaskSet<Real>& rows) {
  const std::int64_t count = rows.total_rows();
  content.tensors[set + "x"] = Tensor::of({count, columns.inputs}, rows.x.data());
  content.tensors[set + "y"] = columns.targets == 0 ? Tensor::of({count}, rows.labels.data())
                                                    : Tensor::of({count, columns.targets}, rows.y.data());
  content.tensors[set + "offsets"] =
      Tensor::of({static_cast<std::int64_t>(rows.row_starts.size())}, rows.row_starts.data());
  if (columns.offsets > 0)
    content.tensors[set + "output_offset"] = Tensor::of({count, columns.offsets}, rows.output_offset.data());
}

template <class Real>
void write(const std::filesystem::path& file, const BasicTaskBatch<Real>& tasks) {
  tasks.require_on_host("a task file");
  TensorFile content;
  put_set(content, "support_", tasks.columns(), tasks.support());
  put_set(content, "query_", tasks.columns(), tasks.query());
  content.tensors["task_id"] = Tensor::of({tasks.size()}, tasks.ids().data());
  write_tensor_file(file, content);
}

}  // namespace

std::variant<TaskBatch, TaskBatch64> read_tasks(const std::filesystem::path& file) {
  return as_data_error(file.string(), [&]() -> std::variant<TaskBatch, TaskBatch64> {
    TaskTensors tensors(file);
    tensors.refuse_others();
    const TaskColumns columns = columns_of(tensors);
    if (tensors.is_wide()) return take_tasks<double>(tensors, columns);
    return take_tasks<float>(tensors, columns);
  });
}

TaskBatch64 read_task_file(const std::filesystem::path& file) {
  const auto tasks = read_tasks(file);
  const auto* single = std::get_if<TaskBatch>(&tasks);
  return single ? widen(*single) : std::get<TaskBatch64>(tasks);
}

void write_task_file(const std::filesystem::path& file, const TaskBatch& tasks) {
  write(file, tasks);
}
void write_task_file(const std::filesystem::path& file, const TaskBatch64& tasks) {
  write(file, tasks);
}

}  // namespace shoal
