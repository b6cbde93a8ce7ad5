#include "crds/rollout_meaning.h"

#include "crds/circle.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace doorbuster::api {
namespace {

constexpr std::size_t kMaxPatchBytes = 8192;
constexpr const char* kOnlyAnalysis = "default";
constexpr int kMostByPods = 50;

class Rollouts {
 public:
  explicit Rollouts(const SaleEventSpec& spec) : spec_(spec) {}

  std::vector<Finding> findings() {
    for (std::size_t i = 0; i < spec_.rollouts.size(); ++i) {
      patch(i);
      template_from(i);
      steps(i);
      traffic(i);
      gates(i);
      analysis(i);
      for (std::size_t j = 0; j < i; ++j) pair(j, i);
      depends(i);
    }
    order();
    return std::move(findings_);
  }

 private:
  static std::string path_of(std::size_t rollout, const std::string& field) {
    return "spec.rollouts[" + std::to_string(rollout) + "]." + field;
  }

  void wrong(std::string path, std::string message, std::string hint) {
    findings_.push_back({.severity = Severity::Error,
                         .path = std::move(path),
                         .message = std::move(message),
                         .hint = std::move(hint),
                         .mark = {},
                         .code = codes::kMeaning});
  }

  void patch(std::size_t i) {
    const Json& patch = spec_.rollouts[i].patch;
    if (spec_.rollouts[i].template_from) return;
    const auto view = JsonView::parse(patch.text);
    if (!view || view->type() != JsonType::Object)
      return wrong(path_of(i, "patch"),
                   "must be an object, a patch of the pod template",
                   "write {spec: {containers: [{name: ..., image: ...}]}}");
    if (patch.text.size() > kMaxPatchBytes)
      wrong(path_of(i, "patch"), "must be at most 8192 bytes of JSON", "");
    if (view->members().empty())
      wrong(path_of(i, "patch"), "must change something", "remove the rollout, or write a patch");
    for (const auto& [name, value] : view->members()) {
      if (name == "metadata" || name == "spec") continue;
      wrong(
          path_of(i, "patch"),
          "must have only `metadata` and `spec`, which a pod template has",
          "move `" + name.substr(0, 64) + "`: the patch is of the template, not of the Deployment");
    }
  }

  void steps(std::size_t i) {
    if (!spec_.rollouts[i].strategy.canary) return;
    const auto& steps = spec_.rollouts[i].strategy.canary->steps;
    for (std::size_t k = 1; k < steps.size(); ++k) {
      if (steps[k].weight > steps[k - 1].weight) continue;
      if (steps[k].weight == 0 && steps[k - 1].weight == 0) continue;
      wrong(path_of(i, "strategy.canary.steps[" + std::to_string(k) + "].weight"),
            "must be more than at the step before",
            "write the steps in the order of their weights");
    }
  }

  void template_from(std::size_t i) {
    const RolloutSpec& rollout = spec_.rollouts[i];
    if (rollout.template_from && rollout.template_from->name == rollout.target.name)
      wrong(path_of(i, "templateFrom.name"),
            "must not be the target itself",
            "name the Deployment whose template is released");
  }

