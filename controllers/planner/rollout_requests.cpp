#include "controllers/planner/rollout_requests.h"

#include "operator/base/json_read.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace doorbuster::planner {
namespace {

Json text(const JsonView& view) { return Json{std::string(view.text())}; }

Error invalid(std::string why) {
  return Error{.kind = ErrorKind::Invalid, .message = std::move(why)};
}

bool is_to(const WeightedForm& form,
           const Sides& sides,
           const JsonView& ref,
           const std::string& service) {
  return !service.empty() && form.service(ref, sides.ns) == service;
}

bool names_stable(const WeightedForm& form, const Sides& sides, const JsonView& rule) {
  const auto refs = elements_of(rule, form.list);
  return std::any_of(refs.begin(), refs.end(), [&](const JsonView& ref) {
    return is_to(form, sides, ref, sides.stable);
  });
}

/// By which the rule sends to the target; nothing: it does not.
std::optional<JsonView> serving_ref(const WeightedForm& form,
                                    const Sides& sides,
                                    const JsonView& rule) {
  const auto refs = elements_of(rule, form.list);
  for (const JsonView& ref : refs) {
    const auto weight = ref.member("weight");
    const bool none = weight && weight->integer() == 0 && !(form.percents && refs.size() == 1);
    if (!none && is_to(form, sides, ref, sides.stable)) return ref;
  }
  return std::nullopt;
}

std::vector<Json> matches_of(const RequestForm& requests, const JsonView& rule) {
  std::vector<Json> out;
  for (const JsonView& one : elements_of(rule, requests.matches)) out.push_back(text(one));
  if (out.empty()) out.push_back(Json{requests.everything});
  return out;
}

Result<Json> narrowed_rule(const WeightedForm& form,
                           const Sides& sides,
                           const JsonView& rule,
                           const JsonView& ref,
                           const std::vector<api::RequestMatch>& asked) {
  const RequestForm& requests = *form.requests;
  std::vector<Json> matches;
  for (const Json& before : matches_of(requests, rule)) {
    for (const api::RequestMatch& one : asked) {
      auto both = requests.narrowed(*JsonView::parse(before.text), one);
      if (!both) return both;
      matches.push_back(std::move(*both));
    }
  }
  if (requests.most_matches > 0 && matches.size() > requests.most_matches)
    return invalid("with the step's matches a rule would have " + std::to_string(matches.size()) +
                   " matches, and " + std::to_string(requests.most_matches) + " are allowed");
  JsonObject out;
  out.add(requests.matches, json_array(matches));
  for (const auto& [member, value] : rule.members()) {
    // A name is of one rule.
    if (member != requests.matches && member != form.list && member != "name")
      out.add(member, text(value));
  }
  const Json to = form.to(ref, sides.candidate);
  const std::int64_t all = form.percents ? 100 : 1;
  out.add(form.list, json_array({*with_value(to, "/weight", json_of(all))}));
  return out.build();
}

/// Could a rule with one header more take requests from others? By what is precise first.
bool takes_from_others(const WeightedForm& form, const Sides& sides, const JsonView& written) {
  const RequestForm& requests = *form.requests;
  if (requests.goes_by_order()) return false;
  std::vector<Json> ours, theirs;
  for (const JsonView& rule : written.elements()) {
    std::vector<Json>& to = serving_ref(form, sides, rule) ? ours : theirs;
    for (Json& one : matches_of(requests, rule)) to.push_back(std::move(one));
  }
  return std::any_of(ours.begin(), ours.end(), [&](const Json& one) {
    return std::any_of(theirs.begin(), theirs.end(), [&](const Json& other) {
      return requests.overtakes(*JsonView::parse(one.text), *JsonView::parse(other.text));
    });
  });
}

std::optional<Error> beyond_bounds(const RequestForm& requests, const std::vector<Json>& rules) {
  std::size_t matches = 0;
  for (const Json& one : rules) matches += matches_of(requests, *JsonView::parse(one.text)).size();
  if (requests.most_rules > 0 && rules.size() > requests.most_rules)
    return invalid("with the step's matches it would have " + std::to_string(rules.size()) +
                   " rules, and " + std::to_string(requests.most_rules) + " are allowed");
  if (requests.most_matches_of_all > 0 && matches > requests.most_matches_of_all)
    return invalid("with the step's matches it would have " + std::to_string(matches) +
                   " matches, and " + std::to_string(requests.most_matches_of_all) +
                   " are allowed in all");
  return std::nullopt;
}

/// Has the second list a match of which this is the same with a header more?
bool is_narrower(const RequestForm& requests, const JsonView& match, const std::vector<Json>& of) {
  const std::vector<Json> wider = requests.widened(match);
  return std::any_of(wider.begin(), wider.end(), [&of](const Json& one) {
    return std::any_of(
        of.begin(), of.end(), [&one](const Json& other) { return equal_values(one, other); });
  });
}

}  // namespace

