#include "controllers/planner/rollout_ingress.h"

#include "controllers/planner/rollout_requests.h"
#include "operator/base/json_read.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>

namespace doorbuster::planner {
namespace {

constexpr const char* kCanary = "nginx.ingress.kubernetes.io/canary";
constexpr const char* kWeight = "nginx.ingress.kubernetes.io/canary-weight";
constexpr const char* kBy = "nginx.ingress.kubernetes.io/canary-by-";  ///< header and cookie
/// By default whoever was served by a canary stays with it whatever its weight, where the user's
/// Ingress has affinity by cookie: no way back would be one of one write.
constexpr const char* kAffinity = "nginx.ingress.kubernetes.io/affinity-canary-behavior";
constexpr const char* kClassAnnotation = "kubernetes.io/ingress.class";
constexpr const char* kService = "/backend/service/name";
/// How Go's strconv.ParseBool spells it.
constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "TRUE", "true", "True"};

std::string annotation(const JsonView& ingress, std::string_view name) {
  const auto all = ingress.find("/metadata/annotations");
  return all ? text_of(*all, name) : "";
}

int percent_of(const JsonView& weight) {
  const std::string text = weight.string().value_or("");
  int out = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, out);
  return read.ec == std::errc() && read.ptr == end ? std::clamp(out, 0, 100) : 0;
}

/// "/" is what no path means.
std::string path_text(const JsonView& path) {
  const std::string out = text_of(path, "path");
  return out.empty() ? "/" : out;
}

std::vector<Json> paths_to_candidate(const JsonView& rule, const Sides& sides) {
  std::vector<Json> out;
  for (const JsonView& path : elements_at(rule, "/http/paths")) {
    if (sides.stable.empty() || text_at(path, kService) != sides.stable) continue;
    const Json led =
        *with_value(Json{std::string(path.text())}, kService, json_of_string(sides.candidate));
    // A canary's paths are compared with the others as they are written.
    out.push_back(*with_value(led, "/path", json_of_string(path_text(path))));
  }
  return out;
}

/// Those of some of the hosts, or of none by name.
std::vector<Json> tls_of(const JsonView& ingress, const std::set<std::string>& hosts) {
  std::vector<Json> out;
  for (const JsonView& one : elements_at(ingress, "/spec/tls")) {
    const std::vector<std::string> named = texts_of(one, "hosts");
    const bool fits =
        named.empty() || std::any_of(named.begin(), named.end(), [&hosts](const std::string& host) {
          return hosts.contains(host);
        });
    if (fits) out.push_back(Json{std::string(one.text())});
  }
  return out;
}

std::set<std::string> paths_in(const JsonView& spec) {
  std::set<std::string> out;
  for (const JsonView& rule : elements_of(spec, "rules")) {
    for (const JsonView& path : elements_at(rule, "/http/paths"))
      out.insert(text_of(rule, "host") + path_text(path));
  }
  return out;
}

}  // namespace

Shares shares_of_weight(const JsonView& weight, const Sides&) {
  const int percent = percent_of(weight);
  return {.names_stable = true, .names_candidate = percent > 0, .candidate = percent};
}

Result<Json> shared_by_weight(const JsonView&, const Sides&, const Split& split) {
  if (split.has_requests())
    return Error{.kind = ErrorKind::Invalid,
                 .message = "a canary Ingress is given a weight and no requests"};
  return json_of_string(std::to_string(split.percent));
}

Json without_weight(const JsonView&, const JsonView&, const Sides&) { return json_of_string("0"); }

bool is_canary_ingress(const JsonView& ingress) {
  const std::string said = annotation(ingress, kCanary);
  return std::find(kTrue.begin(), kTrue.end(), said) != kTrue.end();
}

bool ingress_sends_to(const Document& ingress, const Sides& sides) {
  const JsonView& root = ingress.root();
  bool named = text_at(root, "/spec/defaultBackend/service/name") == sides.candidate;
  for (const JsonView& rule : elements_at(root, "/spec/rules")) {
    for (const JsonView& path : elements_at(rule, "/http/paths"))
      named = named || text_at(path, kService) == sides.candidate;
  }
  if (!named || !is_canary_ingress(root)) return named;
  const auto annotations = root.find("/metadata/annotations")->members();
  const auto weight = root.find(kCanaryWeight);
  return (weight && percent_of(*weight) > 0) ||
         std::any_of(annotations.begin(), annotations.end(), [](const auto& one) {
           return one.first.starts_with(kBy);
         });
}

Value canary_spec(const Document& ingress, const Sides& sides) {
  std::vector<Json> rules;
  std::set<std::string> hosts;
  for (const JsonView& rule : elements_at(ingress.root(), "/spec/rules")) {
    const std::vector<Json> paths = paths_to_candidate(rule, sides);
    if (paths.empty()) continue;
    const std::string host = text_of(rule, "host");
    hosts.insert(host);
    JsonObject made;
    if (!host.empty()) made.add("host", std::string_view(host));
    rules.push_back(made.add("http", JsonObject().add("paths", json_array(paths)).build()).build());
  }
  if (rules.empty()) return std::nullopt;
  JsonObject out;
  const IngressClassNamed named = class_of(ingress);
  if (!named.name.empty() && !named.by_annotation)
    out.add("ingressClassName", std::string_view(named.name));
  const std::vector<Json> tls = tls_of(ingress.root(), hosts);
  if (!tls.empty()) out.add("tls", json_array(tls));
  return out.add("rules", json_array(rules)).build();
}

std::vector<std::pair<std::string, std::string>> canary_annotations(const Document& ingress) {
  std::vector<std::pair<std::string, std::string>> out = {
      {kCanary, "true"}, {kWeight, "0"}, {kAffinity, "legacy"}};
  const IngressClassNamed named = class_of(ingress);
  if (named.by_annotation) out.emplace_back(kClassAnnotation, named.name);
  return out;
}

IngressClassNamed class_of(const Document& ingress) {
  const std::string named = ingress.string("/spec/ingressClassName");
  if (!named.empty()) return {.name = named};
  const std::string annotated = annotation(ingress.root(), kClassAnnotation);
  return {.name = annotated, .by_annotation = !annotated.empty()};
}

std::string path_of_both(const JsonView& spec, const JsonView& other) {
  const std::set<std::string> theirs = paths_in(other);
  for (const std::string& one : paths_in(spec)) {
    if (theirs.contains(one)) return one;
  }
  return "";
}

}  // namespace doorbuster::planner
