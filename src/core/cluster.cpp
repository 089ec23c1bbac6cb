// SPDX-License-Identifier: Apache-2.0
#include <shoal/cluster.hpp>

#include "core/name_table.hpp"

namespace shoal {
namespace {

constexpr std::pair<Cluster, std::string_view> cluster_names[] = {
    {Cluster::automatic, "auto"}, {Cluster::task, "task"}, {Cluster::time, "time"}};

}  // namespace

std::string_view to_string(Cluster cluster) {
  return name_in<Cluster>(cluster_names, cluster);
}

Cluster cluster_from_string(std::string_view name) {
  return value_in<Cluster>(cluster_names, "cluster", name);
}

}  // namespace shoal