  /// What not every router can say.
  void traffic(std::size_t i) {
    const RolloutSpec& rollout = spec_.rollouts[i];
    if (!rollout.strategy.canary) return;
    const RolloutTraffic& by = rollout.traffic;
    const bool matches = by.http_route || by.grpc_route || by.virtual_service;
    const bool mirrors = by.http_route || by.virtual_service;
    const auto& steps = rollout.strategy.canary->steps;
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const std::string step = "strategy.canary.steps[" + std::to_string(k) + "].";
      if (by.ready_pods && steps[k].weight > kMostByPods)
        wrong(path_of(i, step + "weight"),
              "must be at most 50 with `readyPods`, because the target keeps all of its pods",
              "after the last step the release is promoted from its share");
      if (by.ready_pods && steps[k].weight == 0)
        wrong(path_of(i, step + "weight"),
              "must be more than 0 with `readyPods`: pods that are ready get traffic at once",
              "begin with a small weight");
      if (!steps[k].match.empty() && !matches)
        wrong(path_of(i, step + "match"),
              "must only be with `httpRoute`, `grpcRoute` and `virtualService`: `" +
                  router_of(by).first +
                  (by.ingress ? "` is given a weight alone" : "` knows nothing of requests"),
              "");
      if (by.grpc_route) only_headers(i, step, steps[k].match);
      if (!steps[k].mirror) continue;
      if (!mirrors)
        wrong(path_of(i, step + "mirror"),
              "must only be with `httpRoute` and `virtualService`: `" + router_of(by).first +
                  "` does not mirror",
              "");
      if (steps[k].weight > 0)
        wrong(path_of(i, step + "mirror"),
              "must only be of a step with weight 0",
              "mirror first, then give it a share");
    }
  }

  void only_headers(std::size_t i,
                    const std::string& step,
                    const std::vector<RequestMatch>& matches) {
    for (std::size_t m = 0; m < matches.size(); ++m) {
      if (matches[m].cookie)
        wrong(path_of(i, step + "match[" + std::to_string(m) + "].cookie"),
              "must not be with `grpcRoute`, whose requests have no cookies",
              "");
    }
  }

  void named_gate(std::size_t i,
                  const std::optional<std::string>& named,
                  const std::string& where) {
    if (!named) return;
    const auto is_it = [&named](const GateSpec& one) { return one.name == *named; };
    if (std::any_of(spec_.gates.begin(), spec_.gates.end(), is_it)) return;
    wrong(path_of(i, "strategy." + where),
          "must name a gate of this event; there is no `" + *named + "`",
          "add it to spec.gates");
  }

  void gates(std::size_t i) {
    const RolloutStrategy& strategy = spec_.rollouts[i].strategy;
    if (strategy.canary) {
      const auto& steps = strategy.canary->steps;
      for (std::size_t k = 0; k < steps.size(); ++k)
        named_gate(i, steps[k].approval, "canary.steps[" + std::to_string(k) + "].approval");
    }
    if (!strategy.blue_green) return;
    named_gate(i, strategy.blue_green->preview_approval, "blueGreen.previewApproval");
    named_gate(i, strategy.blue_green->approval, "blueGreen.approval");
  }

  void named_analysis(std::size_t i,
                      const std::optional<std::string>& named,
                      const std::string& where) {
    if (!named) return;
    const std::string path = path_of(i, "strategy." + where);
    if (*named != kOnlyAnalysis) {
      wrong(path, "must be `default`, the only analysis that there is", "");
    } else if (!spec_.rollouts[i].analysis.usual) {
      wrong(path,
            "must name an analysis of the rollout",
            "write `analysis: {default: {checks: [...]}}`");
    }
  }

  void analysis(std::size_t i) {
    const RolloutSpec& rollout = spec_.rollouts[i];
    if (rollout.strategy.canary) {
      const auto& steps = rollout.strategy.canary->steps;
      for (std::size_t k = 0; k < steps.size(); ++k)
        named_analysis(i, steps[k].analysis, "canary.steps[" + std::to_string(k) + "].analysis");
    }
    if (rollout.strategy.blue_green) {
      const BlueGreenSpec& spec = *rollout.strategy.blue_green;
      named_analysis(i, spec.preview_analysis, "blueGreen.previewAnalysis");
      named_analysis(i, spec.analysis, "blueGreen.analysis");
    }
    if (!rollout.analysis.usual) return;
    for (const std::string& name : rollout.analysis.usual->checks) {
      const auto is_it = [&name](const CheckSpec& one) { return one.name == name; };
      if (std::any_of(spec_.checks.begin(), spec_.checks.end(), is_it)) continue;
      wrong(path_of(i, "analysis.default.checks"),
            "must name checks of this event; there is no `" + name + "`",
            "add it to spec.checks");
    }
  }

