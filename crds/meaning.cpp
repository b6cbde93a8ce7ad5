// check_meaning(): what is wrong with a spec although every field of it is right.

#include "crds/circle.h"
#include "crds/cron.h"
#include "crds/knative.h"
#include "crds/patterns.h"
#include "crds/reader.h"
#include "crds/rollout_meaning.h"
#include "operator/base/bounds.h"
#include "operator/base/web_address.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace doorbuster::api {
namespace {

constexpr std::size_t kMaxLiteralBytes =
    4096;  ///< it stands in the held object's annotation and in status

constexpr std::size_t kMaxLabelKey = 253 + 1 + 63;  ///< prefix, slash, name

constexpr int kMaxForIntervals = 240;  ///< so many measurements are remembered
constexpr int kMaxRangeValues = 1000;

std::string path_of(std::size_t hold, std::string_view field) {
  return "spec.holds[" + json_of(static_cast<std::int64_t>(hold)).text + "]." + std::string(field);
}

std::string_view group_of(const std::string& api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string::npos ? std::string_view()
                                    : std::string_view(api_version).substr(0, slash);
}

/// Could the two be one object? A group or namespace that one leaves out may be the other's.
bool may_be_one(const HoldObject& a, const HoldObject& b) {
  if (a.kind != b.kind || a.name != b.name) return false;
  if (a.ns && b.ns && *a.ns != *b.ns) return false;
  return !a.api_version || !b.api_version || group_of(*a.api_version) == group_of(*b.api_version);
}

bool overlap(const HoldSpan& a, const HoldSpan& b) {
  return a.from <= b.until && b.from <= a.until;
}

bool is_within(std::string_view inner, std::string_view outer) {
  return inner.size() > outer.size() && inner.substr(0, outer.size()) == outer &&
         inner[outer.size()] == '/';
}

class Meaning {
 public:
  explicit Meaning(const SaleEventSpec& spec) : spec_(spec) {}

  std::vector<Finding> findings() {
    for (std::size_t i = 0; i < spec_.capacity.targets.size(); ++i) {
      label_keys(i);
      kind_is_raised(i);
    }
    for (std::size_t i = 0; i < spec_.holds.size(); ++i) {
      literal(i);
      for (std::size_t j = 0; j < i; ++j) pair(j, i);
      object_is_bounded(i);
    }
    order();
    for (std::size_t i = 0; i < spec_.checks.size(); ++i) check(i);
    for (Finding& one : rollout_findings(spec_)) {
      if (findings_.size() < kMaxFindings) findings_.push_back(std::move(one));
    }
    return std::move(findings_);
  }

 private:
  /// A schema cannot bound the names of a map's members.
  void label_keys(std::size_t target) {
    for (const auto& [key, value] : spec_.capacity.targets[target].selector.match_labels) {
      if (key.size() <= kMaxLabelKey && patterns::label_key(key)) continue;
      wrong("spec.capacity.targets[" + json_of(static_cast<std::int64_t>(target)).text +
                "].selector.matchLabels",
            "must have keys of labels such as `tier` or `app.kubernetes.io/part-of`",
            "write another key than `" + key.substr(0, kMaxLabelKey) + "`");
    }
  }

  /// A Service without apiVersion is Kubernetes' own as far as anybody can tell.
  void kind_is_raised(std::size_t target) {
    const std::optional<TargetRef>& ref = spec_.capacity.targets[target].ref;
    if (!ref || !ref->api_version || !is_knative(group_of(*ref->api_version))) return;
    wrong("spec.capacity.targets[" + json_of(static_cast<std::int64_t>(target)).text + "].ref.kind",
          "must not be `" + ref->kind + "` of Knative, which is not raised as a target",
          kInsteadOfKnative);
  }

