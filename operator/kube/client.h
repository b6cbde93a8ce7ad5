#pragma once

#include "operator/base/instant.h"
#include "operator/base/json.h"
#include "operator/base/object_ref.h"
#include "operator/base/result.h"
#include "operator/kube/transport.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::kube {

/// One served kind, as discovery describes it.
struct Resource {
  std::string group, version, plural, kind;
  bool namespaced = true;
  std::vector<std::string> verbs;
  std::vector<std::string> subresources;  ///< "status", "scale"
  bool has(std::string_view subresource) const;
  std::string api_version() const;  ///< "apps/v1", "v1"
  auto operator<=>(const Resource&) const = default;
};

/// A kind of the core group, v1.
Resource core_resource(const char* plural, const char* kind, bool namespaced = true);

/// Which object of a Resource; `ns` is empty for cluster-scoped kinds.
struct Key {
  std::string ns, name;
  auto operator<=>(const Key&) const = default;
};

/// What every object says of itself, read out of its text.
struct Meta {
  std::string ns, name, uid, resource_version;
  std::int64_t generation = 0;
  bool deleting = false;
};

/// An object as the server sent it.
struct Object {
  Meta meta;
  std::string text;
};

/// Reads the Meta of an object's text; Invalid when it is no object or lacks a name.
Result<Object> object_of(std::string text);

/// -1, 0, 1: resourceVersions of one kind compared as decimal numbers (KEP-5504); nothing when one
/// is not such a number.
std::optional<int> compare_versions(std::string_view a, std::string_view b);

struct Page {
  std::vector<Object> items;
  std::string resource_version, continue_token;
};

/// RFC 6902, RFC 7396, and Kubernetes' own (sig-api-machinery/strategic-merge-patch.md): of
/// built-in kinds only.
enum class PatchType { Json, Merge, Strategic };

/// How a write is done. A merge patch carries its resourceVersion and uid preconditions inside the
/// body's metadata.
struct WriteOptions {
  std::string field_manager = "doorbuster";
  std::string subresource{};  ///< "", "status", "scale"
  bool dry_run = false;
  Duration timeout{10'000};
};

struct DeleteOptions {
  std::string uid{}, resource_version{};  ///< preconditions; empty: none
  std::string propagation{};  ///< "Background", "Foreground", "Orphan"; empty: the kind's own
  bool dry_run = false;
  Duration timeout{10'000};
};

/// Asked right before each write leaves (never for dry runs): an Error keeps it back. Leader
/// election answers here (fencing). It may shorten the deadline so that no write outlives the
/// lease.
using WriteGate = std::function<Outcome(Duration& timeout)>;

/// Kubernetes calls over a Transport. Thread-safe. Every failure is a value; the server's Status
/// object gives kind, message, causes and Retry-After. Nothing is retried here.
class Client {
 public:
  explicit Client(std::shared_ptr<Transport> transport, WriteGate gate = {});

  Result<Object> get(const Resource&,
                     const Key&,
                     const std::string& subresource = "",
                     Duration timeout = Duration(10'000)) const;
  /// One page. `selector`: a label selector; empty: all. resource_version "" is a consistent read.
  Result<Page> list(const Resource&,
                    const std::string& ns,
                    int limit,
                    const std::string& continue_token,
                    const std::string& selector = "",
                    Duration timeout = Duration(30'000)) const;
  Result<Object> create(const Resource&,
                        const std::string& ns,
                        const Json& body,
                        const WriteOptions& = {}) const;
  Result<Object> update(const Resource&,
                        const Key&,
                        const Json& body,
                        const WriteOptions& = {}) const;
  Result<Object> patch(
      const Resource&, const Key&, PatchType, const Json& body, const WriteOptions& = {}) const;
  /// The deleted object or its Status, as the server sent it.
  Outcome remove(const Resource&, const Key&, const DeleteOptions& = {}) const;
  /// Any GET below the API server, e.g. "/version": the body of a 200.
  Result<std::string> raw(const std::string& target, Duration timeout = Duration(10'000)) const;
  /// POST of a review object (SubjectAccessReview and its kin): the answer's text.
  Result<std::string> review(const Resource&,
                             const std::string& ns,
                             const Json& body,
                             Duration timeout = Duration(5'000)) const;

  Transport& transport() const { return *transport_; }

 private:
  std::shared_ptr<Transport> transport_;
  WriteGate gate_;
};

/// The Error of an unsuccessful answer; nothing when it was successful. NotFound only when a Status
/// names the object that does not exist: a 404 of a path that is not served at the moment, or of a
/// load balancer, is Unavailable. Conflict also when a patch names another uid than the object has.
std::optional<Error> error_of(const Response& response);

/// The request target of a resource: "/apis/apps/v1/namespaces/shop/deployments/checkout/scale".
std::string target_of(const Resource&,
                      const std::string& ns,
                      const std::string& name = "",
                      const std::string& subresource = "");

/// Finds the served Resource of a kind. Thread-safe; remembers discovery and refreshes it when a
/// kind is missing (soon at first, then more and more rarely down to once in `refresh_every`; after
/// a failure once a second) or what it says is doubted.
class RestMapper {
 public:
  explicit RestMapper(std::shared_ptr<Client> client,
                      std::function<Instant()> now,
                      Duration refresh_every = Duration(10'000));
  /// `version` empty: the group's preferred one. `group` may also be left to be found out ("*") for
  /// a bare kind: Invalid when two groups serve it. NotFound: not served.
  Result<Resource> find(const std::string& group,
                        const std::string& version,
                        const std::string& kind);
  /// Every kind, in its group's preferred version, as discovery says now.
  Result<std::vector<Resource>> all();
  /// Something that is served as far as is known was answered with 404: the next find() asks again,
  /// at most once in `refresh_every`. Where that fails, what is known stays.
  void doubt();

 private:
  Outcome refresh();
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace doorbuster::kube
