#include "controllers/planner/selection.h"

#include "controllers/planner/canary.h"
#include "controllers/planner/view.h"
#include "operator/base/bounds.h"
#include "operator/base/json_read.h"
#include "operator/base/lower.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace doorbuster::planner {
namespace {

std::string joined(const std::vector<std::string>& all) {
  std::string out;
  for (const std::string& one : all) out += (out.empty() ? "" : ",") + one;
  return out;
}

std::string in_a_query(const api::LabelRequirement& one) {
  std::vector<std::string> values = one.values;
  std::sort(values.begin(), values.end());
  switch (one.op) {
    case api::LabelOperator::In:
      return one.key + " in (" + joined(values) + ")";
    case api::LabelOperator::NotIn:
      return one.key + " notin (" + joined(values) + ")";
    case api::LabelOperator::Exists:
      return one.key;
    case api::LabelOperator::DoesNotExist:
      return "!" + one.key;
  }
  return "";
}

bool holds(const api::LabelRequirement& one, const std::optional<std::string>& value) {
  const auto is_one = [&] {
    return std::find(one.values.begin(), one.values.end(), *value) != one.values.end();
  };
  switch (one.op) {
    case api::LabelOperator::In:
      return value && is_one();
    case api::LabelOperator::NotIn:
      return !value || !is_one();
    case api::LabelOperator::Exists:
      return value.has_value();
    case api::LabelOperator::DoesNotExist:
      return !value;
  }
  return false;
}

/// Kinds that Kubernetes itself scales; of others the group is found out.
std::string group_of_kind(const std::string& kind) {
  const bool own = kind == "Deployment" || kind == "StatefulSet" || kind == "ReplicaSet";
  return own ? "apps" : "*";
}

/// A reference that means the group that was asked for.
api::TargetRef ref_of(const ObjectRef& asked) {
  api::TargetRef out{.api_version = std::nullopt, .kind = asked.kind, .name = asked.name};
  if (asked.group != "*") out.api_version = asked.group.empty() ? "v1" : asked.group + "/v1";
  return out;
}

class Expanding {
 public:
  Expanding(const std::string& ns, const Observation& seen, const std::set<std::string>& held)
      : ns_(ns), seen_(seen), held_(held) {}

  Expanded run(const api::SaleEventSpec& spec) {
    for (const api::TargetSpec& one : spec.capacity.targets) {
      if (one.ref) taken_.insert(served(workload_of(*one.ref, ns_)));
    }
    for (const api::TargetSpec& one : spec.capacity.targets) {
      if (one.ref) {
        out_.targets.push_back(one);
      } else {
        add_selected(one);
      }
    }
    return std::move(out_);
  }

 private:
  /// Where a Canary names it, what it makes of it is the same target.
  ObjectRef served(const ObjectRef& asked) const {
    return serving(seen_, resolved(seen_, asked).value_or(asked));
  }

  void add_selected(const api::TargetSpec& target) {
    std::vector<ObjectRef> found;  // as asked for
    bool more = false, known = true;
    for (const Selection& one : selections_of(target, ns_)) {
      const auto looked = seen_.selected.find(one);
      const auto* is =
          looked == seen_.selected.end() ? nullptr : std::get_if<Selected>(&looked->second);
      known = known && is != nullptr;
      if (is == nullptr) continue;
      for (const std::string& name : is->names) found.push_back({one.group, one.kind, ns_, name});
      if (is->more) add_held(target, one, *is, found);
      more = more || is->more;
    }
    if (!known) out_.unread.push_back(target.name);
    // Those that are held go on, whatever else appears.
    std::stable_partition(found.begin(), found.end(), [&](const ObjectRef& one) {
      return held_.contains(name_of_selected(target.name, one));
    });
    add_found(target, found, more);
    if (known && found.empty())
      warn(target, "NothingSelected", "its selector matches nothing: check its labels and kinds");
  }

  /// Of more than are looked at, those that are held and not among them may still be selected.
  void add_held(const api::TargetSpec& target,
                const Selection& selection,
                const Selected& looked,
                std::vector<ObjectRef>& found) const {
    const std::string prefix =
        name_of_selected(target.name, {selection.group, selection.kind, ns_, ""});
    for (auto one = held_.lower_bound(prefix); one != held_.end() && one->starts_with(prefix);
         ++one) {
      const std::string name = one->substr(prefix.size());
      if (!std::binary_search(looked.names.begin(), looked.names.end(), name))
        found.push_back({selection.group, selection.kind, ns_, name});
    }
  }

