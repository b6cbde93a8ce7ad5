#include "controllers/simulator/managed_fields.h"

#include <utility>

namespace doorbuster::simulator {
namespace {

Tree fields_of(const std::set<std::string>& leaves) {
  Tree root = Tree::object();
  for (const std::string& leaf : leaves) {
    Tree* here = &root;
    for (const std::string& step : steps_of(leaf)) {
      // The map itself is a member of the set of who made it.
      const std::string name = step == "." ? "." : "f:" + step;
      if (here->member(name) == nullptr) here->set_member(name, Tree::object());
      here = here->member(name);
    }
  }
  return root;
}

void leaves_of(const Tree& fields, const std::string& prefix, std::set<std::string>& out) {
  if (fields.members().empty() && !prefix.empty()) out.insert(prefix);
  for (const auto& [name, child] : fields.members()) {
    // Elements of a list (`k:`, `v:`): here a list is owned as a whole.
    if (name != "." && !name.starts_with("f:")) {
      out.insert(prefix);
      continue;
    }
    leaves_of(child, prefix + "/" + (name == "." ? name : escaped(name.substr(2))), out);
  }
}

void add_leaves(const Tree& object,
                const std::string& pointer,
                std::map<std::string, std::string>& out) {
  const Tree* part = object.at(pointer);
  if (part == nullptr) return;
  for (const auto& [leaf, text] : part->leaves()) out.emplace(pointer + leaf, text);
}

}  // namespace

std::map<std::string, std::string> owned_leaves(const Tree& object) {
  std::map<std::string, std::string> out;
  for (const char* part :
       {"/spec", "/metadata/labels", "/metadata/annotations", "/metadata/ownerReferences"}) {
    add_leaves(object, part, out);
  }
  for (const char* map : {"/metadata/labels", "/metadata/annotations"}) {
    if (object.at(map) != nullptr) out.emplace(std::string(map) + "/.", "");
  }
  return out;
}

Tree managed_fields(const std::string& api_version, const Owners& owners) {
  std::string text = "[]";
  Tree list = Tree::parse(text);
  for (const auto& [writer, owned] : owners) {
    Tree entry = Tree::object();
    entry.set_member("manager", Tree::string(writer.manager));
    entry.set_member("operation", Tree::string(writer.apply ? "Apply" : "Update"));
    entry.set_member("apiVersion", Tree::string(api_version));
    // The server keeps whole seconds.
    entry.set_member(
        "time", Tree::string(to_rfc3339(std::chrono::floor<std::chrono::seconds>(owned.time))));
    entry.set_member("fieldsType", Tree::string("FieldsV1"));
    entry.set_member("fieldsV1", fields_of(owned.leaves));
    if (!writer.subresource.empty())
      entry.set_member("subresource", Tree::string(writer.subresource));
    list.elements().push_back(std::move(entry));
  }
  return list;
}

Owners owners_of(const Tree& managed) {
  Owners out;
  for (const Tree& entry : managed.elements()) {
    Writer writer{.manager = entry.text_at("/manager"),
                  .apply = entry.text_at("/operation") == "Apply",
                  .subresource = entry.text_at("/subresource")};
    Owned owned{.time = parse_rfc3339(entry.text_at("/time")).value_or(Instant{}), .leaves = {}};
    if (const Tree* fields = entry.at("/fieldsV1")) leaves_of(*fields, "", owned.leaves);
    out.emplace(std::move(writer), std::move(owned));
  }
  return out;
}

void update_owners(
    Owners& owners, const Tree& before, const Tree& after, const Writer& writer, Instant now) {
  const auto old = owned_leaves(before);
  const auto next = owned_leaves(after);
  bool touched = false;
  for (const auto& [leaf, text] : next) {
    const auto was = old.find(leaf);
    if (was != old.end() && was->second == text) continue;
    touched = true;
    for (auto& [other, owned] : owners) owned.leaves.erase(leaf);
    owners[writer].leaves.insert(leaf);
  }
  for (const auto& [leaf, text] : old) {
    if (next.contains(leaf)) continue;
    touched = true;
    for (auto& [other, owned] : owners) owned.leaves.erase(leaf);
  }
  if (touched && owners.contains(writer)) owners[writer].time = now;
  std::erase_if(owners, [](const auto& one) { return one.second.leaves.empty(); });
}

}  // namespace doorbuster::simulator
