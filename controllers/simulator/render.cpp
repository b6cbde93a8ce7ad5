#include "controllers/simulator/render.h"

#include <algorithm>

namespace doorbuster::simulator {
namespace {

bool is_by_name(const std::string& list) {
  return list == "containers" || list == "initContainers";
}

void merge_by_name(Tree& list, const Tree& patch) {
  for (const Tree& one : patch.elements()) {
    auto& all = list.elements();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Tree& other) {
      return other.text_at("/name") == one.text_at("/name");
    });
    if (found == all.end())
      all.push_back(one);
    else
      found->merge(one);
  }
}

}  // namespace

void strategic_merge(Tree& object, const Tree& patch) {
  if (patch.type() != JsonType::Object || object.type() != JsonType::Object)
    return object.merge(patch);
  if (patch.text_at("/$patch") == "replace") {
    object = patch;
    object.erase("/$patch");
    return;
  }
  for (const auto& [name, value] : patch.members()) {
    Tree* here = object.member(name);
    if (here != nullptr && is_by_name(name) && here->type() == JsonType::Array) {
      merge_by_name(*here, value);
    } else if (here != nullptr && value.type() == JsonType::Object) {
      strategic_merge(*here, value);
    } else {
      Tree one = Tree::object();
      one.set_member(name, value);
      object.merge(one);
    }
  }
}

}  // namespace doorbuster::simulator
