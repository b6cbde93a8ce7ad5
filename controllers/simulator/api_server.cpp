#include "controllers/simulator/api_server.h"

#include "controllers/simulator/managed_fields.h"

#include <algorithm>
#include <cassert>

namespace doorbuster::simulator {
namespace {

Error error(ErrorKind kind, std::string message) {
  return Error{.kind = kind, .message = std::move(message)};
}

/// As autoscaling/v2 fills in what is absent (pkg/apis/autoscaling/v2/defaults.go): minReplicas,
/// and all of behavior once there is any of it.
void default_autoscaler(Tree& object) {
  Tree* spec = object.at("/spec");
  if (spec == nullptr) return;
  if (spec->at("/minReplicas") == nullptr) spec->set("/minReplicas", Tree::integer(1));
  if (spec->at("/behavior") == nullptr) return;
  const auto fill = [&](const char* pointer, const char* value) {
    if (spec->at(pointer) == nullptr) spec->set(pointer, Tree::parse(value));
  };
  fill("/behavior/scaleUp/stabilizationWindowSeconds", "0");
  fill("/behavior/scaleUp/selectPolicy", "\"Max\"");
  fill(
      "/behavior/scaleUp/policies",
      R"([{"type":"Pods","value":4,"periodSeconds":15},{"type":"Percent","value":100,"periodSeconds":15}])");
  fill("/behavior/scaleDown/selectPolicy", "\"Max\"");
  fill("/behavior/scaleDown/policies", R"([{"type":"Percent","value":100,"periodSeconds":15}])");
}

Outcome validate(const ObjectRef& ref, const Tree& object) {
  if (ref.kind == "HorizontalPodAutoscaler") {
    const std::int64_t min = object.number("/spec/minReplicas", -1);
    const std::int64_t max = object.number("/spec/maxReplicas", -1);
    if (min < 1)
      return error(ErrorKind::Invalid, "spec.minReplicas: must be greater than or equal to 1");
    if (max < 1) return error(ErrorKind::Invalid, "spec.maxReplicas: must be greater than 0");
    if (max < min) {
      return error(ErrorKind::Invalid,
                   "spec.maxReplicas: must be greater than or equal to `minReplicas`");
    }
  }
  if (ref.kind == "Deployment" && object.number("/spec/replicas", -1) < 0) {
    return error(ErrorKind::Invalid, "spec.replicas: must be greater than or equal to 0");
  }
  return Done{};
}

void normalise(const ObjectRef& ref, Tree& object) {
  if (ref.kind == "HorizontalPodAutoscaler") default_autoscaler(object);
  if (ref.kind == "Deployment" && object.at("/spec/replicas") == nullptr)
    object.set("/spec/replicas", Tree::integer(1));
  for (const char* map : {"/metadata/labels", "/metadata/annotations", "/metadata/finalizers"}) {
    const Tree* part = object.at(map);
    if (part != nullptr && part->members().empty() && part->elements().empty()) object.erase(map);
  }
}

/// uid and resourceVersion that a patch brings along are preconditions.
Outcome check_guards(const Stored& before, const Tree& next) {
  if (next.text_at("/metadata/uid") != before.uid()) {
    return error(ErrorKind::Conflict, "Precondition failed: UID in object meta");
  }
  if (next.text_at("/metadata/resourceVersion") !=
      before.tree.text_at("/metadata/resourceVersion")) {
    return error(ErrorKind::Conflict,
                 "the object has been modified; please apply your changes to the latest version");
  }
  return Done{};
}

Outcome patch_step(Tree& object, const Tree& operation) {
  const std::string op = operation.text_at("/op"), path = operation.text_at("/path");
  const Tree* value = operation.member("value");
  const Tree* found = object.at(path);
  if (op == "test") {
    if (found != nullptr && value != nullptr && *found == *value) return Done{};
    return error(ErrorKind::Invalid, "testing path " + path + " failed");
  }
  if (op == "remove") {
    if (object.erase(path)) return Done{};
    return error(ErrorKind::Invalid, "remove: nothing at " + path);
  }
  if (op == "replace" && found == nullptr)
    return error(ErrorKind::Invalid, "replace: nothing at " + path);
  if ((op == "replace" || op == "add") && value != nullptr) {
    const std::string_view parent = std::string_view(path).substr(0, path.rfind('/'));
    if (object.at(parent) == nullptr)
      return error(ErrorKind::Invalid, op + ": no parent of " + path);
    object.set(path, *value);
    return Done{};
  }
  return error(ErrorKind::Invalid, "unknown operation " + op);
}

bool has_finalizers(const Tree& object) {
  const Tree* list = object.at("/metadata/finalizers");
  return list != nullptr && !list->elements().empty();
}

}  // namespace

const std::vector<ServedKind>& standard_kinds() {
  static const std::vector<ServedKind> kKinds{
      {.group = "apps", .kind = "Deployment", .api_version = "apps/v1", .has_scale = true},
      {.group = "apps", .kind = "StatefulSet", .api_version = "apps/v1", .has_scale = true},
      {.group = "apps", .kind = "DaemonSet", .api_version = "apps/v1"},
      {.group = "autoscaling", .kind = "HorizontalPodAutoscaler", .api_version = "autoscaling/v2"},
      {.group = "keda.sh", .kind = "ScaledObject", .api_version = "keda.sh/v1alpha1"},
      {.group = "policy", .kind = "PodDisruptionBudget", .api_version = "policy/v1"},
      {.group = "autoscaling.k8s.io",
       .kind = "VerticalPodAutoscaler",
       .api_version = "autoscaling.k8s.io/v1"},
      {.group = "flagger.app", .kind = "Canary", .api_version = "flagger.app/v1beta1"},
      {.group = "", .kind = "Service", .api_version = "v1"},
      {.group = "gateway.networking.k8s.io",
       .kind = "HTTPRoute",
       .api_version = "gateway.networking.k8s.io/v1"},
      {.group = "gateway.networking.k8s.io",
       .kind = "GRPCRoute",
       .api_version = "gateway.networking.k8s.io/v1"},
      {.group = "gateway.envoyproxy.io",
       .kind = "BackendTrafficPolicy",
       .api_version = "gateway.envoyproxy.io/v1alpha1"},
      {.group = "doorbuster.dev", .kind = "SaleEvent", .api_version = "doorbuster.dev/v1alpha1"},
      {.group = "doorbuster.dev", .kind = "SaleAction", .api_version = "doorbuster.dev/v1alpha1"}};
  return kKinds;
}

namespace {

const ServedKind* find_kind(const std::vector<ServedKind>& kinds,
                            const std::string& group,
                            const std::string& kind) {
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const ServedKind& one) {
    return one.kind == kind && (group == "*" || one.group == group);
  });
  return found == kinds.end() ? nullptr : &*found;
}

