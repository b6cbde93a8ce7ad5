#include "controllers/planner/settle.h"
#include "crds/fields.h"

#include <tuple>

namespace doorbuster::planner {
namespace {

using products::Law;

/// What one holder makes of the baseline.
Result<Json> asked(const Value& baseline, const Ask& ask) {
  if (ask.op == Ask::Op::Set) return ask.operand;
  if (!baseline) {
    if (ask.op == Ask::Op::Max || ask.op == Ask::Op::Min) return ask.operand;
    return Error{.kind = ErrorKind::Invalid,
                 .message = "the field is absent: there is nothing to multiply or add to"};
  }
  switch (ask.op) {
    case Ask::Op::Set:
      return ask.operand;
    case Ask::Op::Multiply:
      return api::multiplied(*baseline, ask.operand);
    case Ask::Op::Add:
      return api::added(*baseline, ask.operand);
    case Ask::Op::Max:
      return api::larger(*baseline, ask.operand);
    case Ask::Op::Min:
      return api::smaller(*baseline, ask.operand);
  }
  return ask.operand;
}

/// Does `a` win over `b` where only one can have its way? Rank, priority, then the alphabet.
bool wins(const std::pair<const Holder, Ask>& a, const std::pair<const Holder, Ask>& b) {
  if (a.second.rank != b.second.rank) return a.second.rank > b.second.rank;
  if (a.second.priority != b.second.priority) return a.second.priority > b.second.priority;
  return a.first < b.first;
}

}  // namespace

Result<Value> effective(Law law, const Value& baseline, const std::map<Holder, Ask>& holders) {
  if (holders.empty()) return baseline;
  if (law == Law::Pick) {
    auto best = holders.begin();
    for (auto it = holders.begin(); it != holders.end(); ++it) {
      if (wins(*it, *best)) best = it;
    }
    const auto value = asked(baseline, best->second);
    if (!value) return value.error();
    return Value(*value);
  }
  Value out = baseline;
  for (const auto& [holder, ask] : holders) {
    const auto value = asked(baseline, ask);
    if (!value) return value.error();
    const auto next =
        !out ? Result<Json>(*value)
             : (law == Law::Highest ? api::larger(*out, *value) : api::smaller(*out, *value));
    if (!next) return next.error();
    out = *next;
  }
  return out;
}

}  // namespace doorbuster::planner
