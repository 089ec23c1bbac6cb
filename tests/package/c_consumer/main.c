/* SPDX-License-Identifier: Apache-2.0 */
/* A program in C: trains on tasks in its own arrays, adapts, predicts, saves and loads; then everything that a caller can get wrong, each with
 * its code and a message, and nothing written. */
#include <math.h>
#include <shoal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS = 12, SUPPORT = 5, QUERY = 4, INPUTS = 2, STEPS = 30 };

static int checks = 0;

static void require(int holds, const char* what, int line) {
  ++checks;
  if (holds) return;
  fprintf(stderr, "line %d: %s: %s\n", line, what, shoal_last_error());
  exit(1);
}
#define OK(call) require((call) == 0, #call, __LINE__)
#define CHECK(condition) require((condition), #condition, __LINE__)

/* The call fails with this code, and the message has this text. */
static void refused(int code, int expected, const char* text, const char* what, int line) {
  ++checks;
  if (code == expected && strstr(shoal_last_error(), text)) return;
  fprintf(stderr, "line %d: %s: code %d, not %d; \"%s\" without \"%s\"\n", line, what, code, expected, shoal_last_error(), text);
  exit(1);
}
#define REFUSED(code, text, call) refused((call), (code), (text), #call, __LINE__)

/* y = slope x0 + x1, with another slope in every task. */
static float support_x[TASKS * SUPPORT * INPUTS], support_y[TASKS * SUPPORT], query_x[TASKS * QUERY * INPUTS], query_y[TASKS * QUERY];
static int64_t support_starts[TASKS + 1], query_starts[TASKS + 1], ids[TASKS];

static void fill(float* x, float* y, int64_t* starts, int rows) {
  int t, r;
  for (t = 0; t < TASKS; ++t) {
    starts[t + 1] = (int64_t)(t + 1) * rows;
    for (r = 0; r < rows; ++r) {
      float* row = x + (t * rows + r) * INPUTS;
      row[0] = (float)((7 * t + 3 * r) % 11) / 11.0f - 0.4f;
      row[1] = (float)((5 * t + 2 * r) % 7) / 7.0f - 0.4f;
      y[t * rows + r] = (float)(t % 4 - 1) * row[0] + row[1];
    }
  }
}

static const shoal_shape shape = {TASKS, TASKS * SUPPORT, TASKS * QUERY, INPUTS, 1, 0};
static const char* const options = "seed = 3\nmodel.hidden = [8]\nalgorithm.inner_lr = 0.1\nalgorithm.inner_steps = 3\ntrain.lr = 0.01\n";

static void session(const char* file) {
  shoal_context* context = NULL;
  shoal_tasks* tasks = NULL;
  shoal_learner *learner = NULL, *again = NULL;
  shoal_adapted* adapted = NULL;
  shoal_rows support = {support_x, support_y, NULL, NULL, support_starts}, query = {query_x, query_y, NULL, NULL, query_starts};
  shoal_shape told;
  shoal_tensor tensor;
  shoal_gradient gradient;
  int64_t parameters = 0, tensors = 0, i, at = 0;
  float *values, *others, *found, losses[2 * TASKS], query_loss[TASKS], outputs[TASKS * QUERY], responses[TASKS * QUERY];
  uint8_t status[TASKS];
  int32_t steps[2] = {3, 0}, per_row = 0;
  double before = 0.0, after = 0.0;

  OK(shoal_context_create("backend = \"cpu\"\nthreads = 2\n", &context));
  CHECK(shoal_real_size(context) == sizeof(float));
  OK(shoal_tasks_borrow(context, &shape, &support, &query, ids, &tasks));
  OK(shoal_tasks_shape(tasks, &told));
  CHECK(told.tasks == TASKS && told.support_rows == TASKS * SUPPORT && told.query_rows == TASKS * QUERY && told.inputs == INPUTS &&
        told.targets == 1 && told.offsets == 0);
  OK(shoal_learner_create(context, options, INPUTS, 1, &learner));
  OK(shoal_learner_counts(learner, &parameters, &tensors));
  CHECK(parameters == INPUTS * 8 + 8 + 8 + 1 && tensors == 4);
  for (i = 0; i < tensors; ++i) {
    OK(shoal_learner_tensor(learner, i, &tensor));
    CHECK(tensor.offset == at && tensor.rows * tensor.columns == tensor.size && strncmp(tensor.name, "layers.", 7) == 0);
    at += tensor.size;
  }
  CHECK(at == parameters);
  values = malloc((size_t)parameters * sizeof(float));
  others = malloc((size_t)parameters * sizeof(float));
  found = malloc((size_t)(parameters * TASKS) * sizeof(float));
  memset(&gradient, 0, sizeof gradient);
  gradient.gradient = found;
  gradient.query_loss = query_loss;
  gradient.status = status;
  OK(shoal_meta_gradient(learner, tasks, &gradient));
  CHECK(gradient.good == TASKS && status[0] == 0 && isfinite(query_loss[TASKS - 1]));
  before = gradient.mean_query_loss;
  for (i = 0; i < STEPS; ++i) OK(shoal_meta_step(learner, tasks, &gradient));
  after = gradient.mean_query_loss;
  CHECK(after < before);

  OK(shoal_evaluate(learner, tasks, steps, 2, losses));
  CHECK(losses[0] < losses[TASKS]); /* 3 steps, as they were asked for, then 0 */
  OK(shoal_adapt(learner, tasks, 3, &adapted));
  OK(shoal_adapted_weights(adapted, found, parameters * TASKS, status));
  OK(shoal_predict(learner, adapted, tasks, outputs, TASKS * QUERY));
  CHECK(fabs((outputs[0] - query_y[0]) * (outputs[0] - query_y[0])) < 4.0 * (losses[0] * QUERY + 1e-6));
  OK(shoal_responses(learner, outputs, TASKS * QUERY, responses, TASKS * QUERY, &per_row));
  CHECK(per_row == 1 && memcmp(outputs, responses, sizeof outputs) == 0);

  OK(shoal_learner_save(learner, file));
  OK(shoal_learner_load(context, file, &again));
  OK(shoal_learner_parameters(learner, values, parameters));
  OK(shoal_learner_parameters(again, others, parameters));
  CHECK(memcmp(values, others, (size_t)parameters * sizeof(float)) == 0);
  values[0] += 1.0f;
  OK(shoal_learner_set_parameters(again, values, parameters));
  OK(shoal_learner_parameters(again, others, parameters));
  CHECK(memcmp(values, others, (size_t)parameters * sizeof(float)) == 0);

  /* A learner keeps its context. */
  OK(shoal_release(context));
  OK(shoal_evaluate(learner, tasks, steps, 2, losses));
  OK(shoal_release(tasks));
  OK(shoal_release(learner));
  OK(shoal_release(again));
  OK(shoal_release(adapted));
  OK(shoal_release(NULL));
  free(values);
  free(others);
  free(found);
}