ObjectRef with_group(const std::vector<ServedKind>& kinds, ObjectRef ref) {
  if (ref.group != "*") return ref;
  const ServedKind* known = find_kind(kinds, ref.group, ref.kind);
  if (known != nullptr) ref.group = known->group;
  return ref;
}

}  // namespace

const ServedKind* ApiServer::kind_of(const std::string& group, const std::string& kind) const {
  return find_kind(kinds, group, kind);
}
ObjectRef ApiServer::served(ObjectRef ref) const { return with_group(kinds, std::move(ref)); }
ObjectRef served(ObjectRef ref) { return with_group(standard_kinds(), std::move(ref)); }

ObjectRef autoscaler_ref(const std::string& ns, const std::string& name) {
  return {.group = "autoscaling", .kind = "HorizontalPodAutoscaler", .ns = ns, .name = name};
}
ObjectRef budget_ref(const std::string& ns, const std::string& name) {
  return {.group = "policy", .kind = "PodDisruptionBudget", .ns = ns, .name = name};
}
ObjectRef vertical_ref(const std::string& ns, const std::string& name) {
  return {.group = "autoscaling.k8s.io", .kind = "VerticalPodAutoscaler", .ns = ns, .name = name};
}
ObjectRef scaled_ref(const std::string& ns, const std::string& name) {
  return {.group = "keda.sh", .kind = "ScaledObject", .ns = ns, .name = name};
}
ObjectRef deployment_ref(const std::string& ns, const std::string& name) {
  return {.group = "apps", .kind = "Deployment", .ns = ns, .name = name};
}
ObjectRef policy_ref(const std::string& ns, const std::string& name) {
  return {.group = "gateway.envoyproxy.io", .kind = "BackendTrafficPolicy", .ns = ns, .name = name};
}
ObjectRef service_ref(const std::string& ns, const std::string& name) {
  return {.group = "", .kind = "Service", .ns = ns, .name = name};
}
ObjectRef route_ref(const std::string& ns, const std::string& name, const std::string& kind) {
  return {.group = "gateway.networking.k8s.io", .kind = kind, .ns = ns, .name = name};
}
ObjectRef action_ref(const std::string& ns, const std::string& name) {
  return {.group = "doorbuster.dev", .kind = "SaleAction", .ns = ns, .name = name};
}
ObjectRef sale_ref(const std::string& ns, const std::string& name) {
  return {.group = "doorbuster.dev", .kind = "SaleEvent", .ns = ns, .name = name};
}

