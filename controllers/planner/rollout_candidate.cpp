#include "controllers/planner/rollout_candidate.h"

#include "controllers/planner/rollout_ingress.h"
#include "operator/base/content_hash.h"
#include "operator/base/json_read.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace doorbuster::planner {
namespace {

constexpr const char* kSuffix = "-candidate";
constexpr std::size_t kLabelValue = 63;
constexpr const char* kReplicas = "/spec/replicas";

using Labels = std::map<std::string, std::string>;

Labels labels_at(const JsonView& object, std::string_view pointer) {
  Labels out;
  const auto found = object.find(pointer);
  if (!found) return out;
  for (const auto& [name, value] : found->members()) out.emplace(name, value.string().value_or(""));
  return out;
}

Json json_of_labels(const Labels& labels) {
  JsonObject out;
  for (const auto& [name, value] : labels) out.add(name, std::string_view(value));
  return out.build();
}

Error invalid(std::string message) {
  return {.kind = ErrorKind::Invalid, .message = std::move(message)};
}

/// Members of an object but for those that are named.
JsonObject copied(const JsonView& from, const std::set<std::string>& without) {
  JsonObject out;
  for (const auto& [name, value] : from.members()) {
    if (!without.contains(name)) out.add(name, Json{std::string(value.text())});
  }
  return out;
}

/// The candidate's pod labels: the rendered template's, with the one changed that parts them.
Result<Labels> candidate_labels(const CandidateIn& in, const JsonView& rendered) {
  Labels out = labels_at(rendered, "/metadata/labels");
  out[kRolloutLabel] = in.rollout;
  if (in.by_pods) {
    const Outcome selected = in.service == nullptr
                                 ? Outcome(Done{})
                                 : selects_both(*in.stable.object, in.selector, rendered);
    if (!selected) return selected.error();
    return out;
  }
  const auto label = parting_label(*in.stable.object, in.selector, rendered);
  if (!label) return label.error();
  out[*label] += kSuffix;
  return out;
}

/// By all labels of its pods; where those are the target's too, by what the target selects by and
/// the one that the target's have not.
Json selector_of(const CandidateIn& in, const Labels& labels) {
  if (!in.by_pods) return JsonObject().add("matchLabels", json_of_labels(labels)).build();
  const JsonView selector = in.stable.object->root().find("/spec/selector").value_or(JsonView());
  Labels selected = labels_at(selector, "/matchLabels");
  selected[kRolloutLabel] = in.rollout;
  return copied(selector, {"matchLabels"}).add("matchLabels", json_of_labels(selected)).build();
}

Json deployment_spec(const CandidateIn& in, const JsonView& rendered, const Labels& labels) {
  const JsonView spec = in.stable.object->root().find("/spec").value_or(JsonView());
  JsonObject metadata =
      copied(rendered.find("/metadata").value_or(JsonView()), {"labels", "creationTimestamp"});
  metadata.add("labels", json_of_labels(labels));
  JsonObject pod = copied(rendered, {"metadata"});
  pod.add("metadata", metadata.build());
  JsonObject out = copied(spec, {"replicas", "selector", "template", "paused"});
  out.add("replicas", in.replicas)
      .add("selector", selector_of(in, labels))
      .add("template", pod.build());
  return out.build();
}

Json service_spec(const CandidateIn& in, const Labels& labels) {
  std::vector<Json> ports;
  for (const JsonView& port : elements_at(in.service->object->root(), "/spec/ports"))
    ports.push_back(copied(port, {"nodePort"}).build());
  // By the same labels, with the values that the candidate's pods have.
  Labels selector;
  for (const auto& [name, value] : labels_at(in.selector, ""))
    selector[name] = labels.contains(name) ? labels.at(name) : value;
  selector[kRolloutLabel] = in.rollout;
  JsonObject out;
  out.add("selector", json_of_labels(selector)).add("ports", json_array(ports));
  const std::string address = in.service->object->string("/spec/clusterIP");
  if (address == "None") out.add("clusterIP", std::string_view(address));
  return out.build();
}

Json autoscaler_spec(const CandidateIn& in, const std::string& deployment) {
  const JsonView spec = in.autoscaler->object->root().find("/spec").value_or(JsonView());
  const std::int64_t most =
      std::max(in.most, in.autoscaler->object->integer(kMaxReplicas).value_or(in.replicas));
  JsonObject out = copied(spec, {"scaleTargetRef", "minReplicas", "maxReplicas"});
  out.add("scaleTargetRef",
          JsonObject()
              .add("apiVersion", std::string_view("apps/v1"))
              .add("kind", std::string_view("Deployment"))
              .add("name", std::string_view(deployment))
              .build())
      .add("minReplicas", in.replicas)
      .add("maxReplicas", std::max(most, in.replicas));
  return out.build();
}

Json manifest_of(const Json& spec) { return JsonObject().add("spec", spec).build(); }

ChildWant child(const std::string& rollout,
                const std::string& attempt,
                const ObjectRef& object,
                const char* version,
                std::int64_t pods) {
  return {.object = object,
          .api_version = version,
          .name = rollout,
          .manifest = manifest_of(Json{"{}"}),
          .compared = {},
          .replaced = {},
          .reason = {"CandidateAsked", rollout + ": " + std::to_string(pods) + " pods"},
          .source = attempt,
          .serves = true};
}

/// Of the Deployment, which the server completes: it alone can be another.
void set_size(ChildWant& deployment, std::int64_t pods) {
  deployment.manifest = manifest_of(JsonObject().add("replicas", pods).build());
  deployment.compared = {kReplicas};
}

/// A least beyond its most is refused, so the most goes up with it; it never goes down.
Json sized_autoscaler(const CandidateIn& in) {
  return manifest_of(JsonObject()
                         .add("minReplicas", in.replicas)
                         .add("maxReplicas", std::max(in.most, in.replicas))
                         .build());
}

// ---- how two templates differ

std::optional<std::vector<std::string>> names_in(const JsonView& list) {
  std::vector<std::string> out;
  for (const JsonView& one : list.elements()) {
    std::string name = text_of(one, "name");
    if (name.empty() || name.find_first_of("],=") != std::string::npos) return std::nullopt;
    out.push_back(std::move(name));
  }
  const std::set<std::string> once(out.begin(), out.end());
  return once.size() == out.size() ? std::optional(out) : std::nullopt;
}

struct Differ {
  std::vector<std::pair<std::string, Json>> found;
  std::string gone;

