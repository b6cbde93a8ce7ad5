#pragma once

#include "operator/base/result.h"
#include "operator/kube/kubeconfig.h"

#include <string>

namespace doorbuster::commands {

/// A variable of the environment, empty when there is none. Before any thread exists.
std::string environment(const char* name);

/// Which API server: that of the pod when neither is said and there is one, else by the rules of
/// kubectl (--kubeconfig, KUBECONFIG, ~/.kube/config).
Result<kube::ServerConfig> find_server(const std::string& kubeconfig, const std::string& context);

}  // namespace doorbuster::commands