std::shared_ptr<const planner::Document> Stored::document() const {
  if (!document_) {
    Tree whole = tree;
    if (!owners.empty())
      whole.set("/metadata/managedFields", managed_fields(tree.text_at("/apiVersion"), owners));
    auto parsed = planner::Document::parse(whole.print());
    assert(parsed.ok());
    document_ = *parsed;
  }
  return document_;
}

StoredPtr ApiServer::live(const ObjectRef& ref) const {
  const auto found = history_.find(ref);
  if (found == history_.end() || found->second.back()->gone) return nullptr;
  return found->second.back();
}

StoredPtr ApiServer::as_of(const ObjectRef& ref, std::int64_t version) const {
  const auto found = history_.find(ref);
  if (found == history_.end()) return nullptr;
  const auto& versions = found->second;
  for (auto it = versions.rbegin(); it != versions.rend(); ++it) {
    if ((*it)->version <= version) return (*it)->gone ? nullptr : *it;
  }
  return nullptr;
}

std::int64_t ApiServer::version_at(Instant at) const {
  const auto after =
      std::upper_bound(made_.begin(), made_.end(), at, [](Instant wanted, const auto& one) {
        return wanted < one.first;
      });
  return after == made_.begin() ? 0 : std::prev(after)->second;
}

std::vector<ObjectRef> ApiServer::objects(const std::string& group, const std::string& kind) const {
  std::vector<ObjectRef> out;
  const ObjectRef first{.group = group, .kind = kind, .ns = "", .name = ""};
  for (auto it = history_.lower_bound(first); it != history_.end(); ++it) {
    if (it->first.group != group || it->first.kind != kind) break;
    out.push_back(it->first);
  }
  return out;
}

const std::vector<StoredPtr>& ApiServer::history(const ObjectRef& ref) const {
  static const std::vector<StoredPtr> kNone;
  const auto found = history_.find(ref);
  return found == history_.end() ? kNone : found->second;
}

Result<StoredPtr> ApiServer::store(const StoredPtr& before,
                                   std::shared_ptr<Stored> next,
                                   const Writer& writer) {
  next->forget_document();
  next->version = ++version_;
  next->at = now_();
  next->tree.set("/metadata/resourceVersion", Tree::string(json_of(next->version).text));
  StoredPtr stored = std::move(next);
  history_[stored->ref].push_back(stored);
  made_.emplace_back(stored->at, stored->version);
  if (on_commit) on_commit(Commit{.writer = writer, .before = before, .after = stored});
  return stored;
}

StoredPtr ApiServer::bury(const StoredPtr& last, const Writer& writer) {
  auto tombstone = std::make_shared<Stored>(*last);
  tombstone->gone = true;
  return store(last, std::move(tombstone), writer).value();
}

