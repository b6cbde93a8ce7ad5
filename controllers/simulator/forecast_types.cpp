#include "controllers/planner/selection.h"
#include "controllers/simulator/forecast.h"

#include <algorithm>

namespace doorbuster::simulator {
namespace {

constexpr std::string_view kLeftOut[] = {"/metadata", "/status", "/kind", "/apiVersion"};

bool is_left_out(const std::string& leaf) {
  return std::any_of(std::begin(kLeftOut), std::end(kLeftOut), [&leaf](std::string_view prefix) {
    return leaf.substr(0, prefix.size()) == prefix;
  });
}

}  // namespace

std::vector<FieldChange> changes_between(const Tree& before, const Tree& after) {
  std::map<std::string, FieldChange> out;
  const auto note = [&out](const Tree& tree, Value FieldChange::*side) {
    for (auto& [leaf, text] : tree.leaves()) {
      if (is_left_out(leaf)) continue;
      FieldChange& change = out[leaf];
      change.pointer = leaf;
      change.*side = Json{text};
    }
  };
  note(before, &FieldChange::before);
  note(after, &FieldChange::after);
  std::vector<FieldChange> changed;
  for (auto& [leaf, change] : out) {
    if (!(change.before == change.after)) changed.push_back(std::move(change));
  }
  return changed;
}

bool Sample::same_as(const Sample& other) const {
  Sample here = *this;
  here.at = other.at;
  return here.floor == other.floor && here.ceiling == other.ceiling &&
         here.replicas == other.replicas && here.ready == other.ready &&
         here.waiting == other.waiting && here.wanted == other.wanted;
}

const char* to_string(ForecastVerdict verdict) {
  switch (verdict) {
    case ForecastVerdict::Go:
      return "Go";
    case ForecastVerdict::Warn:
      return "Warn";
    case ForecastVerdict::NoGo:
      return "NoGo";
  }
  return "NoGo";
}

ForecastVerdict Forecast::verdict() const {
  ForecastVerdict worst = ForecastVerdict::Go;
  for (const ForecastFinding& one : findings) worst = std::max(worst, one.level);
  return worst;
}

void Forecast::add(const std::vector<ForecastFinding>& more) {
  findings.insert(findings.end(), more.begin(), more.end());
  std::stable_sort(findings.begin(), findings.end(), [](const auto& a, const auto& b) {
    return a.level > b.level;
  });
}

std::vector<api::TargetSpec> targets_in(const ForecastInput& input) {
  std::vector<planner::Labelled> objects;
  for (const SeedObject& one : input.objects) {
    const auto view = JsonView::parse(one.object.text);
    if (view.ok() && one.ref.ns == input.event.metadata.ns)
      objects.push_back({one.ref.kind, one.ref.name, planner::labels_of(*view)});
  }
  planner::Observation seen;
  seen.selected = planner::found_among(input.event.spec, input.event.metadata.ns, objects);
  return planner::expand(input.event.spec, input.event.metadata.ns, seen, {}).targets;
}

}  // namespace doorbuster::simulator
