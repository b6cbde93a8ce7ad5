#include "operator/commands/cluster_objects.h"

#include "operator/base/json_read.h"

#include <algorithm>
#include <utility>

namespace doorbuster::commands {
namespace {

constexpr int kListPage = 500;

}  // namespace

Result<std::vector<Doc>> all_of(kube::Client& client,
                                const kube::Resource& resource,
                                const std::string& ns,
                                std::size_t most) {
  std::vector<Doc> out;
  std::string next;
  do {
    auto page = client.list(resource, ns, kListPage, next);
    if (!page.ok()) return page.error();
    for (kube::Object& one : page->items) {
      auto document = planner::Document::parse(std::move(one.text));
      if (document.ok()) out.push_back(std::move(document).value());
    }
    if (out.size() > most)
      return Error{.kind = ErrorKind::Invalid,
                   .message = "more " + resource.plural + " than are looked at",
                   .causes = {},
                   .retry_after = {}};
    next = page->continue_token;
  } while (!next.empty());
  return out;
}

std::int64_t units(const Value& value, api::Int128 nanos_per_unit) {
  if (!value) return 0;
  const auto quantity = api::quantity_of(*value);
  if (!quantity || quantity->nanos < 0) return 0;
  return static_cast<std::int64_t>(quantity->nanos / nanos_per_unit);
}

std::optional<Instant> became(const planner::Document& pod, std::string_view type) {
  const auto list = pod.root().at("/status/conditions");
  if (!list) return std::nullopt;
  for (const JsonView& one : list->elements()) {
    if (text_of(one, "type") == type && text_of(one, "status") == "True")
      return parse_rfc3339(text_of(one, "lastTransitionTime"));
  }
  return std::nullopt;
}

bool selects(const planner::Document& workload, const planner::Document& pod) {
  const auto labels = workload.root().at("/spec/selector/matchLabels");
  const auto carried = pod.root().at("/metadata/labels");
  if (!labels || !carried || labels->members().empty()) return false;
  for (const auto& [name, value] : labels->members()) {
    const auto there = carried->member(name);
    if (!there || there->string() != value.string()) return false;
  }
  return true;
}

bool is_open_to_pods(const planner::Document& node) {
  if (node.at("/spec/unschedulable") == Value(Json{"true"})) return false;
  const auto taints = node.root().at("/spec/taints");
  if (!taints) return true;
  const auto elements = taints->elements();
  return std::none_of(elements.begin(), elements.end(), [](const JsonView& one) {
    const auto effect = one.member("effect");
    return effect && effect->string() != "PreferNoSchedule";
  });
}

}  // namespace doorbuster::commands
