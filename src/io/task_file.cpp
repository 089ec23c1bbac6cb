// SPDX-License-Identifier: Apache-2.0
#include <shoal/task_file.hpp>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

namespace shoal {
namespace {

/// Runs `read`, turning what it throws into a DataError that starts with the file's name.
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
  template <class T>
  std::vector<T> values(const std::string& name, std::size_t rank) const {
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
    return tensor.values<T>();
  }
  /// Columns of a [rows, columns] tensor.
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

constexpr std::int64_t most_classes = 1 << 24;  // a float holds every label

TaskSetStorage<double> read_set(const TaskTensors& tensors, const std::string& set,
                                const TaskColumns& columns) {
  TaskSetStorage<double> rows;
  rows.x = tensors.values<double>(set + "x", 2);
  if (columns.targets == 0) {
    rows.labels = tensors.values<std::int64_t>(set + "y", 1);
    for (std::size_t r = 0; r < rows.labels.size(); ++r)
      if (rows.labels[r] >= most_classes)
        throw DataError("tensor \"" + set + "y\": row " + std::to_string(r) + ": label " +
                        std::to_string(rows.labels[r]) + " is not in [0, " + std::to_string(most_classes) +
                        ")");
  } else {
    rows.y = tensors.values<double>(set + "y", 2);
  }
  rows.offsets = tensors.values<std::int64_t>(set + "offsets", 1);
  if (columns.offsets > 0) rows.output_offset = tensors.values<double>(set + "output_offset", 2);
  return rows;
}

template <class Real>
void put_set(TensorFile& content, const std::string& set, const TaskColumns& columns,
             const TaskSet<Real>& rows) {
  const std::int64_t count = rows.total_rows();
  content.tensors[set + "x"] = Tensor::of({count, columns.inputs}, rows.x.data());
  content.tensors[set + "y"] = columns.targets == 0 ? Tensor::of({count}, rows.labels.data())
                                                    : Tensor::of({count, columns.targets}, rows.y.data());
  content.tensors[set + "offsets"] =
      Tensor::of({static_cast<std::int64_t>(rows.offsets.size())}, rows.offsets.data());
  if (columns.offsets > 0)
    content.tensors[set + "output_offset"] = Tensor::of({count, columns.offsets}, rows.output_offset.data());
}

template <class Real>
void write(const std::filesystem::path& file, const BasicTaskBatch<Real>& tasks) {
  TensorFile content;
  put_set(content, "support_", tasks.columns(), tasks.support());
  put_set(content, "query_", tasks.columns(), tasks.query());
  content.tensors["task_id"] = Tensor::of({tasks.size()}, tasks.ids().data());
  write_tensor_file(file, content);
}

}  // namespace

TaskBatch64 read_task_file(const std::filesystem::path& file) {
  return as_data_error(file.string(), [&] {
    const TaskTensors tensors(file);
    tensors.refuse_others();
    TaskColumns columns;
    columns.targets = tensors.required("support_y").dtype == DType::i64 ? 0 : 1;
    for (const std::string set : {"support_", "query_"}) {
      tensors.values<double>(set + "x", 2);
      const bool labels = tensors.required(set + "y").dtype == DType::i64;
      if (labels != (columns.targets == 0))
        throw ModelError(tensors.file() + ": tensor \"" + set +
                         "y\": class labels on one side, numbers on the other");
      if (!labels) tensors.values<double>(set + "y", 2);
      const int inputs = tensors.columns(set + "x"), targets = labels ? 0 : tensors.columns(set + "y");
      const bool offset = tensors.find(set + "output_offset") != nullptr;
      if (offset) tensors.values<double>(set + "output_offset", 2);
      const int offsets = offset ? tensors.columns(set + "output_offset") : 0;
      const TaskColumns found{inputs, targets, offsets};
      if (set == "support_") columns = found;
      if (!(found == columns))
        throw ModelError(tensors.file() +
                         ": columns of the query tensors differ from those of the support tensors");
    }
    auto support = read_set(tensors, "support_", columns), query = read_set(tensors, "query_", columns);
    return TaskBatch64::own(columns, std::move(support), std::move(query),
                            tensors.values<std::int64_t>("task_id", 1));
  });
}

void write_task_file(const std::filesystem::path& file, const TaskBatch& tasks) {
  write(file, tasks);
}
void write_task_file(const std::filesystem::path& file, const TaskBatch64& tasks) {
  write(file, tasks);
}

}  // namespace shoal