  void add_found(const api::TargetSpec& target, const std::vector<ObjectRef>& found, bool more) {
    std::size_t added = 0;
    for (const ObjectRef& one : found) {
      if (taken_.contains(served(one))) continue;
      if (added >= kSelected || out_.targets.size() >= bounds::kTargets) {
        more = true;
        break;
      }
      taken_.insert(served(one));
      api::TargetSpec made = target;
      made.name = name_of_selected(target.name, one);
      made.ref = ref_of(one);
      made.selector = {};
      out_.targets.push_back(std::move(made));
      ++added;
    }
    if (!more) return;
    warn(target,
         "TooManySelected",
         "its selector matches more than the " + std::to_string(added) +
             " workloads that are raised: narrow it, or write a SaleEvent for each part");
  }

  void warn(const api::TargetSpec& target, const char* code, std::string text) {
    out_.warnings.push_back({code, target.name + ": " + std::move(text)});
  }

  const std::string& ns_;
  const Observation& seen_;
  const std::set<std::string>& held_;
  std::set<ObjectRef> taken_;
  Expanded out_;
};

}  // namespace

std::string selector_text(const api::LabelSelector& selector) {
  std::vector<std::string> all;
  for (const auto& [key, value] : selector.match_labels) all.push_back(key + "=" + value);
  for (const api::LabelRequirement& one : selector.match_expressions)
    all.push_back(in_a_query(one));
  std::sort(all.begin(), all.end());
  return joined(all);
}

bool selects(const api::LabelSelector& selector, const Labels& labels) {
  const auto label = [&labels](const std::string& key) -> std::optional<std::string> {
    const auto found = labels.find(key);
    return found == labels.end() ? std::nullopt : std::optional(found->second);
  };
  const auto& equal = selector.match_labels;
  const auto& others = selector.match_expressions;
  return std::all_of(equal.begin(),
                     equal.end(),
                     [&](const auto& one) { return label(one.first) == one.second; }) &&
         std::all_of(others.begin(), others.end(), [&](const api::LabelRequirement& one) {
           return holds(one, label(one.key));
         });
}

Labels labels_at(const JsonView& value, std::string_view pointer) {
  Labels out;
  const auto labels = value.at(pointer);
  if (!labels.ok()) return out;
  for (const auto& [key, text] : labels->members()) out.emplace(key, text.string().value_or(""));
  return out;
}

Labels labels_of(const JsonView& object) { return labels_at(object, "/metadata/labels"); }

api::LabelSelector selector_of(const JsonView& selector) {
  api::LabelSelector out;
  out.match_labels = labels_at(selector, "/matchLabels");
  for (const JsonView& one : elements_of(selector, "matchExpressions")) {
    const std::string op = text_of(one, "operator");
    out.match_expressions.push_back({.key = text_of(one, "key"),
                                     .op = op == "In"       ? api::LabelOperator::In
                                           : op == "NotIn"  ? api::LabelOperator::NotIn
                                           : op == "Exists" ? api::LabelOperator::Exists
                                                            : api::LabelOperator::DoesNotExist,
                                     .values = texts_of(one, "values")});
  }
  return out;
}

std::map<Selection, SelectedFact> found_among(const api::SaleEventSpec& spec,
                                              const std::string& ns,
                                              const std::vector<Labelled>& objects) {
  std::map<Selection, SelectedFact> out;
  for (const api::TargetSpec& target : spec.capacity.targets) {
    for (const Selection& selection : selections_of(target, ns)) {
      Selected found;
      for (const Labelled& one : objects) {
        if (one.kind != selection.kind || !selects(target.selector, one.labels)) continue;
        found.more = found.more || found.names.size() >= kSelected;
        if (!found.more) found.names.push_back(one.name);
      }
      std::sort(found.names.begin(), found.names.end());
      out[selection] = std::move(found);
    }
  }
  return out;
}

std::vector<Selection> selections_of(const api::TargetSpec& target, const std::string& ns) {
  std::vector<Selection> out;
  if (target.ref) return out;
  const std::string text = selector_text(target.selector);
  const std::vector<std::string> usual{"Deployment", "StatefulSet"};
  for (const std::string& kind : target.kinds.empty() ? usual : target.kinds)
    out.push_back({.group = group_of_kind(kind), .kind = kind, .ns = ns, .labels = text});
  return out;
}

std::string name_of_selected(const std::string& target, const ObjectRef& workload) {
  return target + "/" + lower(workload.kind) + "/" + workload.name;
}

bool is_out_of_sight(const std::vector<std::string>& unread, const std::string& name) {
  return std::find(unread.begin(), unread.end(), selecting_target(name)) != unread.end();
}

std::string selecting_target(const std::string& name) { return name.substr(0, name.find('/')); }

Expanded expand(const api::SaleEventSpec& spec,
                const std::string& ns,
                const Observation& seen,
                const std::set<std::string>& held) {
  return Expanding(ns, seen, held).run(spec);
}

}  // namespace doorbuster::planner
