#pragma once

#include "operator/base/instant.h"
#include "operator/kube/client.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::kube {

/// An object as a list or watch delivered it. Both live only for the call. At least kTextPadding
/// bytes after the text may be read (simdjson asks for it).
struct ObjectView {
  const Meta& meta;
  std::string_view text;
};
inline constexpr std::size_t kTextPadding = 64;

/// How a watch stands. A view that was current once stays readable in every state; its age says
/// what it is worth.
enum class WatchState {
  Starting,   ///< no list has succeeded yet
  Current,    ///< a whole list was delivered and its watch is open
  Retrying,   ///< the connection or the server failed; tried again soon
  Denied,     ///< 401 or 403; tried again slowly
  NotServed,  ///< 404: the kind is not there (its CRD is missing or was removed); tried again
              ///< slowly
  TooMany,    ///< more objects or bytes than the named bounds; tried again slowly
  Stopped,    ///< nothing is watched; the sink has forgotten what it had
};
const char* to_string(WatchState state);

struct WatchReport {
  WatchState state = WatchState::Starting;
  std::string why;  ///< the server's words or the transport's; empty when Current
  Instant at{};
};

/// One page of a consistent list. After the last page the scope holds exactly what the pages named:
/// other keys are gone.
struct ListedPage {
  bool first = false, last = false;
  std::vector<ObjectView> items;
  std::string version;  ///< resourceVersion of the list
  Instant as_of{};      ///< the list is no older than this: when its first page was asked for
};

/// Where one scope's objects go (`ns` empty: all namespaces). Called on the I/O thread, one call at
/// a time for one scope; must neither block nor stop its own reflector's owner.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void on_page(const std::string& ns, const ListedPage& page) = 0;
  virtual void on_upsert(const std::string& ns, const ObjectView& object, Instant at) = 0;
  /// `last` is the object's last state; its resourceVersion is that of the deletion.
  virtual void on_delete(const std::string& ns, const ObjectView& last, Instant at) = 0;
  /// The view has everything up to `version`.
  virtual void on_bookmark(const std::string& ns, const std::string& version, Instant at) = 0;
  virtual void on_state(const std::string& ns, const WatchReport& report) = 0;
  /// An object without a readable name: skipped; the rest goes on.
  virtual void on_undecodable(const std::string& ns, const std::string& why) = 0;
};

}  // namespace doorbuster::kube
