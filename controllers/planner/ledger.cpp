#include "controllers/planner/ledger.h"

#include "operator/base/bounds.h"
#include "operator/base/content_hash.h"
#include "operator/base/json_read.h"

#include <array>
#include <utility>
#include <vector>

namespace doorbuster::planner {
namespace {

/// The form of the annotation: the lowest that has words for it. A higher number than the newest
/// was written by a newer Doorbuster. 2: a field may say that it is its kind's replicas.
constexpr std::int64_t kNewestForm = 2;

std::int64_t form_of(const Ledger& ledger) {
  for (const auto& [path, held] : ledger.fields) {
    if (held.replicas) return 2;
  }
  return 1;
}

constexpr std::array kOps{
    Ask::Op::Set, Ask::Op::Multiply, Ask::Op::Add, Ask::Op::Max, Ask::Op::Min};
constexpr std::array kRanks{
    Rank::Event, Rank::Rollout, Rank::Degrade, Rank::Person, Rank::Rollback};

template <class Enum, std::size_t N>
std::optional<Enum> named(const std::array<Enum, N>& all, std::string_view name) {
  for (const Enum one : all) {
    if (name == to_string(one)) return one;
  }
  return std::nullopt;
}

Json holder_json(const Holder& holder, const Ask& ask) {
  JsonObject out;
  out.add("event", holder.event).add("uid", holder.uid).add("install", holder.install);
  out.add("feature", holder.feature).add("name", holder.name).add("op", to_string(ask.op));
  out.add("operand", ask.operand);
  if (ask.rank != Rank::Event) out.add("rank", to_string(ask.rank));
  if (ask.priority != 0) out.add("priority", std::int64_t{ask.priority});
  return out.build();
}

/// "absentAt" stands where a baseline would: absence is a baseline too.
Json entry_json(const FieldPath& path, const HeldField& held) {
  JsonObject out;
  out.add("path", path.pointer);
  if (!path.inside.empty()) out.add("inside", path.inside);
  if (held.baseline) {
    out.add("baseline", *held.baseline);
  } else {
    out.add("absentAt", held.absent_at);
  }
  if (held.requested) out.add("requested", *held.requested);
  if (held.applied) out.add("applied", *held.applied);
  if (held.first) out.add("first", *held.first);
  if (held.replicas) out.add("replicas", true);
  std::vector<Json> holders;
  for (const auto& [holder, ask] : held.holders) holders.push_back(holder_json(holder, ask));
  out.add("holders", json_array(holders));
  return out.build();
}

Value value_of(const JsonView& object, std::string_view name) {
  const auto member = object.member(name);
  if (!member) return std::nullopt;
  return Json{std::string(member->text())};
}

bool read_holder(const JsonView& view, HeldField& held) {
  if (view.type() != JsonType::Object) return false;
  Holder holder{.event = text_of(view, "event"),
                .uid = text_of(view, "uid"),
                .install = text_of(view, "install"),
                .feature = text_of(view, "feature"),
                .name = text_of(view, "name")};
  const auto op = named(kOps, text_of(view, "op"));
  const Value operand = value_of(view, "operand");
  if (holder.event.empty() || holder.uid.empty() || holder.feature.empty() || !op || !operand)
    return false;
  Ask ask{.op = *op, .operand = *operand};
  if (const auto rank = view.member("rank")) {
    const auto read = named(kRanks, rank->string().value_or(""));
    if (!read) return false;
    ask.rank = *read;
  }
  if (const auto priority = view.member("priority")) {
    const auto read = priority->integer();
    if (!read || *read < -1'000'000 || *read > 1'000'000) return false;
    ask.priority = static_cast<int>(*read);
  }
  return held.holders.emplace(std::move(holder), std::move(ask)).second;
}

std::optional<std::pair<FieldPath, HeldField>> entry_of(const JsonView& view) {
  if (view.type() != JsonType::Object) return std::nullopt;
  FieldPath path{.pointer = text_of(view, "path"), .inside = text_of(view, "inside")};
  HeldField held;
  held.baseline = value_of(view, "baseline");
  held.absent_at = text_of(view, "absentAt");
  held.requested = value_of(view, "requested");
  held.applied = value_of(view, "applied");
  held.first = value_of(view, "first");
  if (const auto replicas = view.member("replicas"))
    held.replicas = replicas->boolean().value_or(false);
  if (path.pointer.empty() || held.baseline.has_value() == view.member("absentAt").has_value())
    return std::nullopt;
  if (!held.baseline && held.absent_at.empty()) return std::nullopt;
  const auto holders = view.member("holders");
  if (!holders || holders->type() != JsonType::Array) return std::nullopt;
  for (const JsonView& one : holders->elements()) {
    if (held.holders.size() >= bounds::kHoldersPerField || !read_holder(one, held))
      return std::nullopt;
  }
  return std::pair{std::move(path), std::move(held)};
}

/// The annotation without its checksum; the checksum is over exactly this text.
std::string body_of(const Ledger& ledger) {
  std::vector<Json> fields;
  for (const auto& [path, held] : ledger.fields) fields.push_back(entry_json(path, held));
  JsonObject out;
  out.add("v", form_of(ledger))
      .add("uid", ledger.uid)
      .add("serial", ledger.serial)
      .add("fields", json_array(fields));
  return out.build().text;
}

/// The checksum of an annotation that stands as we wrote it; empty for one in another spelling.
std::string sum_of_text(std::string_view annotation) {
  const std::size_t end = annotation.rfind(",\"sum\":\"");
  if (end == std::string_view::npos) return {};
  return content_hash(std::string(annotation.substr(0, end)) + "}");
}

Ledger corrupt(std::string why) {
  return Ledger{
      .state = Ledger::State::Corrupt, .uid = {}, .serial = 0, .fields = {}, .why = std::move(why)};
}

}  // namespace

const char* to_string(Ask::Op op) {
  switch (op) {
    case Ask::Op::Set:
      return "Set";
    case Ask::Op::Multiply:
      return "Multiply";
    case Ask::Op::Add:
      return "Add";
    case Ask::Op::Max:
      return "Max";
    case Ask::Op::Min:
      return "Min";
  }
  return "Set";
}

const char* to_string(Rank rank) {
  switch (rank) {
    case Rank::Event:
      return "Event";
    case Rank::Rollout:
      return "Rollout";
    case Rank::Degrade:
      return "Degrade";
    case Rank::Person:
      return "Person";
    case Rank::Rollback:
      return "Rollback";
  }
  return "Event";
}

const char* to_string(Ledger::State state) {
  switch (state) {
    case Ledger::State::None:
      return "None";
    case Ledger::State::Good:
      return "Good";
    case Ledger::State::Stripped:
      return "Stripped";
    case Ledger::State::Stale:
      return "Stale";
    case Ledger::State::Foreign:
      return "Foreign";
    case Ledger::State::Corrupt:
      return "Corrupt";
    case Ledger::State::Newer:
      return "Newer";
  }
  return "None";
}

bool HeldField::is_ours(const Value& live) const {
  return (requested && equal_values(live, requested)) || (applied && equal_values(live, applied));
}

std::string write_ledger(const Ledger& ledger) {
  const std::string body = body_of(ledger);
  // The sum goes last, so that what it covers is the text before it.
  return body.substr(0, body.size() - 1) + ",\"sum\":\"" + content_hash(body) + "\"}";
}

Ledger read_ledger(const std::string* annotation) {
  if (annotation == nullptr) return {};
  if (annotation->size() > bounds::kAnnotationBytes)
    return corrupt("the annotation is longer than we ever write");
  const auto view = JsonView::parse(*annotation);
  if (!view || view->type() != JsonType::Object) return corrupt("the annotation is not JSON");
  const auto form = view->member("v");
  const auto number = form ? form->integer() : std::nullopt;
  if (!number || *number < 1) return corrupt("the annotation does not say its form");
  if (*number > kNewestForm) {
    return Ledger{.state = Ledger::State::Newer,
                  .uid = {},
                  .serial = 0,
                  .fields = {},
                  .why = "written by a newer Doorbuster"};
  }
  Ledger out{.state = Ledger::State::Good,
             .uid = text_of(*view, "uid"),
             .serial = 0,
             .fields = {},
             .why = {}};
  const auto serial = view->member("serial");
  const auto fields = view->member("fields");
  if (!serial || !serial->integer() || !fields || fields->type() != JsonType::Array ||
      out.uid.empty()) {
    return corrupt("the annotation lacks its uid, serial or fields");
  }
  out.serial = *serial->integer();
  for (const JsonView& one : fields->elements()) {
    auto entry = entry_of(one);
    if (!entry || out.fields.size() >= bounds::kFieldsPerObject)
      return corrupt("a field of the annotation cannot be read");
    if (!out.fields.insert(std::move(*entry)).second)
      return corrupt("the annotation names a field twice");
  }
  const std::string sum = text_of(*view, "sum");
  const bool whole = sum == sum_of_text(*annotation) || sum == content_hash(body_of(out));
  if (!whole || *number != form_of(out))
    return corrupt("the annotation was edited: its checksum is wrong");
  return out;
}

std::string write_entry(const FieldPath& path, const HeldField& held) {
  return entry_json(path, held).text;
}

Result<std::pair<FieldPath, HeldField>> read_entry(const std::string& text) {
  const auto view = JsonView::parse(text);
  if (view) {
    if (auto entry = entry_of(*view)) return std::move(*entry);
  }
  return Error{.kind = ErrorKind::Invalid, .message = "not a copy of a held field"};
}

bool adopt(Ledger& ledger, const Who& who) {
  bool adopted = false;
  if (!who.exists) return adopted;
  for (auto& [path, held] : ledger.fields) {
    std::map<Holder, Ask> left;
    for (auto it = held.holders.begin(); it != held.holders.end();) {
      const Holder& holder = it->first;
      const bool dead =
          holder.event == who.event && holder.install == who.install && holder.uid != who.uid;
      if (dead) {
        left.insert(*it);
        it = held.holders.erase(it);
      } else {
        ++it;
      }
    }
    adopted = adopted || !left.empty();
    for (const auto& [holder, ask] : left) {
      Holder own = holder;
      own.uid = who.uid;
      held.holders.emplace(std::move(own), ask);
    }
  }
  return adopted;
}

Ledger assess(const Present& object, const Ledger& witness) {
  Ledger seen = object.object->record();
  const bool known =
      witness.state != Ledger::State::None && witness.uid == object.uid && !witness.fields.empty();
  if (seen.state == Ledger::State::None && known) {
    seen = witness;
    seen.state = Ledger::State::Stripped;
    seen.why = "the annotation is gone";
  } else if (seen.state == Ledger::State::Good && seen.uid != object.uid) {
    seen.state = Ledger::State::Foreign;
    seen.why = "the annotation was copied from another object";
  } else if (seen.state == Ledger::State::Good && witness.uid == object.uid &&
             seen.serial < witness.serial) {
    seen.state = Ledger::State::Stale;
    seen.why = "the annotation is older than what was written last";
  }
  return seen;
}

bool is_gitops(std::string_view manager) {
  // Argo CD: argocd-controller (server-side), argocd-application-controller (client-side); Flux:
  // kustomize-controller, helm-controller; Helm itself names its manager "helm".
  for (const std::string_view known :
       {"argocd", "kustomize-controller", "helm", "fluxcd", "gitops"}) {
    if (manager.starts_with(known)) return true;
  }
  return false;
}

}  // namespace doorbuster::planner