Result<StoredPtr> ApiServer::create(const ObjectRef& ref, Tree object, const Writer& writer) {
  if (live(ref)) return error(ErrorKind::Conflict, "already exists");
  if (terminating_.contains(ref.ns))
    return error(ErrorKind::Denied, "the namespace is being terminated");
  auto made = std::make_shared<Stored>();
  made->ref = ref;
  const ServedKind* kind = kind_of(ref.group, ref.kind);
  object.set("/apiVersion", Tree::string(kind == nullptr ? ref.group + "/v1" : kind->api_version));
  object.set("/kind", Tree::string(ref.kind));
  object.set("/metadata/name", Tree::string(ref.name));
  object.set("/metadata/namespace", Tree::string(ref.ns));
  object.set("/metadata/uid", Tree::string("uid-" + ref.name + "-" + json_of(++uids_).text));
  object.set("/metadata/creationTimestamp", Tree::string(to_rfc3339(now_())));
  object.set("/metadata/generation", Tree::integer(1));
  normalise(ref, object);
  if (const Outcome valid = validate(ref, object); !valid) return valid.error();
  update_owners(made->owners, Tree::object(), object, writer, now_());
  if (ref.kind == "SaleEvent") made->status = std::make_shared<const api::SaleEventStatus>();
  made->tree = std::move(object);
  return store(nullptr, std::move(made), writer);
}

StoredPtr ApiServer::adopt(const ObjectRef& ref,
                           Tree object,
                           std::shared_ptr<const api::SaleEventStatus> status) {
  auto made = std::make_shared<Stored>();
  made->ref = ref;
  if (const Tree* list = object.at("/metadata/managedFields")) made->owners = owners_of(*list);
  object.erase("/metadata/managedFields");
  if (ref.kind == "SaleEvent") {
    object.erase("/status");
    made->status = status ? std::move(status) : std::make_shared<const api::SaleEventStatus>();
  }
  made->tree = std::move(object);
  const Writer whoever{.manager = "cluster", .apply = false, .subresource = {}};
  return store(nullptr, std::move(made), whoever).value();
}

Result<StoredPtr> ApiServer::commit(const StoredPtr& before,
                                    Tree next,
                                    Owners owners,
                                    const Writer& writer) {
  if (const Outcome guards = check_guards(*before, next); !guards) return guards.error();
  const bool status = writer.subresource == "status";
  // Each endpoint ignores what belongs to the other.
  if (const Tree* kept = before->tree.at(status ? "/spec" : "/status")) {
    next.set(status ? "/spec" : "/status", *kept);
  } else {
    next.erase(status ? "/spec" : "/status");
  }
  if (!status) {
    if (admission) admission(before->ref, next);
    normalise(before->ref, next);
    if (const Outcome valid = validate(before->ref, next); !valid) return valid.error();
    if (before->tree.at("/spec") != nullptr && next.at("/spec") != nullptr &&
        !(*before->tree.at("/spec") == *next.at("/spec"))) {
      next.set("/metadata/generation",
               Tree::integer(before->tree.number("/metadata/generation", 1) + 1));
    }
  }
  if (next == before->tree && owners == before->owners) return before;
  auto made = std::make_shared<Stored>();
  made->ref = before->ref;
  made->status = before->status;
  if (!status && !writer.apply) update_owners(owners, before->tree, next, writer, now_());
  made->owners = std::move(owners);
  made->tree = std::move(next);
  const bool over =
      made->tree.at("/metadata/deletionTimestamp") != nullptr && !has_finalizers(made->tree);
  auto stored = store(before, std::move(made), writer);
  if (over) bury(stored.value(), writer);
  return stored;
}

Result<StoredPtr> ApiServer::merge_patch(const ObjectRef& ref,
                                         const Json& patch,
                                         const Writer& writer) {
  const StoredPtr before = live(ref);
  if (!before) return error(ErrorKind::NotFound, "not found");
  const auto view = JsonView::parse(patch.text);
  if (!view) return error(ErrorKind::Invalid, "the patch is not JSON");
  Tree next = before->tree;
  next.merge(Tree::of(*view));
  return commit(before, std::move(next), before->owners, writer);
}

Result<StoredPtr> ApiServer::json_patch(const ObjectRef& ref,
                                        const Json& patch,
                                        const Writer& writer) {
  const StoredPtr before = live(ref);
  if (!before) return error(ErrorKind::NotFound, "not found");
  const auto view = JsonView::parse(patch.text);
  if (!view || view->type() != JsonType::Array)
    return error(ErrorKind::Invalid, "the patch is not a JSON array");
  Tree next = before->tree;
  const Tree managed = managed_fields(before->tree.text_at("/apiVersion"), before->owners);
  if (!managed.elements().empty()) next.set("/metadata/managedFields", managed);
  const Tree operations = Tree::of(*view);
  for (const Tree& operation : operations.elements()) {
    if (const Outcome done = patch_step(next, operation); !done) return done.error();
  }
  Owners owners = before->owners;
  if (const Tree* list = next.at("/metadata/managedFields")) {
    if (!(*list == managed)) owners = owners_of(*list);
  }
  next.erase("/metadata/managedFields");
  return commit(before, std::move(next), std::move(owners), writer);
}

