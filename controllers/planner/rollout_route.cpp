#include "controllers/planner/rollout_route.h"

#include "controllers/planner/rollout_requests.h"
#include "operator/base/json_read.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace doorbuster::planner {
namespace {

constexpr std::int64_t kMostWeight = 1'000'000;

std::string service_named(const JsonView& ref, const std::string& ns) {
  const std::string kind = text_of(ref, "kind"), its = text_of(ref, "namespace");
  const bool is_service = text_of(ref, "group").empty() && (kind.empty() || kind == "Service") &&
                          (its.empty() || its == ns);
  return is_service ? text_of(ref, "name") : "";
}

Json renamed(const JsonView& ref, const std::string& service) {
  return *with_value(Json{std::string(ref.text())}, "/name", json_of_string(service));
}

Json weighed(const Json& ref, std::int64_t weight) {
  return *with_value(ref, "/weight", json_of(weight));
}
Json weighed(const JsonView& ref, std::int64_t weight) {
  return weighed(Json{std::string(ref.text())}, weight);
}

/// The references of one list.
class List {
 public:
  List(const WeightedForm& form, const Sides& sides, std::vector<JsonView> refs)
      : form_(form), sides_(sides), refs_(std::move(refs)) {}

  const std::vector<JsonView>& refs() const { return refs_; }
  bool alone() const { return refs_.size() == 1; }
  bool is_stable(const JsonView& ref) const { return is(ref, sides_.stable); }
  bool is_candidate(const JsonView& ref) const { return is(ref, sides_.candidate); }
  bool names_stable() const {
    return std::any_of(
        refs_.begin(), refs_.end(), [this](const JsonView& one) { return is_stable(one); });
  }
  std::int64_t weight_of(const JsonView& ref) const {
    const auto weight = ref.member("weight");
    return weight ? weight->integer().value_or(1) : alone() ? 1 : form_.unsaid;
  }
  /// Of all references to the candidate.
  std::int64_t given() const {
    std::int64_t out = 0;
    for (const JsonView& one : refs_) out += is_candidate(one) ? weight_of(one) : 0;
    return out;
  }
  Json to(const JsonView& ref, const std::string& service, std::int64_t weight) const {
    return weighed(form_.to(ref, service), weight);
  }

 private:
  bool is(const JsonView& ref, const std::string& service) const {
    return !service.empty() && form_.service(ref, sides_.ns) == service;
  }
  const WeightedForm& form_;
  const Sides& sides_;
  std::vector<JsonView> refs_;
};

using References = std::vector<Json>;

std::vector<JsonView> lists_of(const WeightedForm& form, const JsonView& rules) {
  return form.list == nullptr ? std::vector{rules} : rules.elements();
}

List list_of(const WeightedForm& form, const Sides& sides, const JsonView& rule) {
  return {form, sides, form.list == nullptr ? rule.elements() : elements_of(rule, form.list)};
}

/// Rules with the references of each made anew by `change`; nothing: the rule stays.
Json rules_with(const WeightedForm& form,
                const Sides& sides,
                const JsonView& rules,
                const std::function<std::optional<References>(const List&)>& change) {
  std::vector<Json> out;
  for (const JsonView& rule : lists_of(form, rules)) {
    const auto changed = change(list_of(form, sides, rule));
    if (!changed) {
      out.push_back(Json{std::string(rule.text())});
      continue;
    }
    if (form.list == nullptr) return json_array(*changed);
    JsonObject made;
    for (const auto& [member, value] : rule.members()) {
      made.add(member,
               member == form.list ? json_array(*changed) : Json{std::string(value.text())});
    }
    out.push_back(made.build());
  }
  return form.list == nullptr ? out.front() : json_array(out);
}

Result<Json> with_share(const WeightedForm& form,
                        const JsonView& rules,
                        const Sides& sides,
                        int percent) {
  if (percent <= 0) return Json{std::string(rules.text())};
  bool too_large = false, beside = false;
  Json made = rules_with(form, sides, rules, [&](const List& list) -> std::optional<References> {
    if (!list.names_stable()) return std::nullopt;
    beside = beside || (form.percents && !list.alone());
    References out;
    for (const JsonView& ref : list.refs()) {
      const std::int64_t weight = list.alone() ? 1 : list.weight_of(ref);
      too_large = too_large || weight > kMostWeight / 100;
      if (!list.is_stable(ref)) {
        out.push_back(weighed(ref, weight * 100));
        continue;
      }
      out.push_back(weighed(ref, weight * (100 - percent)));
      out.push_back(list.to(ref, sides.candidate, weight * percent));
    }
    return out;
  });
  if (too_large)
    return Error{.kind = ErrorKind::Invalid,
                 .message = "a weight of the route is more than 10000, too large to be shared out"};
  if (beside)
    return Error{.kind = ErrorKind::Invalid,
                 .message =
                     "its weights are percents, which are shared out only where the target "
                     "stands alone"};
  return made;
}

std::string condition_missing(const JsonView& parent, std::int64_t generation, const char* type) {
  for (const JsonView& one : elements_of(parent, "conditions")) {
    if (text_of(one, "type") != type) continue;
    const auto seen = one.member("observedGeneration");
    if (seen && seen->integer().value_or(0) < generation)
      return std::string(type) + " is of an earlier generation";
    return text_of(one, "status") == "True" ? ""
                                            : std::string(type) + " is " + text_of(one, "status") +
                                                  ": " + text_of(one, "message");
  }
  return std::string(type) + " is not told yet";
}

}  // namespace

