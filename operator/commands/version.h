#pragma once

#include "operator/base/instant.h"

#include <string>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// Which build this is.
struct BuildInfo {
  std::string version, commit, compiler, platform;
  Instant source{};  ///< of the sources: the commit's time, or SOURCE_DATE_EPOCH
};
const BuildInfo& build_info();

/// `doorbuster/0.1.0 (linux/amd64)`.
std::string user_agent();

/// Adds `doorbuster version`; `exit_code` gets what the process is to return.
void add_version_command(CLI::App& app, int& exit_code);

}  // namespace doorbuster::commands
