#include "operator/base/object_ref.h"

namespace doorbuster {

std::string to_text(const ObjectRef& object) {
  std::string text = object.kind;
  if (!object.group.empty()) text += "." + object.group;
  text += " ";
  if (!object.ns.empty()) text += object.ns + "/";
  return text + object.name;
}

std::string to_text(const FieldRef& field) {
  std::string text =
      to_text(field.object) + " " + (field.pointer.empty() ? "(whole)" : field.pointer);
  if (!field.inside.empty()) text += " inside " + field.inside;
  return text;
}

}  // namespace doorbuster