/* What the calls below are made with. */
static shoal_context *context = NULL, *wide = NULL;
static shoal_tasks *tasks = NULL, *broken = NULL;
static shoal_learner *learner = NULL, *other = NULL, *same_size = NULL, *bad = NULL;
static shoal_adapted *adapted = NULL, *no_models = NULL;
static shoal_gradient gradient;
static const int32_t one_step[1] = {1}, minus[1] = {-1};
static float numbers[TASKS * QUERY + 64];

static void refuse_options(void) {
  shoal_context* none = NULL;

  REFUSED(2, "context is NULL", shoal_context_create("", NULL));
  REFUSED(2, "options:1", shoal_context_create("backend = ", &none));
  REFUSED(2, "backend", shoal_context_create("backend = \"gpu3\"", &none));
  REFUSED(2, "model.hidden has no meaning here", shoal_context_create("model.hidden = [3]", &none));
  REFUSED(2, "threads", shoal_context_create("threads = -4", &none));
  REFUSED(2, "options:1", shoal_context_create("thread = 4", &none));
  CHECK(none == NULL);
}

static void make_handles(void) {
  shoal_rows support = {support_x, support_y, NULL, NULL, support_starts}, query = {query_x, query_y, NULL, NULL, query_starts};

  OK(shoal_context_create("backend = \"cpu\"\nthreads = 1\n", &context));
  OK(shoal_context_create("backend = \"reference\"\n", &wide));
  CHECK(shoal_real_size(wide) == sizeof(double) && shoal_real_size(NULL) == 0);
  OK(shoal_tasks_borrow(context, &shape, &support, &query, NULL, &tasks));
  OK(shoal_learner_create(context, options, INPUTS, 1, &learner));
  OK(shoal_learner_create(context, "model.hidden = [3]", INPUTS, 1, &other));
  OK(shoal_learner_create(context, "model.hidden = [8]\nmodel.activation = \"tanh\"", INPUTS, 1, &same_size));
  OK(shoal_adapt(learner, tasks, 1, &adapted));
}

