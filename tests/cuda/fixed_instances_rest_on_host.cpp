// SPDX-License-Identifier: Apache-2.0
// The second half of them for the host.
#include "fixed_instances_rest.cu"
