# SPDX-License-Identifier: Apache-2.0
"""The parameters that all estimators have, in words: one text for the three docstrings. Meanings are those of docs/configuration.md."""

FIRST = """key : str or list of str, optional
        Columns of X that name the task (positions in arrays). Without key and groups the rows are one population, and the model is
        trained `pooled`.
    time : str, optional
        Column of X that orders the rows of a task: its support then lies strictly before its query.
    offset : str, optional
        Column of X that is added to the network's output.
    categorical : list of str, optional
        Features that are categories though their values are numbers. Text and category columns are categories by themselves."""

REST = """support : int
        Rows of a task that the model adapts on.
    query : int
        Rows of a task that the adapted model is measured on, at most; 0 means all others.
    max_categories : int
        A text column that is not listed under `categorical` may have so many different texts.
    time_format : str
        Layout of times that are text, e.g. `%d/%m/%Y`; empty for the layouts that docs/formats.md lists.
    windows : dict, optional
        Cut every key into windows of rows in time: `support`, `query`, `stride` (0 means query) and `purge` (rows between support and query).
    missing : {"error", "drop", "mean"}
        What happens to missing values: an error, their rows are left out, or means with an indicator column.
    purge : int
        Rows left out between support and query in time.
    stratify : bool
        The support has rows of every class, in proportion; of classifiers without `time`.
    scale : bool
        Standardise features by mean and deviation of the rows of `fit`.
    scale_targets : {"auto", "true", "false"}
        Standardise targets; `auto` does it where their deviation is outside [0.1, 10]. Predictions are always in the units of the targets.
    hidden : list of int
        Widths of the hidden layers; an empty list is a linear model.
    activation : {"relu", "identity", "tanh", "sigmoid", "softplus", "silu", "gelu"}
        What comes after a hidden layer.
    skip : bool
        A linear map from input to output, added to the network.
    init : {"glorot", "he", "truncated-normal"}
        How the weights begin.
    init_sd : float
        Standard deviation of `truncated-normal`.
    algorithm : {"maml", "fomaml", "reptile", "anil", "boil", "meta-sgd", "pooled"}
        How meta-training goes; docs/algorithms.md.
    inner_steps : int
        Steps of adaptation.
    inner_lr : float
        Learning rate of adaptation, and where learned rates begin.
    learned_lr : {"none", "layer", "layer-step", "parameter"}
        Which inner rates meta-training learns.
    step_weights : list of float
        Multi-step loss, one weight per step with sum 1; empty for the last step alone.
    max_move : float
        A task fails when one of its weights moves further than this; 0 means any distance.
    gate : {"off", "auto"}
        With `auto` the data decide whether tasks adapt, their last bias alone, or not at all.
    iterations : int
        Meta-iterations.
    tasks_per_batch : int
        Tasks of one meta-iteration.
    sampling : {"tasks", "rows"}
        Whether every task counts alike, or every row.
    chunk : int
        Tasks that are computed at once, at most; 0 means all. It bounds memory and changes no bit.
    optimizer : {"adam", "adamw", "momentum", "sgd"}
        The outer optimizer.
    lr : float
        Its learning rate.
    beta1 : float
        Decay of the first moment, of adam and adamw.
    beta2 : float
        Decay of the second moment, of adam and adamw.
    epsilon : float
        Added to the denominator, of adam and adamw.
    weight_decay : float
        L2 penalty; of adamw decoupled.
    momentum : float
        Decay of the buffer, of momentum.
    clip : float
        Largest norm of a meta-gradient; 0 means any.
    schedule : {"constant", "cosine"}
        How the outer learning rate goes on.
    final_lr : float
        Where `cosine` ends.
    validate_every : int, optional
        Iterations between validations on `eval_set`; None means 20 where there is one.
    keep : {"best", "last"}
        Which model is kept: the best by validation, where there is any, or the last.
    patience : int
        Training ends after so many validations in a row without improvement; 0 means never.
    checkpoint_every : int
        Iterations between checkpoints of `run`; 0 means at the end alone.
    log_every : int
        Iterations between calls of callbacks and lines of metrics; 0 means about a hundred in all.
    warm_start : str
        Run or parameters file to start from; empty for none.
    backend : {"auto", "cpu", "cuda", "reference"}
        What computes; `reference` computes in float64.
    isa : {"auto", "scalar", "avx2", "avx512"}
        Instruction set of the backend cpu. It changes no bit.
    math : {"exact", "fast"}
        On cuda, `fast` gives up that the bits are the same everywhere.
    n_jobs : int, optional
        Threads; None means all cores. It changes no bit.
    random_state : int
        Seed of everything random.
    keep_adapted : bool
        Whether `fit` ends with `adapted_`, the models of all its keys."""

ATTRIBUTES = """adapted_ : AdaptedModels
        The models of the keys of `fit`, adapted on all their rows (with windows, on their last `support` rows).
    parameters_ : dict
        Trained parameters and learned rates by name, as arrays.
    history_ : list of dict
        Metrics of the logged iterations.
    n_iter_ : int
        Iterations that were done.
    left_out_ : dict
        Rows that are in no task, by rule.
    failures_ : list of tuple
        Tasks that failed in the first iteration that had any, as (id, key, reason, step).
    n_features_in_ : int
        Columns of X at `fit`.
    feature_names_in_ : array of str
        Their names, of frames."""


def documented(estimator):
    """Fills the texts that all estimators share into the docstring of a class."""
    estimator.__doc__ = estimator.__doc__.replace("<first parameters>", FIRST).replace("<other parameters>", REST).replace("<attributes>", ATTRIBUTES)
    return estimator
