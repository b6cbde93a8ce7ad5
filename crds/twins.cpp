#include "crds/twins.h"

#include "crds/fields.h"
#include "crds/patterns.h"
#include "operator/base/instant.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace doorbuster::api::twins {
namespace {

/// The text of a member; empty when it is absent.
std::string_view text_of(const Node& self, std::string_view name) {
  const Node* found = self.find(name);
  return found ? std::string_view(found->text) : std::string_view();
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

bool both_have_offset(const Node& window) {
  return patterns::has_offset(text_of(window, "start")) &&
         patterns::has_offset(text_of(window, "end"));
}

/// A text that the pattern refuses has its finding already.
bool at_most(const Node& self, Duration bound) {
  if (!patterns::offset_text(self.text)) return true;
  const auto value = parse_offset(self.text);
  return value && *value <= bound;
}

bool at_least(const Node& self, Duration bound) {
  if (!patterns::duration_text(self.text)) return true;
  const auto value = parse_duration(self.text);
  return !value || *value >= bound;
}

/// Between two numbers, either of which may be left out of the range.
struct Range {
  std::int64_t from, to;
  bool with_from;
};

bool within(const Node& self, std::int64_t least_integer, Range range) {
  if (self.type == JsonType::Number) {
    const auto whole = doorbuster::integer_of(Json{self.text});
    return whole && *whole >= least_integer && *whole <= range.to;
  }
  if (!patterns::quantity_text(self.text)) return true;
  const auto value = parse_quantity(self.text);
  if (!value) return false;
  const Int128 from = static_cast<Int128>(range.from) * kNanosPerUnit;
  const Int128 to = static_cast<Int128>(range.to) * kNanosPerUnit;
  return (value->nanos > from || (range.with_from && value->nanos == from)) && value->nanos <= to;
}

/// Is a quantity such a number? An integer is none between 0 and 1.
template <typename Holds>
bool nanos_within(const Node& self, Holds holds) {
  if (self.type == JsonType::Number) return false;
  if (!patterns::quantity_text(self.text)) return true;
  const auto value = parse_quantity(self.text);
  return value && holds(value->nanos);
}

/// Is `pointer` this path or below it?
bool lies_in(std::string_view pointer, std::string_view path) {
  return starts_with(pointer, path) &&
         (pointer.size() == path.size() || pointer[path.size()] == '/');
}

/// What follows `/metadata/labels/` or `/metadata/annotations/`; nothing for another pointer.
std::string_view owned_name(std::string_view pointer) {
  for (const std::string_view prefix : {"/metadata/labels/", "/metadata/annotations/"}) {
    if (starts_with(pointer, prefix)) return pointer.substr(prefix.size());
  }
  return {};
}

}  // namespace

bool local_time_has_zone(const Node& self) {
  return self.has("timeZone") || both_have_offset(self);
}

bool offsets_have_no_zone(const Node& self) {
  return !self.has("timeZone") || !both_have_offset(self);
}

bool end_after_start(const Node& self) {
  const std::string_view start = text_of(self, "start"), end = text_of(self, "end");
  if (!patterns::window_time(start) || !patterns::window_time(end)) return true;
  if (patterns::has_offset(start) != patterns::has_offset(end)) return true;
  if (!patterns::has_offset(start)) return end > start;
  const auto from = parse_rfc3339(start), to = parse_rfc3339(end);
  return !from || !to || *to > *from;
}

bool at_most_1_hour(const Node& self) { return at_most(self, std::chrono::hours(1)); }
bool at_most_24_hours(const Node& self) { return at_most(self, std::chrono::hours(24)); }
bool at_most_7_days(const Node& self) { return at_most(self, std::chrono::hours(24 * 7)); }
bool at_most_30_days(const Node& self) { return at_most(self, std::chrono::hours(24 * 30)); }
bool at_most_60_days(const Node& self) { return at_most(self, std::chrono::hours(24 * 60)); }

bool at_least_1_minute(const Node& self) { return at_least(self, std::chrono::minutes(1)); }
bool at_least_1_second(const Node& self) { return at_least(self, std::chrono::seconds(1)); }

bool created_before_prepared(const Node& self) {
  const Node* window = self.find("template");
  for (const char* step : {"spec", "window"}) window = window ? window->find(step) : nullptr;
  const std::string_view ahead = text_of(self, "createAhead");
  const std::string_view prepare = window ? text_of(*window, "prepare") : std::string_view();
  if (!patterns::duration_text(ahead) || !patterns::duration_text(prepare)) return true;
  const auto most = parse_duration(ahead), least = parse_duration(prepare);
  return !most || !least || *most >= *least + std::chrono::hours(1);
}

bool one_target_per_workload(const Node& self) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Node& target : self.items) {
    const Node* ref = target.find("ref");
    if (ref && !seen.emplace(text_of(*ref, "kind"), text_of(*ref, "name")).second) return false;
  }
  return true;
}