  /// What shares out: the member of `traffic`, and the name of the object.
  static std::pair<std::string, std::string> router_of(const RolloutTraffic& traffic) {
    if (traffic.http_route) return {"httpRoute", traffic.http_route->name};
    if (traffic.grpc_route) return {"grpcRoute", traffic.grpc_route->name};
    if (traffic.traefik_service) return {"traefikService", traffic.traefik_service->name};
    if (traffic.virtual_service) return {"virtualService", traffic.virtual_service->name};
    if (traffic.ingress) return {"ingress", traffic.ingress->name};
    if (traffic.service) return {"service", traffic.service->name};
    // Nothing is held of it.
    return {traffic.ready_pods ? "readyPods" : "", ""};
  }

  /// The target's Service.
  static std::string backend_of(const RolloutTraffic& traffic) {
    if (traffic.http_route) return traffic.http_route->backend;
    if (traffic.grpc_route) return traffic.grpc_route->backend;
    if (traffic.traefik_service) return traffic.traefik_service->backend;
    if (traffic.virtual_service) return traffic.virtual_service->backend;
    if (traffic.ingress) return traffic.ingress->backend;
    if (traffic.ready_pods) return traffic.ready_pods->service.value_or("");
    return traffic.service ? traffic.service->name : "";
  }

  void pair(std::size_t first, std::size_t second) {
    const RolloutSpec &a = spec_.rollouts[first], &b = spec_.rollouts[second];
    if (a.target == b.target)
      wrong(path_of(second, "target"),
            "must not be the target of `" + a.name + "` too",
            "one Deployment has one release at a time");
    if (router_of(a.traffic).second.empty() && router_of(b.traffic).second.empty())
      return;  // pods are of one target
    if (a.traffic == b.traffic)
      wrong(path_of(second, "traffic"),
            "must not share out the same Service of the same route as `" + a.name + "`",
            "");
    else if (router_of(a.traffic) == router_of(b.traffic) && !a.traffic.ingress)
      wrong(path_of(second, "traffic." + router_of(b.traffic).first + ".name"),
            "must not be the router of `" + a.name + "` too: what is held of it is one field",
            "give each rollout a router of its own");
    else if ((a.traffic.service || b.traffic.service) &&
             backend_of(a.traffic) == backend_of(b.traffic))
      wrong(path_of(second, "traffic"),
            "must not share out the Service that `" + a.name + "` does: one of them switches it",
            "");
  }

  void depends(std::size_t i) {
    for (const std::string& name : spec_.rollouts[i].depends_on) {
      const auto is_it = [&name](const RolloutSpec& one) { return one.name == name; };
      const auto found = std::find_if(spec_.rollouts.begin(), spec_.rollouts.end(), is_it);
      if (found == spec_.rollouts.end())
        wrong(path_of(i, "dependsOn"),
              "must name rollouts of this event; there is no `" + name + "`",
              "");
      else if (found->wave > spec_.rollouts[i].wave)
        wrong(
            path_of(i, "dependsOn"),
            "must not name `" + name + "`, which is of a later wave: each would wait for the other",
            "");
    }
  }

  /// A rollout that depends on itself would never begin.
  void order() {
    const auto i = first_in_circle(
        spec_.rollouts.size(),
        [this](std::size_t at) -> auto& { return spec_.rollouts[at].name; },
        [this](std::size_t at) -> auto& { return spec_.rollouts[at].depends_on; });
    if (!i) return;
    wrong(path_of(*i, "dependsOn"),
          "must not lead back to the rollout itself",
          "remove one entry of the circle");
  }

  const SaleEventSpec& spec_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> rollout_findings(const SaleEventSpec& spec) {
  return Rollouts(spec).findings();
}

}  // namespace doorbuster::api
