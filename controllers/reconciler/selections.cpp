#include "controllers/reconciler/selections.h"

#include "controllers/planner/selection.h"

#include <algorithm>
#include <utility>

namespace doorbuster::reconciler {

planner::SelectedFact select(const kube::Client& client,
                             Kinds& kinds,
                             const planner::Selection& selection) {
  const auto resource = kinds.find(selection.group, selection.kind);
  if (!resource.ok()) {
    // A kind that is not served has no objects; that it is not served is told elsewhere.
    if (resource.error().kind == ErrorKind::NotFound) return planner::Selected{};
    return planner::Unread{resource.error().message};
  }
  const auto page = client.list(
      *resource, selection.ns, static_cast<int>(planner::kSelected) + 1, "", selection.labels);
  if (!page.ok()) return planner::Unread{page.error().message};
  planner::Selected out;
  for (const kube::Object& one : page->items) out.names.push_back(one.meta.name);
  std::sort(out.names.begin(), out.names.end());
  out.more = out.names.size() > planner::kSelected || !page->continue_token.empty();
  if (out.names.size() > planner::kSelected) out.names.resize(planner::kSelected);
  return out;
}

Selections::Found Selections::look(const kube::Key& event,
                                   const std::set<planner::Selection>& asked,
                                   Instant now,
                                   Duration fresh) {
  auto before = asked_.of(event);
  std::map<planner::Selection, Look> after;
  Found out;
  for (const planner::Selection& selection : asked) {
    Look& one = after[selection] = before[selection];
    if (now >= std::min(one.until, one.looked_at + fresh)) {
      one = {.until = now + fresh, .looked_at = now, .found = select(*client_, *kinds_, selection)};
      if (std::holds_alternative<planner::Unread>(one.found)) one.until = now + kSelectedRetry;
    }
    out.emplace(selection, one.found);
  }
  asked_.put(event, std::move(after));
  return out;
}

}  // namespace doorbuster::reconciler