bool ref_or_selector(const Node& self) { return self.has("ref") != self.has("selector"); }

bool kinds_are_of_selector(const Node& self) { return self.has("selector") || !self.has("kinds"); }

bool selector_says_something(const Node& self) {
  const auto any = [&self](std::string_view name) {
    const Node* found = self.find(name);
    return found != nullptr && !(found->members.empty() && found->items.empty());
  };
  return any("matchLabels") || any("matchExpressions");
}

bool values_of_operator(const Node& self) {
  const std::string_view op = text_of(self, "operator");
  const Node* values = self.find("values");
  const bool some = values != nullptr && !values->items.empty();
  return some == (op == "In" || op == "NotIn");
}

bool ceiling_covers_replicas(const Node& self) {
  const Node* need = self.find("need");
  const Node* replicas = need ? need->find("replicas") : nullptr;
  const Node* ceiling = self.find("ceiling");
  if (!replicas || !ceiling) return true;
  const auto least = parse_quantity(replicas->text), most = parse_quantity(ceiling->text);
  return !least || !most || least->nanos <= most->nanos;
}

bool ceiling_covers_profile(const Node& self) {
  const Node* profile = self.find("profile");
  const Node* ceiling = self.find("ceiling");
  if (!profile || !ceiling) return true;
  const auto most = parse_quantity(ceiling->text);
  return std::all_of(profile->items.begin(), profile->items.end(), [&most](const Node& step) {
    const Node* replicas = step.find("replicas");
    const auto count = replicas ? parse_quantity(replicas->text) : std::nullopt;
    return !count || !most || count->nanos <= most->nanos;
  });
}

bool profile_is_of_need(const Node& self) {
  const Node* profile = self.find("profile");
  const Node* need = self.find("need");
  if (!profile || !need) return true;
  return std::all_of(profile->items.begin(), profile->items.end(), [need](const Node& step) {
    return step.has("replicas") == need->has("replicas") &&
           step.has("multiplier") == need->has("multiplier") && step.has("rps") == need->has("rps");
  });
}

bool profile_in_order(const Node& self) {
  std::optional<Duration> last;
  for (const Node& step : self.items) {
    const std::string_view text = text_of(step, "at");
    if (!patterns::offset_text(text)) return true;  // it has its finding already
    const auto at = parse_offset(text);
    if (last && *at < *last) return false;
    last = at;
  }
  return true;
}

bool target_is_a_workload(const Node& self) {
  static constexpr std::array<std::string_view, 8> kOthers{"HorizontalPodAutoscaler",
                                                           "VerticalPodAutoscaler",
                                                           "ScaledObject",
                                                           "Pod",
                                                           "DaemonSet",
                                                           "Job",
                                                           "CronJob",
                                                           "Service"};
  return !is_one_of(text_of(self, "kind"), kOthers);
}

bool target_is_in_own_namespace(const Node& self) { return !self.has("namespace"); }

bool one_need(const Node& self) {
  return static_cast<int>(self.has("replicas")) + static_cast<int>(self.has("multiplier")) +
             static_cast<int>(self.has("rps")) ==
         1;
}

bool rps_has_rps_per_pod(const Node& self) { return !self.has("rps") || self.has("rpsPerPod"); }