  void compare(const JsonView& from, const JsonView& to, const std::vector<PointerStep>& at) {
    if (equal_values(Json{std::string(from.text())}, Json{std::string(to.text())})) return;
    const JsonType type = to.type();
    if (from.type() == type && type == JsonType::Object) return members(from, to, at);
    if (from.type() == type && type == JsonType::Array) {
      const auto before = names_in(from), after = names_in(to);
      if (before && after && *before == *after) return elements(from, to, at);
    }
    found.emplace_back(pointer_of(at), Json{std::string(to.text())});
  }

  void members(const JsonView& from, const JsonView& to, std::vector<PointerStep> at) {
    for (const auto& [name, value] : to.members()) {
      at.push_back({.name = name, .keys = {}});
      if (const auto before = from.member(name)) {
        compare(*before, value, at);
      } else {
        found.emplace_back(pointer_of(at), Json{std::string(value.text())});
      }
      at.pop_back();
    }
    for (const auto& [name, value] : from.members()) {
      if (to.member(name)) continue;
      at.push_back({.name = name, .keys = {}});
      gone = pointer_of(at);
      at.pop_back();
    }
  }

  void elements(const JsonView& from, const JsonView& to, std::vector<PointerStep> at) {
    const auto before = from.elements(), after = to.elements();
    for (std::size_t i = 0; i < before.size(); ++i) {
      at.push_back({.name = "", .keys = {{"name", text_of(before[i], "name")}}});
      compare(before[i], after[i], at);
      at.pop_back();
    }
  }
};

}  // namespace

CandidateRefs candidate_refs(const Event& event, const Setup& setup, const std::string& rollout) {
  const std::string name = child_name(parent_in(event, setup, kRollouts, rollout));
  return {{"apps", "Deployment", event.ref.ns, name},
          {"", "Service", event.ref.ns, name},
          {"autoscaling", "HorizontalPodAutoscaler", event.ref.ns, name},
          {kIngressGroup, "Ingress", event.ref.ns, name}};
}

Question template_question(const ObjectRef& target, const Present& stable, const Json& patch) {
  return render_question(
      target,
      stable,
      JsonObject().add("spec", JsonObject().add("template", patch).build()).build());
}

