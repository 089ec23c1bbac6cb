/* SPDX-License-Identifier: Apache-2.0 */
/* The C interface of Shoal: the engine for programs that are not written in C++. It is C99, and part of libshoal.
 *
 * Handles. A function that makes something writes a handle, and shoal_release frees it. A handle that is NULL, released or of another kind is
 * refused with a message, never followed. Tasks, learners and adapted models may be used from several threads; calls on one learner queue.
 *
 * Errors. Every function that can fail returns 0, or the exit code that the program `shoal` has for the cause: 1 internal, 2 invalid argument, 3
 * data, 4 model, 5 numeric, 6 resource. shoal_last_error() has the message. A failed call writes nothing.
 *
 * Options are TOML text with the keys of docs/configuration.md, so that new options need no new function. NULL and "" stand for the defaults.
 *
 * Precision. `real` below means float, or double in a context whose backend is "reference"; shoal_real_size tells which.
 *
 * Example:
 *
 *   shoal_context* context = NULL;
 *   shoal_learner* learner = NULL;
 *   if (shoal_context_create("backend = \"cpu\"\nthreads = 2\n", &context) != 0 ||
 *       shoal_learner_create(context, "model.hidden = [16]\nalgorithm.inner_lr = 0.05\n", 2, 1, &learner) != 0)
 *     fprintf(stderr, "%s\n", shoal_last_error());
 *   shoal_release(learner);
 *   shoal_release(context);
 */
#ifndef SHOAL_H
#define SHOAL_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SHOAL_C_API __attribute__((visibility("default")))
#else
#define SHOAL_C_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct shoal_context shoal_context; /* a backend: threads, a device */
typedef struct shoal_tasks shoal_tasks;     /* a batch of tasks, each with a support and a query set */
typedef struct shoal_learner shoal_learner; /* meta-parameters, and the optimizer that moves them */
typedef struct shoal_adapted shoal_adapted; /* a model of every task, after inner-loop steps */

/* The version of the library, such as "0.1.0". */
SHOAL_C_API const char* shoal_version(void);
/* The message of the last call of this thread that failed, less than 640 bytes; "" when none has. It is valid until the thread's next failure. */
SHOAL_C_API const char* shoal_last_error(void);
/* Releases a handle of any kind; what it stands for is freed once nothing that was made of it and no call in progress needs it. NULL does nothing;
 * a handle that is released already is refused. No handle ever comes back. */
SHOAL_C_API int shoal_release(const void* handle);

/* A context. Keys: backend, threads, isa, math. */
SHOAL_C_API int shoal_context_create(const char* toml, shoal_context** context);
/* Bytes of a `real`: 4 for float, 8 for double; 0 for a handle that is no context. */
SHOAL_C_API size_t shoal_real_size(const shoal_context* context);

/* One side of every task, row-major. Task t has the rows starts[t] .. starts[t + 1] - 1; starts[0] is 0. */
typedef struct shoal_rows {
  const void* x;             /* real [rows, inputs] */
  const void* y;             /* real [rows, targets]; NULL where labels are given */
  const int64_t* labels;     /* [rows], classes from 0; NULL where y is given */
  const void* output_offset; /* real [rows, outputs], added to the network's outputs; NULL: none */
  const int64_t* starts;     /* [tasks + 1] */
} shoal_rows;

typedef struct shoal_shape {
  int64_t tasks, support_rows, query_rows;
  int32_t inputs;
  int32_t targets; /* 0 where the targets are labels */
  int32_t offsets; /* columns of output_offset; 0: none */
} shoal_shape;

/* Borrows arrays of the caller, which must outlive the handle and every call that uses it. Between calls the caller may change numbers and labels in
 * place, and no other array. `shape`: tasks, inputs, targets and offsets; its numbers of rows must be those
 * that `starts` end with. `ids` [tasks], each once; NULL: 0, 1, 2, ... Fails with 3, naming set, task and row. */
SHOAL_C_API int shoal_tasks_borrow(const shoal_context* context, const shoal_shape* shape, const shoal_rows* support,
                                   const shoal_rows* query, const int64_t* ids, shoal_tasks** tasks);
/* Reads a task file (.safetensors, docs/formats.md), in the precision of the context. */
SHOAL_C_API int shoal_tasks_read(const shoal_context* context, const char* path, shoal_tasks** tasks);
SHOAL_C_API int shoal_tasks_shape(const shoal_tasks* tasks, shoal_shape* shape);

/* A learner for models of `inputs` inputs and `outputs` network outputs, with parameters drawn by the seed. Keys: seed; those of [model] but outputs;
 * [loss]; [algorithm] but gate; of [train] the optimizer's, iterations (for its schedule) and chunk. The context lives as long as its learners. */
