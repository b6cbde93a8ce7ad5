#pragma once

#include "operator/base/instant.h"
#include "operator/commands/connection.h"
#include "operator/commands/screen.h"
#include "operator/kube/sink.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// The Lease of the operator that is looked at for signs of life: namespace and name.
struct LeaseName {
  std::string ns, name;
};
/// Of `NAMESPACE/NAME`; nothing when it is neither.
std::optional<LeaseName> lease_name_of(const std::string& text);
/// Where the shipped manifests let the operator keep it.
inline constexpr const char* kOperatorLease = "doorbuster-system/doorbuster";
/// Declares --operator-lease, which may be empty.
void add_lease_option(CLI::App& command, std::string& lease);

/// What is looked at besides the event, each as far as it may be read.
struct Around {
  bool objects = true;             ///< SaleActions, workloads and autoscalers of its namespace
  std::optional<LeaseName> lease;  ///< the operator's
};

/// One look at a sale, without a watch.
Result<SaleLook> look_once(const Connected& connected,
                           const std::string& name,
                           const Around& around,
                           const std::function<Instant()>& now);

/// One sale of a cluster, followed by a watch of the API server. Reads only.
class LiveSale {
 public:
  LiveSale(const Connected& connected,
           const std::string& name,
           const std::function<Instant()>& now,
           Around around);
  ~LiveSale();  ///< ends the watches
  LiveSale(const LiveSale&) = delete;
  LiveSale& operator=(const LiveSale&) = delete;

  /// Readable when something has changed since calm().
  int changed() const;
  void calm();
  /// Waits for a change, or so long.
  void await_change(Duration at_most);

  /// The sale as it is known. Nothing: it was there and is not any more. Error: it has not been
  /// listed yet (Unavailable), or cannot be: no right (Denied), not installed, or not readable.
  Result<std::optional<SaleLook>> look() const;
  /// Why the API server does not tell of changes now; empty: it does, or has only been asked.
  std::string trouble() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace doorbuster::commands