bool margins_are_of_rps(const Node& self) {
  return self.has("rps") || !(self.has("rpsPerPod") || self.has("utilizationPercent") ||
                              self.has("surviveZoneLoss") || self.has("zones"));
}

bool zones_are_of_zone_loss(const Node& self) {
  return !self.has("zones") || text_of(self, "surviveZoneLoss") == "true";
}

bool rate_in_range(const Node& self) {
  return within(self, 1, Range{.from = 0, .to = 1'000'000'000, .with_from = false});
}

bool multiplier_in_range(const Node& self) {
  return within(self, 1, Range{.from = 1, .to = 1000, .with_from = true});
}

bool after_names_holds(const Node& self) {
  std::set<std::string_view> names;
  for (const Node& hold : self.items) names.insert(text_of(hold, "name"));
  for (const Node& hold : self.items) {
    const Node* after = hold.find("after");
    if (!after) continue;
    for (const Node& name : after->items) {
      if (!names.contains(name.text)) return false;
    }
  }
  return true;
}

bool not_after_itself(const Node& self) {
  const Node* after = self.find("after");
  if (!after) return true;
  const std::string_view name = text_of(self, "name");
  return std::none_of(after->items.begin(), after->items.end(), [name](const Node& one) {
    return one.text == name;
  });
}

bool template_is_opt_in(const Node& self) {
  return text_of(self, "allowTemplate") == "true" ||
         !lies_in(text_of(self, "field"), "/spec/template");
}

bool kind_may_be_held(const Node& self) {
  static constexpr std::array<std::string_view, 17> kGuarded{"Secret",
                                                             "Role",
                                                             "RoleBinding",
                                                             "ClusterRole",
                                                             "ClusterRoleBinding",
                                                             "ServiceAccount",
                                                             "CustomResourceDefinition",
                                                             "APIService",
                                                             "ValidatingWebhookConfiguration",
                                                             "MutatingWebhookConfiguration",
                                                             "ValidatingAdmissionPolicy",
                                                             "ValidatingAdmissionPolicyBinding",
                                                             "MutatingAdmissionPolicy",
                                                             "MutatingAdmissionPolicyBinding",
                                                             "SaleEvent",
                                                             "SaleAction",
                                                             "SaleSchedule"};
  return !is_one_of(text_of(self, "kind"), kGuarded);
}

bool group_may_be_held(const Node& self) {
  static constexpr std::array<std::string_view, 6> kGuarded{"rbac.authorization.k8s.io",
                                                            "admissionregistration.k8s.io",
                                                            "apiextensions.k8s.io",
                                                            "apiregistration.k8s.io",
                                                            "certificates.k8s.io",
                                                            "doorbuster.dev"};
  const std::string_view version = text_of(self, "apiVersion");
  const std::size_t slash = version.find('/');
  return slash == std::string_view::npos || !is_one_of(version.substr(0, slash), kGuarded);
}

bool field_may_be_held(const Node& self) {
  for (const std::string_view path : {"/apiVersion", "/kind", "/status", "/metadata"}) {
    if (lies_in(self.text, path)) return !owned_name(self.text).empty();
  }
  return true;
}

bool field_is_not_ours(const Node& self) {
  const std::string_view name = owned_name(self.text);
  return name.substr(0, name.find('/')).find("doorbuster.dev~1") == std::string_view::npos;
}

bool factor_in_range(const Node& self) {
  return within(self, 1, Range{.from = 0, .to = 1'000'000, .with_from = false});
}

bool until_not_before_from(const Node& self) {
  const std::string_view from = text_of(self, "from"), until = text_of(self, "until");
  return from == until || from == "Prepare" || until == "Cooldown";
}

bool freeze_names_something(const Node& self) {
  const Node* maps = self.find("configMaps");
  return text_of(self, "templates") == "true" || (maps != nullptr && !maps->items.empty());
}

bool instant_in_range(const Node& self) {
  if (!patterns::window_instant(self.text) || self.text == "start" || self.text == "end")
    return true;
  const std::size_t sign = self.text.find_first_of("+-") == 0 ? 1 : 0;
  const auto span = parse_duration(std::string_view(self.text).substr(sign));
  return span && *span <= std::chrono::hours(720);
}

bool begin_in_range(const Node& self) { return self.text == "manual" || instant_in_range(self); }

bool is_not_changed(const Node&) { return true; }

bool extension_says_by(const Node& self) {
  return (text_of(self, "action") == "Extend") == self.has("by");
}

bool approval_names_gate(const Node& self) {
  return is_one_of(text_of(self, "action"), std::array<std::string_view, 2>{"Approve", "Reject"}) ==
         self.has("gate");
}

bool approval_says_who(const Node& self) {
  return !is_one_of(text_of(self, "action"),
                    std::array<std::string_view, 2>{"Approve", "BreakGlass"}) ||
         self.has("requestedBy");
}

bool rollouts_are_of_a_rollout(const Node& self) {
  return !self.has("rollouts") ||
         is_one_of(
             text_of(self, "action"),
             std::array<std::string_view, 8>{
                 "Start", "Promote", "Pause", "Resume", "Retry", "RollBack", "Approve", "Reject"});
}

bool one_provider(const Node& self) {
  return static_cast<int>(self.has("prometheus")) + static_cast<int>(self.has("http")) +
             static_cast<int>(self.has("condition")) + static_cast<int>(self.has("pods")) +
             static_cast<int>(self.has("job")) ==
         1;
}

bool bad_is_of_numbers(const Node& self) {
  return self.has("bad") != (self.has("condition") || self.has("job"));
}

bool stale_after_three_intervals(const Node& self) {
  const std::string_view stale = text_of(self, "staleAfter"), every = text_of(self, "interval");
  if (!patterns::duration_text(stale)) return true;
  if (!every.empty() && !patterns::duration_text(every)) return true;
  const auto after = parse_duration(stale);
  const auto interval =
      every.empty() ? std::optional<Duration>(std::chrono::seconds(10)) : parse_duration(every);
  return !after || !interval || *after >= 3 * *interval;
}

bool token_over_https(const Node& self) {
  return !self.has("tokenFrom") || starts_with(text_of(self, "url"), "https://");
}

bool asked_over_https(const Node& self) { return starts_with(text_of(self, "url"), "https://"); }

bool one_bound(const Node& self) { return self.has("above") != self.has("below"); }

bool one_strategy(const Node& self) { return self.has("canary") != self.has("blueGreen"); }

bool one_router(const Node& self) {
  return static_cast<int>(self.has("httpRoute")) + static_cast<int>(self.has("grpcRoute")) +
             static_cast<int>(self.has("traefikService")) +
             static_cast<int>(self.has("virtualService")) + static_cast<int>(self.has("ingress")) +
             static_cast<int>(self.has("service")) + static_cast<int>(self.has("readyPods")) ==
         1;
}

bool service_is_switched(const Node& self) {
  const Node *traffic = self.find("traffic"), *strategy = self.find("strategy");
  return !traffic || !strategy || !traffic->has("service") || strategy->has("blueGreen");
}

bool pods_are_shared(const Node& self) {
  const Node *traffic = self.find("traffic"), *strategy = self.find("strategy");
  return !traffic || !strategy || !traffic->has("readyPods") || strategy->has("canary");
}

bool one_template(const Node& self) { return self.has("patch") != self.has("templateFrom"); }

bool one_match(const Node& self) { return self.has("header") != self.has("cookie"); }

bool one_gate(const Node& self) { return self.has("approval") != self.has("webhook"); }

bool analysis_asks_something(const Node& self) {
  const Node* checks = self.find("checks");
  return self.has("compare") || (checks != nullptr && !checks->items.empty());
}

bool share_above_half(const Node& self) {
  return nanos_within(
      self, [](Int128 nanos) { return nanos >= kNanosPerUnit / 2 && nanos < kNanosPerUnit; });
}

bool alarm_in_range(const Node& self) {
  return nanos_within(self, [](Int128 nanos) { return nanos > 0 && nanos <= kNanosPerUnit / 2; });
}

}  // namespace doorbuster::api::twins