Question render_question(const ObjectRef& object, const Present& seen, const Json& patch) {
  Question out{
      .id = "render/" + to_text(object) + "/" + content_hash(seen.uid + seen.version + patch.text),
      .about = object,
      .verb = "patch",
      .service_account = "",
      .kind = Question::Kind::Render};
  out.api_version = seen.api_version;
  out.patch = patch;
  return out;
}

Outcome selects_both(const Document& stable,
                     const JsonView& selector,
                     const JsonView& rendered_template) {
  const Labels served = labels_at(selector, "");
  const Labels has = labels_at(rendered_template, "/metadata/labels");
  if (served.empty()) return invalid("the Service has no selector: it does not select the target");
  const Labels now = labels_at(stable.root(), "/spec/template/metadata/labels");
  for (const auto& [name, value] : served) {
    const auto before = now.find(name), after = has.find(name);
    if (before == now.end() || before->second != value)
      return invalid("the Service selects by " + name + "=" + value +
                     ", which the target's pods do not have");
    if (after == has.end() || after->second != value)
      return invalid("the Service selects by " + name + "=" + value +
                     ", which the patch changes: with it the Service would select nothing");
  }
  return Done{};
}

Result<std::string> parting_label(const Document& stable,
                                  const JsonView& selector,
                                  const JsonView& rendered_template) {
  const Outcome both = selects_both(stable, selector, rendered_template);
  if (!both) return both.error();
  const Labels selected = labels_at(stable.root(), "/spec/selector/matchLabels");
  const Labels served = labels_at(selector, "");
  for (const auto& [name, value] : served) {
    const auto found = selected.find(name);
    if (found == selected.end()) continue;
    if (value.size() + std::string_view(kSuffix).size() > kLabelValue)
      return invalid("the label " + name + "=" + value +
                     " is too long to be told apart from the candidate's");
    return name;
  }
  return invalid(
      "the Service and the target's selector have no label in common by which the candidate's pods "
      "could be told apart");
}

Result<std::vector<ChildWant>> candidate_wants(const CandidateIn& in) {
  const CandidateRefs refs = candidate_refs(in.event, in.setup, in.rollout);
  const auto made = [&in](const ObjectRef& object, const char* version) {
    return child(in.rollout, in.attempt, object, version, in.replicas);
  };
  ChildWant deployment = made(refs.deployment, "apps/v1");
  ChildWant service = made(refs.service, "v1");
  ChildWant autoscaler = made(refs.autoscaler, "autoscaling/v2");
  set_size(deployment, in.replicas);
  autoscaler.manifest = sized_autoscaler(in);
  autoscaler.compared = {kMinReplicas, kMaxReplicas};
  if (in.autoscaler != nullptr) deployment.compared.clear();
  if (in.rendered != nullptr) {
    const auto rendered = in.rendered->root().find(kTemplate);
    if (!rendered) return invalid("the target has no pod template");
    const auto labels = candidate_labels(in, *rendered);
    if (!labels) return labels.error();
    deployment.manifest = manifest_of(deployment_spec(in, *rendered, *labels));
    if (!in.by_pods) service.manifest = manifest_of(service_spec(in, *labels));
    if (in.autoscaler != nullptr)
      autoscaler.manifest = manifest_of(autoscaler_spec(in, refs.deployment.name));
  }
  std::vector<ChildWant> out = {std::move(deployment)};
  if (!in.by_pods) out.push_back(std::move(service));
  if (in.autoscaler != nullptr) out.push_back(std::move(autoscaler));
  return out;
}

ChildWant resized_candidate(const CandidateRefs& refs,
                            const std::string& rollout,
                            const std::string& attempt,
                            std::int64_t pods,
                            const char* reason) {
  ChildWant out = child(rollout, attempt, refs.deployment, "apps/v1", pods);
  set_size(out, pods);
  out.reason.code = reason;
  out.at_rest = true;
  return out;
}

Result<std::vector<std::pair<std::string, Json>>> template_changes(const JsonView& from,
                                                                   const JsonView& to) {
  Differ differ;
  differ.compare(from, to, {{.name = "spec", .keys = {}}, {.name = "template", .keys = {}}});
  if (!differ.gone.empty())
    return invalid("the patch takes " + differ.gone + " away, which a hold cannot say");
  return std::move(differ.found);
}

}  // namespace doorbuster::planner
