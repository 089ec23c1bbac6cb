// SPDX-License-Identifier: Apache-2.0
// The kernels of the test shapes for the host, where every CUDA thread is a fibre.
#include "fixed_instances.cu"