/* Handles: NULL, of another kind, foreign, released. */
static void refuse_handles(void) {
  int on_stack = 0;
  shoal_learner* next = NULL;

  REFUSED(2, "learner: the handle is NULL", shoal_adapt(NULL, tasks, 1, &no_models));
  REFUSED(2, "tasks: the handle is NULL", shoal_adapt(learner, NULL, 1, &no_models));
  REFUSED(2, "is of a context, not of a learner", shoal_adapt((shoal_learner*)context, tasks, 1, &no_models));
  REFUSED(2, "is of a learner, not of tasks", shoal_adapt(learner, (shoal_tasks*)learner, 1, &no_models));
  REFUSED(2, "no handle", shoal_adapt((shoal_learner*)&on_stack, tasks, 1, &no_models));
  REFUSED(2, "no handle", shoal_evaluate((shoal_learner*)(void*)(uintptr_t)0xdeadbeef, tasks, one_step, 1, numbers));
  REFUSED(2, "no handle", shoal_release(&on_stack));
  OK(shoal_learner_create(context, "", INPUTS, 1, &bad));
  OK(shoal_release(bad));
  OK(shoal_learner_create(context, "", INPUTS, 1, &next)); /* takes the memory of the one that is gone, not its handle */
  REFUSED(2, "no handle, or one that is released", shoal_release(bad));
  OK(shoal_release(next));
  REFUSED(2, "no handle, or one that is released", shoal_meta_step(bad, tasks, &gradient));
  REFUSED(2, "no handle, or one that is released", shoal_learner_counts(bad, NULL, NULL));
}

/* Outputs that are NULL. */
static void refuse_nulls(void) {
  REFUSED(2, "adapted is NULL", shoal_adapt(learner, tasks, 1, NULL));
  REFUSED(2, "result is NULL", shoal_meta_gradient(learner, tasks, NULL));
  REFUSED(2, "result is NULL", shoal_meta_step(learner, tasks, NULL));
  REFUSED(2, "losses is NULL", shoal_evaluate(learner, tasks, one_step, 1, NULL));
  REFUSED(2, "steps is NULL", shoal_evaluate(learner, tasks, NULL, 1, numbers));
  REFUSED(2, "shape is NULL", shoal_tasks_shape(tasks, NULL));
  REFUSED(2, "outputs is NULL", shoal_predict(learner, adapted, tasks, NULL, TASKS * QUERY));
  REFUSED(2, "values is NULL", shoal_learner_parameters(learner, NULL, 33));
  REFUSED(2, "path is NULL", shoal_learner_save(learner, NULL));
  REFUSED(2, "path is NULL", shoal_learner_load(context, NULL, &bad));
  REFUSED(2, "path is NULL", shoal_tasks_read(context, NULL, &broken));
  REFUSED(2, "path is empty", shoal_learner_load(context, "", &bad));
  REFUSED(2, "learner is NULL", shoal_learner_create(context, "", 1, 1, NULL));
  REFUSED(2, "tensor is NULL", shoal_learner_tensor(learner, 0, NULL));
}

/* Numbers that do not fit. */
static void refuse_numbers(void) {
  shoal_tensor tensor;
  int32_t per_row = 0;

  REFUSED(2, "33", shoal_learner_parameters(learner, numbers, 32));
  REFUSED(2, "33", shoal_learner_set_parameters(learner, numbers, 34));
  REFUSED(2, "index", shoal_learner_tensor(learner, 4, &tensor));
  REFUSED(2, "index", shoal_learner_tensor(learner, -1, &tensor));
  REFUSED(2, "count", shoal_evaluate(learner, tasks, one_step, 0, numbers));
  REFUSED(2, "steps", shoal_evaluate(learner, tasks, minus, 1, numbers));
  REFUSED(2, "steps", shoal_adapt(learner, tasks, -1, &no_models));
  REFUSED(2, "count", shoal_predict(learner, adapted, tasks, numbers, TASKS * QUERY - 1));
  REFUSED(2, "not of this learner's network", shoal_predict(same_size, adapted, tasks, numbers, TASKS * QUERY));
  REFUSED(2, "not of this learner's network", shoal_predict(other, adapted, tasks, numbers, TASKS * QUERY));
  REFUSED(2, "count", shoal_responses(learner, numbers, 3, numbers, 2, &per_row));
  CHECK(per_row == 0);
  OK(shoal_responses(learner, NULL, 0, NULL, 0, &per_row));
  CHECK(per_row == 1);
  REFUSED(2, "rows is -1", shoal_responses(learner, numbers, -1, numbers, -1, &per_row));
  REFUSED(2, "inputs must be at least 1", shoal_learner_create(context, "", 0, 1, &bad));
  REFUSED(2, "outputs must be at least 1", shoal_learner_create(context, "", 1, -3, &bad));
  REFUSED(2, "quantiles", shoal_learner_create(context, "loss.name = \"pinball\"\nloss.quantiles = [1.5]", 1, 1, &bad));
  REFUSED(2, "tasks.support has no meaning here", shoal_learner_create(context, "tasks.support = 4", 1, 1, &bad));
  REFUSED(2, "backend has no meaning here", shoal_learner_create(context, "backend = \"cpu\"", 1, 1, &bad));
  REFUSED(2, "tasks.support has no meaning here", shoal_learner_create(context, "tasks.support = 10", 1, 1, &bad));
  REFUSED(2, "tasks.source has no meaning here", shoal_learner_create(context, "[tasks]\nsource = \"table\"", 1, 1, &bad));
  REFUSED(2, "train.warm_start has no meaning here", shoal_learner_create(context, "train.warm_start = \"runs/x\"", 1, 1, &bad));
  REFUSED(2, "model.outputs has no meaning here", shoal_learner_create(context, "model.outputs = 5", 1, 1, &bad));
  REFUSED(2, "seed has no meaning here", shoal_context_create("seed = 7", &wide));
}

