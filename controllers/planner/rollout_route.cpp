#include "controllers/planner/rollout_route.h"

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

/// Is it the Service of this name in the namespace of both?
bool names(const JsonView& ref, const std::string& service, const Sides& sides) {
  const std::string kind = text_of(ref, "kind"), ns = text_of(ref, "namespace");
  return text_of(ref, "name") == service && text_of(ref, "group").empty() &&
         (ns.empty() || ns == sides.ns) && (kind.empty() || kind == "Service");
}

std::int64_t weight_of(const JsonView& ref) {
  const auto weight = ref.member("weight");
  return weight ? weight->integer().value_or(1) : 1;
}

/// The reference with another name and weight; all else of it as it is.
Json reference(const JsonView& ref, const std::string& name, std::optional<std::int64_t> weight) {
  JsonObject out;
  bool weighed = false;
  for (const auto& [member, value] : ref.members()) {
    if (member == "name") {
      out.add(member, std::string_view(name));
    } else if (member == "weight" && weight) {
      weighed = true;
      out.add(member, *weight);
    } else {
      out.add(member, Json{std::string(value.text())});
    }
  }
  if (weight && !weighed) out.add("weight", *weight);
  return out.build();
}

using References = std::vector<Json>;

/// Rules with the references of each made anew by `change`; nothing: the rule stays.
Json rules_with(
    const JsonView& rules,
    const std::function<std::optional<References>(const std::vector<JsonView>&)>& change) {
  std::vector<Json> out;
  for (const JsonView& rule : rules.elements()) {
    const auto changed = change(elements_of(rule, "backendRefs"));
    if (!changed) {
      out.push_back(Json{std::string(rule.text())});
      continue;
    }
    JsonObject made;
    for (const auto& [member, value] : rule.members()) {
      made.add(member,
               member == "backendRefs" ? json_array(*changed) : Json{std::string(value.text())});
    }
    out.push_back(made.build());
  }
  return json_array(out);
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

Shares shares_of(const JsonView& rules, const Sides& sides) {
  Shares out;
  for (const JsonView& rule : rules.elements()) {
    std::int64_t ours = 0, theirs = 0;
    for (const JsonView& ref : elements_of(rule, "backendRefs")) {
      if (names(ref, sides.stable, sides)) {
        out.names_stable = true;
        theirs += weight_of(ref);
      } else if (names(ref, sides.candidate, sides)) {
        out.names_candidate = true;
        ours += weight_of(ref);
      }
    }
    if (ours <= 0) continue;
    const std::int64_t all = ours + std::max<std::int64_t>(theirs, 0);
    out.candidate = std::max(out.candidate, static_cast<int>((100 * ours + all - 1) / all));
  }
  return out;
}

Result<Json> with_share(const JsonView& rules, const Sides& sides, int percent) {
  if (percent <= 0) return Json{std::string(rules.text())};
  bool too_large = false;
  Json made =
      rules_with(rules, [&](const std::vector<JsonView>& refs) -> std::optional<References> {
        const auto of_stable = [&](const JsonView& one) { return names(one, sides.stable, sides); };
        if (std::none_of(refs.begin(), refs.end(), of_stable)) return std::nullopt;
        const bool alone = refs.size() == 1;
        References out;
        for (const JsonView& ref : refs) {
          const std::int64_t weight = alone ? 1 : weight_of(ref);
          too_large = too_large || weight > kMostWeight / 100;
          if (!of_stable(ref)) {
            out.push_back(reference(ref, text_of(ref, "name"), weight * 100));
            continue;
          }
          out.push_back(reference(ref, sides.stable, weight * (100 - percent)));
          out.push_back(reference(ref, sides.candidate, weight * percent));
        }
        return out;
      });
  if (too_large)
    return Error{.kind = ErrorKind::Invalid,
                 .message = "a weight of the route is more than 10000, too large to be shared out"};
  return made;
}

Json without_candidate(const JsonView& rules, const JsonView&, const Sides& sides) {
  return rules_with(rules, [&](const std::vector<JsonView>& refs) -> std::optional<References> {
    const auto ours = [&](const JsonView& one) { return names(one, sides.candidate, sides); };
    if (std::none_of(refs.begin(), refs.end(), ours)) return std::nullopt;
    const bool with_stable = std::any_of(refs.begin(), refs.end(), [&](const JsonView& one) {
      return names(one, sides.stable, sides) && weight_of(one) > 0;
    });
    References out;
    for (const JsonView& ref : refs) {
      if (names(ref, sides.stable, sides) && !with_stable) continue;
      if (!ours(ref)) {
        out.push_back(Json{std::string(ref.text())});
      } else if (!with_stable) {
        out.push_back(reference(ref, sides.stable, std::max<std::int64_t>(1, weight_of(ref))));
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