std::string requests_in_words(const Split& split) {
  std::string out;
  for (const api::RequestMatch& one : split.match) {
    out += out.empty() ? "requests with " : " or ";
    if (one.header) out.append(one.header->name).append("=").append(one.header->value);
    if (one.cookie)
      out.append("cookie ").append(one.cookie->name).append("=").append(one.cookie->value);
  }
  if (split.mirror > 0) {
    out += out.empty() ? "" : ", ";
    out.append(std::to_string(split.mirror)).append(" % mirrored");
  }
  return out;
}

std::string cookie_pattern(const api::CookieMatch& cookie) {
  std::string out = "(^|.*; ?)";
  for (const char one : cookie.name + "=" + cookie.value) {
    if (one == '.') out += '\\';
    out += one;
  }
  return out + "(;.*|$)";
}

Result<Json> with_requests(const WeightedForm& form,
                           const JsonView& written,
                           const Json& shared,
                           const Sides& sides,
                           const Split& split) {
  if (!split.has_requests()) return shared;
  if (form.requests == nullptr) return invalid("it knows nothing of requests");
  if (!split.match.empty() && takes_from_others(form, sides, written))
    return invalid(
        "a rule to somebody else has the same path and asks for headers or a query besides, and "
        "would lose requests to the step's matches: give the Service a route of its own");
  const std::vector<JsonView> authors = written.elements();
  const auto shares = JsonView::parse(shared.text);
  const std::vector<JsonView> rules = shares->elements();
  std::vector<Json> out, behind;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto ref = serving_ref(form, sides, authors[i]);
    if (ref && !split.match.empty()) {
      auto more = narrowed_rule(form, sides, authors[i], *ref, split.match);
      if (!more) return more;
      (form.requests->goes_by_order() ? out : behind).push_back(std::move(*more));
    }
    if (!ref || split.mirror <= 0) {
      out.push_back(text(rules[i]));
      continue;
    }
    const Json to = form.to(*ref, sides.candidate);
    auto copied = form.requests->mirrored(rules[i], *JsonView::parse(to.text), split.mirror);
    if (!copied) return copied;
    out.push_back(std::move(*copied));
  }
  out.insert(
      out.end(), std::make_move_iterator(behind.begin()), std::make_move_iterator(behind.end()));
  if (auto beyond = beyond_bounds(*form.requests, out)) return *beyond;
  return json_array(out);
}

bool is_by_match(const WeightedForm& form,
                 const std::vector<JsonView>& rules,
                 std::size_t at,
                 const Sides& sides) {
  if (form.requests == nullptr) return false;
  const auto refs = elements_of(rules[at], form.list);
  const bool alone = !refs.empty() && std::all_of(refs.begin(), refs.end(), [&](const auto& ref) {
    return is_to(form, sides, ref, sides.candidate);
  });
  const auto matches = elements_of(rules[at], form.requests->matches);
  if (!alone || matches.empty()) return false;
  for (std::size_t j = form.requests->goes_by_order() ? at + 1 : 0; j < rules.size(); ++j) {
    if (!names_stable(form, sides, rules[j])) continue;
    const std::vector<Json> of = matches_of(*form.requests, rules[j]);
    if (std::all_of(matches.begin(), matches.end(), [&](const JsonView& one) {
          return is_narrower(*form.requests, one, of);
        }))
      return true;
  }
  return false;
}

Json without_requests(const WeightedForm& form, const JsonView& rules, const Sides& sides) {
  if (form.requests == nullptr) return text(rules);
  const std::vector<JsonView> all = rules.elements();
  std::vector<Json> out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (is_by_match(form, all, i, sides)) continue;
    const bool copies = form.requests->mirror_of(all[i], sides.ns, sides.candidate) > 0;
    out.push_back(copies ? form.requests->unmirrored(all[i], sides.ns, sides.candidate)
                         : text(all[i]));
  }
  return json_array(out);
}

}  // namespace doorbuster::planner
