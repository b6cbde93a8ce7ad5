#pragma once

#include "operator/base/object_ref.h"
#include "operator/base/result.h"

#include <string>
#include <vector>

namespace doorbuster::products {

/// One kind and the fields of it that may be held.
struct AllowedKind {
  std::string group, kind;  ///< exact; "*" as kind: every kind of the group
  std::vector<std::string>
      fields;  ///< JSON Pointer prefixes, by whole steps; list steps (keys or index) match "*"
  bool operator==(const AllowedKind&) const = default;
};

/// What may be held. The safe default names known products' knobs; an operator's file replaces or
/// extends it.
struct AllowList {
  std::vector<AllowedKind> kinds;
  static AllowList standard();
};

/// Nothing when the field may be held; otherwise the sentence that says why not. Never allowed
/// whatever the list says: Secrets, RBAC, admission, CRDs, our own kinds, metadata other than
/// labels and annotations of no owner, status, and one-way fields (partitions, storage, shards)
/// unless `one_way`; a workload's pod template only with `template_too`.
std::string why_not_allowed(const AllowList&, const FieldRef&, bool one_way, bool template_too);

/// The same of a field that holds replicas and is raised and lowered for a capacity target, which
/// cannot ask for the way that leads only up.
std::string why_not_scaled(const AllowList&, const FieldRef&);

/// A kind that is never held, whatever the list says.
bool is_never_held(const std::string& group, const std::string& kind);

}  // namespace doorbuster::products