  void check(std::size_t i) {
    const CheckSpec& one = spec_.checks[i];
    const std::string path = "spec.checks[" + json_of(static_cast<std::int64_t>(i)).text + "]";
    if (one.bad && one.bad->lasts.value > kMaxForIntervals * one.interval.value)
      wrong(path + ".bad.for", "must be at most 240 times `interval`", "write a longer `interval`");
    if (one.http && !parse_web_address(one.http->url))
      wrong(path + ".http.url", "must be a URL whose port is at most 65535", "");
    if (!one.prometheus) return;
    if (one.prometheus->address && !parse_web_address(*one.prometheus->address))
      wrong(path + ".prometheus.address", "must have a port of at most 65535", "");
    if (!one.prometheus->range) return;
    const CheckRange& range = *one.prometheus->range;
    if (range.duration.value < range.step.value ||
        range.duration.value > kMaxRangeValues * range.step.value)
      wrong(path + ".prometheus.range.duration",
            "must be at least `step` and at most 1000 times as long",
            "write another `step`");
  }

  void wrong(std::string path, std::string message, std::string hint) {
    if (findings_.size() >= kMaxFindings) return;
    findings_.push_back({.severity = Severity::Error,
                         .path = std::move(path),
                         .message = std::move(message),
                         .hint = std::move(hint),
                         .mark = {},
                         .code = codes::kMeaning});
  }

  void literal(std::size_t i) {
    const auto* set = std::get_if<HoldLiteral>(&spec_.holds[i].value);
    if (!set || set->value.text.size() <= kMaxLiteralBytes) return;
    wrong(path_of(i, "value.literal"),
          "must be at most 4096 bytes of JSON",
          "hold a field further down");
  }

  void pair(std::size_t first, std::size_t second) {
    const HoldSpec &a = spec_.holds[first], &b = spec_.holds[second];
    if (!may_be_one(a.object, b.object) || !overlap(a.during, b.during)) return;
    const bool two_literals = std::holds_alternative<HoldLiteral>(a.value) &&
                              std::holds_alternative<HoldLiteral>(b.value);
    if (a.field == b.field && two_literals) {
      wrong(path_of(second, "field"),
            "must not be set to two literals at the same time; `" + a.name + "` sets it too",
            "remove one of the two, or let their phases not overlap");
    }
    if (is_within(a.field, b.field) || is_within(b.field, a.field)) {
      wrong(path_of(second, "field"),
            "must not lie within, or contain, the field of `" + a.name + "`",
            "hold the outer field as one literal, or only fields within it");
    }
  }

  void object_is_bounded(std::size_t i) {
    const HoldObject& object = spec_.holds[i].object;
    const auto same = std::count_if(
        spec_.holds.begin(),
        spec_.holds.begin() + static_cast<std::ptrdiff_t>(i) + 1,
        [&object](const HoldSpec& other) { return may_be_one(object, other.object); });
    if (same != static_cast<std::ptrdiff_t>(bounds::kFieldsPerObject) + 1) return;
    wrong(path_of(i, "object"),
          "must not be held in more than 32 fields",
          "hold an outer field as one literal");
  }

  /// A hold whose `after` leads back to itself would never begin.
  void order() {
    const auto i = first_in_circle(
        spec_.holds.size(),
        [this](std::size_t at) -> auto& { return spec_.holds[at].name; },
        [this](std::size_t at) -> auto& { return spec_.holds[at].after; });
    if (!i) return;
    wrong(path_of(*i, "after"),
          "must not lead back to the hold itself",
          "remove one entry of the circle");
  }

  const SaleEventSpec& spec_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_meaning(const SaleEventSpec& spec) { return Meaning(spec).findings(); }

std::vector<Finding> check_meaning(const SaleScheduleSpec& spec) {
  std::vector<Finding> findings = check_meaning(event_spec(spec, Instant{}));
  for (Finding& one : findings) one.path = "spec.template." + one.path;
  const Result<Cron> cron = parse_cron(spec.schedule);
  if (!cron.ok()) {
    findings.push_back({.severity = Severity::Error,
                        .path = "spec.schedule",
                        .message = cron.error().message,
                        .hint = {},
                        .mark = {},
                        .code = codes::kMeaning});
  }
  return findings;
}

SaleEventSpec event_spec(const SaleScheduleSpec& schedule, Instant start) {
  SaleEventSpec out;
  fill(out, schedule.template_.spec);
  out.window.start = to_rfc3339(start);
  out.window.end = to_rfc3339(start + schedule.duration.value);
  return out;
}

}  // namespace doorbuster::api