SHOAL_C_API int shoal_learner_create(shoal_context* context, const char* toml, int32_t inputs, int32_t outputs,
                                     shoal_learner** learner);
/* Opens a model that shoal_learner_save, the program or the C++ or Python library has written: a run folder or a .safetensors file. A model of
 * a table takes tasks as `shoal data export` writes them: inputs as they are given to the network, targets and losses in the user's units. Fails with 4
 * where a gate lets less than all parameters adapt. */
SHOAL_C_API int shoal_learner_load(shoal_context* context, const char* path, shoal_learner** learner);
/* Writes parameters and options as model.safetensors, crash-safely, over what is there. The optimizer's state is not in the file; what a training
 * said of its tasks and its validation is, until the parameters change. */
SHOAL_C_API int shoal_learner_save(const shoal_learner* learner, const char* path);

/* One tensor of the parameters. `name` lives as long as the learner. */
typedef struct shoal_tensor {
  const char* name;
  int64_t offset, size; /* its place among all parameters, in numbers */
  int64_t rows, columns; /* 1 and size of a vector */
} shoal_tensor;
/* How many parameters there are, learned rates included, and in how many tensors. Rates come after all others. */
SHOAL_C_API int shoal_learner_counts(const shoal_learner* learner, int64_t* parameters, int64_t* tensors);
/* The tensor `index`, from 0. */
SHOAL_C_API int shoal_learner_tensor(const shoal_learner* learner, int64_t index, shoal_tensor* tensor);
/* Copies all parameters: real [count]; `count` must be their number. */
SHOAL_C_API int shoal_learner_parameters(const shoal_learner* learner, void* values, int64_t count);
SHOAL_C_API int shoal_learner_set_parameters(shoal_learner* learner, const void* values, int64_t count);

/* What shoal_meta_gradient and shoal_meta_step tell. Arrays of the caller; each may be NULL. */
typedef struct shoal_gradient {
  void* gradient;         /* real [parameters], as shoal_learner_parameters orders them; 0 when no task is good */
  void* query_loss;       /* real [tasks], after adaptation */
  uint8_t* status;        /* [tasks]: 0 good, else why not (docs/formats.md) */
  double mean_query_loss; /* written: over good tasks; NaN when none is good */
  int64_t good;           /* written: number of good tasks */
} shoal_gradient;
/* Adapts every task and computes the gradient of the mean query loss with respect to all parameters; where a table's targets are scaled, of the loss
 * of scaled targets. */
SHOAL_C_API int shoal_meta_gradient(const shoal_learner* learner, const shoal_tasks* tasks, shoal_gradient* result);
/* The same, followed by one update of the optimizer. */
SHOAL_C_API int shoal_meta_step(shoal_learner* learner, const shoal_tasks* tasks, shoal_gradient* result);

/* Query losses after several numbers of adaptation steps: real losses [count, tasks]; NaN where a task failed. `steps` [count], each >= 0. */
SHOAL_C_API int shoal_evaluate(const shoal_learner* learner, const shoal_tasks* tasks, const int32_t* steps, int32_t count,
                               void* losses);
/* Adapts a model to the support set of every task. */
SHOAL_C_API int shoal_adapt(const shoal_learner* learner, const shoal_tasks* tasks, int32_t steps, shoal_adapted** adapted);
/* Copies the adapted parameters, real [tasks, parameters without rates], and status [tasks]; either may be NULL. `count`: of the parameters,
 * tasks x parameters without rates. */
SHOAL_C_API int shoal_adapted_weights(const shoal_adapted* adapted, void* weights, int64_t count, uint8_t* status);
/* Network outputs, with the output offset, of the query rows of `tasks`, which are as many as were adapted to, in their order: real [query
 * rows, outputs]. Rows of a failed task are NaN. `count`: query rows x outputs. Targets of query rows are not looked at, but must be there. */
SHOAL_C_API int shoal_predict(const shoal_learner* learner, const shoal_adapted* adapted, const shoal_tasks* tasks, void* outputs,
                              int64_t count);
/* Turns outputs [rows, outputs] into responses, real [rows, count / rows]: probabilities for bce and softmax (after the label), variances for
 * qlike, and so on (responses.hpp). `count`: rows x responses of a row. *per_row, where it is not NULL, tells the latter, also with values = NULL and count = 0. */
SHOAL_C_API int shoal_responses(const shoal_learner* learner, const void* outputs, int64_t rows, void* values, int64_t count,
                                int32_t* per_row);

#ifdef __cplusplus
}
#endif

#endif