/* Tasks: structure, precision, columns. */
static void refuse_tasks(void) {
  shoal_rows support = {support_x, support_y, NULL, NULL, support_starts}, query = {query_x, query_y, NULL, NULL, query_starts}, rows;
  shoal_shape wrong;
  int64_t starts[TASKS + 1];

  memcpy(starts, support_starts, sizeof starts);
  rows = support;
  rows.starts = starts;
  starts[3] = starts[2] - 1;
  REFUSED(3, "support", shoal_tasks_borrow(context, &shape, &rows, &query, NULL, &broken));
  starts[3] = support_starts[3];
  starts[0] = 1;
  REFUSED(3, "support", shoal_tasks_borrow(context, &shape, &rows, &query, NULL, &broken));
  rows.starts = NULL;
  REFUSED(2, "support.starts is NULL", shoal_tasks_borrow(context, &shape, &rows, &query, NULL, &broken));
  rows = query;
  rows.y = NULL;
  REFUSED(2, "query.y is NULL", shoal_tasks_borrow(context, &shape, &support, &rows, NULL, &broken));
  wrong = shape;
  wrong.tasks = 0;
  REFUSED(2, "shape.tasks is 0", shoal_tasks_borrow(context, &wrong, &support, &query, NULL, &broken));
  wrong = shape;
  wrong.support_rows = INT64_MAX;
  REFUSED(2, "shape.support_rows", shoal_tasks_borrow(context, &wrong, &support, &query, NULL, &broken));
  wrong = shape;
  wrong.query_rows -= 1;
  REFUSED(3, "query", shoal_tasks_borrow(context, &wrong, &support, &query, NULL, &broken));
  wrong = shape;
  wrong.inputs = -1;
  REFUSED(2, "shape.inputs is -1", shoal_tasks_borrow(context, &wrong, &support, &query, NULL, &broken));
  ids[1] = ids[0];
  REFUSED(3, "id", shoal_tasks_borrow(context, &shape, &support, &query, ids, &broken));
  ids[1] = 1;
  CHECK(broken == NULL);
  REFUSED(3, "no-such-file", shoal_tasks_read(context, "no-such-file.safetensors", &broken));
}

/* Tasks and learners that do not fit each other. */
static void refuse_pairs(void) {
  OK(shoal_learner_create(context, "", INPUTS + 1, 1, &bad));
  REFUSED(3, "input columns", shoal_meta_step(bad, tasks, &gradient));
  OK(shoal_release(bad));
  OK(shoal_learner_create(wide, options, INPUTS, 1, &bad));
  REFUSED(2, "another precision", shoal_meta_gradient(bad, tasks, &gradient));
  OK(shoal_release(bad));
  bad = NULL;
}

/* Files. */
static void refuse_files(const char* file) {
  static char long_path[8192];
  REFUSED(4, "no-such-model", shoal_learner_load(context, "no-such-model", &bad));
  memset(long_path, 'x', sizeof long_path - 1);
  REFUSED(6, "", shoal_learner_save(learner, long_path));
  REFUSED(6, "no-such-folder", shoal_learner_save(learner, "no-such-folder/model.safetensors"));
  OK(shoal_learner_save(learner, file));
  CHECK(bad == NULL && no_models == NULL);
}

static void refusals(const char* file) {
  refuse_options();
  make_handles();
  refuse_handles();
  refuse_nulls();
  refuse_numbers();
  refuse_tasks();
  refuse_pairs();
  refuse_files(file);
  OK(shoal_release(tasks));
  OK(shoal_release(adapted));
  OK(shoal_release(learner));
  OK(shoal_release(other));
  OK(shoal_release(same_size));
  OK(shoal_release(context));
  OK(shoal_release(wide));
}

int main(int count, char** arguments) {
  const char* file = count > 1 ? arguments[1] : "capi-model.safetensors";
  int t;
  for (t = 0; t < TASKS; ++t) ids[t] = t;
  fill(support_x, support_y, support_starts, SUPPORT);
  fill(query_x, query_y, query_starts, QUERY);
  CHECK(shoal_last_error()[0] == '\0' && strchr(shoal_version(), '.') != NULL);
  session(file);
  refusals(file);
  remove(file);
  printf("%d checks passed\n", checks);
  return 0;
}
