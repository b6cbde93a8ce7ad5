#pragma once

#include "crds/reader.h"
#include "operator/base/instant.h"
#include "operator/base/result.h"

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// One row of `list`. An event that cannot be read (another version's) still has its name.
struct ListedSale {
  std::string ns, name;
  Result<api::SaleEvent> event;
};
struct ListStyle {
  std::string output = "table";  ///< or wide, json, name
  bool headers = true, namespaces = false;
};
std::string list_text(const std::vector<ListedSale>& sales, const ListStyle& style, Instant now);

/// Adds `kubectl-sale list` and `kubectl-sale status NAME`: how sales stand now. Only read.
void add_look_commands(CLI::App& app, const std::function<Instant()>& now, int& exit_code);

}  // namespace doorbuster::commands
