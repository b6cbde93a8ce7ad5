#pragma once

#include "operator/base/object_ref.h"

namespace doorbuster::products {

/// Does whoever owns an object of this kind leave the field as others set it? Of most it would undo
/// what is held there.
bool owner_leaves(const FieldRef&);

}  // namespace doorbuster::products