const WeightedForm kGatewayForm{.list = "backendRefs",
                                .unsaid = 1,
                                .percents = false,
                                .service = service_named,
                                .to = renamed,
                                .requests = &kHttpRequests};
const WeightedForm kGrpcForm{.list = "backendRefs",
                             .unsaid = 1,
                             .percents = false,
                             .service = service_named,
                             .to = renamed,
                             .requests = &kGrpcRequests};
const WeightedForm kTraefikForm{.list = nullptr,
                                .unsaid = 1,
                                .percents = false,
                                .service = service_named,
                                .to = renamed,
                                .requests = nullptr};

Shares shares_of(const WeightedForm& form, const JsonView& rules, const Sides& sides) {
  Shares out;
  const std::vector<JsonView> all = lists_of(form, rules);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (form.requests != nullptr)
      out.mirrored =
          std::max(out.mirrored, form.requests->mirror_of(all[i], sides.ns, sides.candidate));
    if (is_by_match(form, all, i, sides)) {
      out.matched = true;
      continue;
    }
    const List list = list_of(form, sides, all[i]);
    std::int64_t ours = 0, theirs = 0;
    for (const JsonView& ref : list.refs()) {
      if (list.is_stable(ref)) {
        out.names_stable = true;
        theirs += list.weight_of(ref);
      } else if (list.is_candidate(ref)) {
        out.names_candidate = true;
        ours += list.weight_of(ref);
      }
    }
    if (ours <= 0) continue;
    const std::int64_t sum = ours + std::max<std::int64_t>(theirs, 0);
    out.candidate = std::max(out.candidate, static_cast<int>((100 * ours + sum - 1) / sum));
  }
  out.names_candidate = out.names_candidate || out.matched || out.mirrored > 0;
  return out;
}

Result<Json> with_split(const WeightedForm& form,
                        const JsonView& rules,
                        const Sides& sides,
                        const Split& split) {
  auto shared = with_share(form, rules, sides, split.percent);
  return shared ? with_requests(form, rules, *shared, sides, split) : shared;
}

Json without_candidate(const WeightedForm& form, const JsonView& field, const Sides& sides) {
  const Json unmatched = without_requests(form, field, sides);
  const auto rules = JsonView::parse(unmatched.text);
  return rules_with(form, sides, *rules, [&](const List& list) -> std::optional<References> {
    std::int64_t given = list.given();
    const auto& refs = list.refs();
    const auto count = [&refs](const auto& is) {
      return std::count_if(refs.begin(), refs.end(), is);
    };
    const auto ours = count([&](const JsonView& one) { return list.is_candidate(one); });
    if (ours == 0) return std::nullopt;
    const auto serving =
        count([&](const JsonView& one) { return list.is_stable(one) && list.weight_of(one) > 0; });
    const auto all = count([&](const JsonView& one) { return list.is_stable(one); });
    const bool others = static_cast<std::size_t>(ours + all) < refs.size();
    References out;
    for (const JsonView& ref : refs) {
      if (list.is_stable(ref) && serving == 0) continue;
      if (list.is_candidate(ref)) {
        if (serving == 0)
          out.push_back(list.to(ref, sides.stable, std::max<std::int64_t>(1, list.weight_of(ref))));
      } else if (list.is_stable(ref) && others && given > 0) {
        // Nobody else gets what it leaves.
        out.push_back(weighed(ref, list.weight_of(ref) + given));
        given = 0;
      } else {
        out.push_back(Json{std::string(ref.text())});
      }
    }
    return out;
  });
}

std::string why_not_accepted(const Document& route) {
  const std::int64_t generation = route.integer("/metadata/generation").value_or(0);
  const std::vector<JsonView> parents = elements_at(route.root(), "/status/parents");
  if (parents.empty()) return "no gateway has accepted the route";
  for (const JsonView& parent : parents) {
    for (const char* type : {"Accepted", "ResolvedRefs"}) {
      if (std::string why = condition_missing(parent, generation, type); !why.empty()) return why;
    }
  }
  return "";
}

}  // namespace doorbuster::planner
