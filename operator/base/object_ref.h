#pragma once

#include <compare>
#include <string>

namespace doorbuster {

/// Which object: by group and kind, not version, for two versions of one kind are one object. Core
/// group: "". Cluster-scoped objects have no namespace.
struct ObjectRef {
  std::string group, kind, ns, name;
  auto operator<=>(const ObjectRef&) const = default;
};

/// `HorizontalPodAutoscaler.autoscaling shop/checkout`, as messages name it.
std::string to_text(const ObjectRef& object);

/// Which field of which object. `pointer` is a JSON Pointer (RFC 6901) whose steps may choose a
/// list element by key,
/// `/spec/http/[name=default]/retries`; `inside` a path within a document kept in that field
/// (empty: the field itself).
struct FieldRef {
  ObjectRef object;
  std::string pointer, inside;
  auto operator<=>(const FieldRef&) const = default;
};

std::string to_text(const FieldRef& field);

}  // namespace doorbuster
