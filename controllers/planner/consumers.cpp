#include "controllers/planner/consumers.h"

#include <algorithm>
#include <string_view>

namespace doorbuster::planner {
namespace {

/// The alphabet of kustomize's hashes and their length (kubernetes-sigs/kustomize api/hasher).
constexpr std::string_view kHashLetters = "bcdfghkmt2456789";
constexpr std::size_t kHashLength = 10;

bool has_hashed_name(std::string_view name) {
  if (name.size() < kHashLength + 2 || name[name.size() - kHashLength - 1] != '-') return false;
  const std::string_view hash = name.substr(name.size() - kHashLength);
  return hash.find_first_not_of(kHashLetters) == std::string_view::npos;
}

/// Stakater Reloader, "search and match": workloads that ask for it restart when this one changes.
bool restarts_its_readers(const Document& object) {
  return object.string("/metadata/annotations/reloader.stakater.com~1match") == "true";
}

}  // namespace

ConsumerFindings consumer_findings(const FieldRef& field, const Document& object) {
  ConsumerFindings out;
  if (!field.object.group.empty() || field.object.kind != "ConfigMap") return out;
  if (!field.pointer.starts_with("/data")) return out;
  const std::string what = to_text(field.object);
  if (object.at("/immutable") == Value(Json{"true"})) {
    out.refused = what +
                  " is immutable: the API server refuses every change of its data. Create it anew "
                  "without immutable: true";
  }
  if (has_hashed_name(field.object.name)) {
    out.warnings.push_back(
        {"HashedName",
         what +
             " has a hashed name, as kustomize makes them: its readers take up new values with a "
             "new name only, and the next build makes one that is not held. Give it a name without "
             "hash (disableNameSuffixHash)"});
  }
  if (restarts_its_readers(object)) {
    out.warnings.push_back({"ConsumersRestart",
                            what + " is watched by Stakater Reloader: its readers restart when the "
                                   "hold begins and again when it ends"});
  }
  return out;
}

}  // namespace doorbuster::planner
