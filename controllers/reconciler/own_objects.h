#pragma once

#include "operator/base/json.h"
#include "operator/kube/client.h"

#include <string>

namespace doorbuster::reconciler {

/// A kind of our own CRDs, as they serve it.
kube::Resource own_resource(const char* plural, const char* kind);

/// Which object of ours a write is about, and in which state it must still be.
struct OwnObject {
  const char* kind;
  std::string ns, name, uid, version;
};

/// The body of an update of its status, guarded by uid and version.
Json status_update(const OwnObject&, const Json& status);

}  // namespace doorbuster::reconciler