Result<StoredPtr> ApiServer::edit(const ObjectRef& ref,
                                  const Writer& writer,
                                  const std::function<void(Tree&)>& change) {
  const StoredPtr before = live(ref);
  if (!before) return error(ErrorKind::NotFound, "not found");
  Tree next = before->tree;
  change(next);
  return commit(before, std::move(next), before->owners, writer);
}

Result<StoredPtr> ApiServer::apply(const ObjectRef& ref,
                                   const Tree& fields,
                                   const std::string& manager) {
  const StoredPtr before = live(ref);
  if (!before) return error(ErrorKind::NotFound, "not found");
  const Writer writer{.manager = manager, .apply = true, .subresource = {}};
  Tree next = before->tree;
  Owners owners = before->owners;
  std::set<std::string> wanted;
  for (const auto& [leaf, text] : fields.leaves()) {
    wanted.insert(leaf);
    const Value old = before->tree.value_at(leaf);
    if (!old || old->text != text) {
      for (auto& [other, owned] : owners) owned.leaves.erase(leaf);
    }
    next.set(leaf, Tree::parse(text));
  }
  for (const std::string& leaf : std::set<std::string>(owners[writer].leaves)) {
    if (wanted.contains(leaf)) continue;
    owners[writer].leaves.erase(leaf);
    const bool shared = std::any_of(owners.begin(), owners.end(), [&](const auto& one) {
      return one.second.leaves.contains(leaf);
    });
    if (!shared) next.erase(leaf);
  }
  const bool same = owners[writer].leaves == wanted && next == before->tree;
  owners[writer].leaves = std::move(wanted);
  if (!same) owners[writer].time = now_();
  std::erase_if(owners, [](const auto& one) { return one.second.leaves.empty(); });
  return commit(before, std::move(next), std::move(owners), writer);
}

Result<StoredPtr> ApiServer::set_status(const ObjectRef& ref,
                                        const std::string& only_if_uid,
                                        std::int64_t only_if_version,
                                        std::shared_ptr<const api::SaleEventStatus> status) {
  const StoredPtr before = live(ref);
  if (!before) return error(ErrorKind::NotFound, "not found");
  if (before->uid() != only_if_uid || before->version != only_if_version) {
    return error(ErrorKind::Conflict,
                 "the object has been modified; please apply your changes to the latest version");
  }
  if (*before->status == *status) return before;
  auto next = std::make_shared<Stored>(*before);
  next->status = std::move(status);
  return store(before,
               std::move(next),
               Writer{.manager = "doorbuster", .apply = false, .subresource = "status"});
}

Outcome ApiServer::remove(const ObjectRef& ref) {
  const StoredPtr before = live(ref);
  if (!before) return error(ErrorKind::NotFound, "not found");
  const Writer writer{.manager = "deleter", .apply = false, .subresource = "deletion"};
  if (!has_finalizers(before->tree)) {
    bury(before, writer);
    return Done{};
  }
  if (before->deleting()) return Done{};
  auto next = std::make_shared<Stored>(*before);
  next->tree.set("/metadata/deletionTimestamp", Tree::string(to_rfc3339(now_())));
  next->tree.set("/metadata/generation",
                 Tree::integer(before->tree.number("/metadata/generation", 1) + 1));
  return store(before, std::move(next), writer).ok() ? Outcome(Done{}) : Outcome(Error{});
}

void ApiServer::terminate_namespace(const std::string& ns) {
  terminating_.insert(ns);
  std::vector<ObjectRef> inside;
  for (const auto& [ref, versions] : history_) {
    if (ref.ns == ns && !versions.back()->gone) inside.push_back(ref);
  }
  for (const ObjectRef& ref : inside) {
    if (!remove(ref)) continue;
  }
}

}  // namespace doorbuster::simulator
