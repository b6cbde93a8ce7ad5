#pragma once

#include "controllers/simulator/api_server.h"
#include "controllers/simulator/tree.h"

#include <map>
#include <string>

namespace doorbuster::simulator {

/// The leaves that managedFields speaks of: spec, labels, annotations, owner references.
std::map<std::string, std::string> owned_leaves(const Tree& object);

/// metadata.managedFields of these owners ("FieldsV1", Kubernetes' Server-Side Apply).
Tree managed_fields(const std::string& api_version, const Owners&);
/// The reverse, for a client that edits managedFields itself.
Owners owners_of(const Tree& managed_fields);

/// After an Update: what changed belongs to the writer alone, what went belongs to nobody.
void update_owners(Owners&, const Tree& before, const Tree& after, const Writer&, Instant now);

}  // namespace doorbuster::simulator
