#include "controllers/planner/headroom.h"

#include "controllers/planner/arithmetic.h"
#include "controllers/planner/buffer.h"
#include "controllers/planner/child_draft.h"
#include "controllers/planner/pending.h"
#include "controllers/planner/placeholder.h"
#include "controllers/planner/raising.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace doorbuster::planner {
namespace {

struct RoomDraft : ChildDraft<api::HeadroomStatus> {
  std::vector<Item> buffer = {};  ///< about the CapacityBuffer; `items`: about the placeholders
};

bool stands(const RoomDraft& room, const char* feature) {
  return room.view.children.contains({feature, room.row.target});
}

void release_buffer(RoomDraft& room, std::string why) {
  if (stands(room, kHeadroomBuffer))
    room.buffer.emplace_back(
        Release{.name = room.row.target, .only = {}, .reason = {"RoomReleased", std::move(why)}});
}

/// The most that was ever asked for is what was given up and what is asked for now.
void ask_for(RoomDraft& room, std::int64_t asked) {
  std::int64_t most = asked;
  if (room.before != nullptr)
    most = std::max(most, room.before->asked.value_or(0) + room.before->released.value_or(0));
  room.row.asked = asked;
  room.row.released = most - asked;
}

void release(RoomDraft& room, std::string why) {
  ask_for(room, 0);
  release_buffer(room, why);
  release_child(room, {"RoomReleased", std::move(why)});
}

/// No placeholders of this target: what stands goes.
void without(RoomDraft& room, const char* state, std::string why) {
  room.row.state = state;
  room.row.message = why;
  release(room, std::move(why));
}

/// May this be done? Otherwise the row says why not.
bool allowed(RoomDraft& room, const Question& question, const std::string& who) {
  const Permission answer = permission(room, question, who);
  switch (answer.says) {
    case Answer::Says::Yes:
      return true;
    case Answer::Says::No:
      without(room, "Forbidden", answer.why);
      room.warnings.push_back({"HeadroomForbidden", room.row.target + ": " + answer.why});
      return false;
    case Answer::Says::Unknown:
      if (!answer.why.empty()) keep_child(room, answer.why);
      return false;
  }
  return false;
}

/// Is there a workload that will be raised? Otherwise the row says why there is no room to be made.
bool will_be_raised(RoomDraft& room, const InCharge& charge) {
  const auto not_so = not_raised(room.spec, charge);
  if (!not_so) return true;
  if (std::string_view(not_so->state).empty())
    keep_child(room, not_so->why);
  else
    without(room, not_so->state, not_so->why);
  return false;
}

/// The full floor at the start, and what of it does not exist yet. Pods count from the moment that
/// they exist: one that waits for a node takes a placeholder's, and both together never ask for
/// more nodes than the floor needs.
struct Lack {
  std::int64_t floor = 0, missing = 0;
};
Lack lack_of(const RoomDraft& room, const InCharge& charge) {
  const TargetDraft draft = draft_of(room.view, room.spec.name, &room.spec);
  const NeedBasis basis = basis_for_run(room.view, draft, charge, floor_of(room.view, charge));
  const Need need = need_of(room.spec, basis, room.view.window);
  const std::int64_t existing =
      charge.seen->object->integer(charge.kind.status_replicas_path).value_or(0);
  const std::int64_t floor = need.floor_at(room.view.window.start);
  return {floor, std::max<std::int64_t>(0, floor - existing)};
}

/// Once all of it existed it is over, though a pod may go and come again.
bool was_released(const RoomDraft& room, std::int64_t floor) {
  return room.before != nullptr && room.before->state == "Released" &&
         floor <= room.before->floor.value_or(0);
}

/// How many run, and what the others wait for.
void report_placed(RoomDraft& room, const ObjectRef& object, const Present* child) {
  const std::int64_t asked = room.row.asked.value_or(0);
  room.row.placed = 0;
  if (child != nullptr) {
    const auto count = [child](const char* pointer) {
      return child->object->integer(pointer).value_or(0);
    };
    room.row.placed = std::min(asked, count("/status/readyReplicas"));
    const auto pods = room.view.seen.pods.find(object);
    room.row.message =
        in_words(pending_of(*child->object,
                            count("/spec/replicas"),
                            count("/status/replicas"),
                            pods == room.view.seen.pods.end() ? nullptr : &pods->second));
  }
  const bool all = *room.row.placed >= asked;
  room.row.state = all ? "Placed" : "Placing";
  if (all) room.row.message.clear();
}

/// A child that is wanted, and what is seen of it; false: the row says why there is nothing to say
/// of it.
struct Asked {
  ChildWant want;
  const char* feature;
  std::string maker;  ///< the account that must be allowed to create it; empty: the operator
};
bool settle_asked(RoomDraft& room, const Asked& asked, const Present*& seen) {
  const View& view = room.view;
  const ObjectRef& object = asked.want.object;
  const Holder parent = parent_in(view.event, view.setup, asked.feature, room.spec.name);
  const ChildVerdict verdict = settle_child(view.seen, asked.want, parent);
  switch (verdict.there) {
    case ChildVerdict::There::Taken:
      room.row.state = "Refused";
      room.row.message = to_text(object) + " is somebody else's";
      return false;
    case ChildVerdict::There::Unknown:
      keep_child(room, to_text(object) + " is not read yet");
      return false;
    case ChildVerdict::There::Forbidden:
      without(room, "Forbidden", "the operator may not read " + to_text(object));
      return false;
    case ChildVerdict::There::No:
      if (!allowed(room, access_question(object, "create", asked.maker), "the operator"))
        return false;
      break;
    case ChildVerdict::There::Ours:
    case ChildVerdict::There::Going:
      break;
  }
  room.row.object = to_text(object);
  seen = verdict.seen;
  return true;
}

/// Placeholder pods; nothing else stands for the room.
void ask_for_placeholders(RoomDraft& room, const InCharge& charge, std::int64_t count) {
  const View& view = room.view;
  const ObjectRef object = placeholders_ref(view.event, view.setup, room.spec.name);
  auto manifest =
      placeholders_for(*charge.seen->object, object.name, view.setup.placeholder_image, count);
  if (!manifest)
    return without(room, "Refused", to_text(charge.workload) + " has no pod template to go by");
  Asked asked{
      .want = {.object = object,
               .api_version = "apps/v1",
               .name = room.spec.name,
               .manifest = std::move(*manifest),
               .compared = {"/spec/replicas"},
               .replaced = {"/spec/template"},
               .reason = {"RoomAsked",
                          room.spec.name + ": " + std::to_string(count) + " placeholder pods"}},
      .feature = kHeadroom,
      .maker = ""};
  const Present* child = nullptr;
  if (!settle_asked(room, asked, child)) return;
  ask_for(room, count);
  report_placed(room, object, child);
  room.items.emplace_back(std::move(asked.want));
}

/// Is the room asked for by a CapacityBuffer? Wherever one cannot be had, or nobody is seen to act
/// on it, placeholders make the room: a sale is never without it.
constexpr const char* kInstead = ": placeholder pods stand instead";
struct BufferChoice {
  std::string api_version;  ///< empty: none
  std::string why;          ///< for people; empty where nobody would expect one
  bool open = false;        ///< a question is to be answered first
};
BufferChoice no_buffer(std::string why) {
  if (!why.empty()) why += kInstead;
  return {.api_version = {}, .why = std::move(why)};
}

/// Of one that stands: does anybody act on it?
BufferChoice judge_buffer(RoomDraft& room, const Document& buffer, const std::string& served) {
  const BufferAnswer answer = answer_of(buffer);
  const Instant until = patience_ends(buffer);
  if (!answer.acted_on) room.wake = sooner(room.wake, until);
  if (answer.acted_on || room.view.now < until) return {.api_version = served, .why = {}};
  return no_buffer("nothing acts on CapacityBuffers" +
                   (answer.message.empty() ? "" : " (" + answer.message + ")"));
}

BufferChoice choose_buffer(RoomDraft& room, const ObjectRef& object) {
  const View& view = room.view;
  const auto served = served_buffers(view.seen);
  if (!served || stands(room, kHeadroom)) {
    const bool told = room.before != nullptr && room.before->message.ends_with(kInstead);
    return {.api_version = {}, .why = told ? room.before->message : ""};
  }
  const auto fact = view.seen.objects.find(object);
  if (fact != view.seen.objects.end() && std::holds_alternative<Forbidden>(fact->second))
    return no_buffer("the operator may not read " + to_text(object));
  if (const Present* here = present(view.seen, object); here != nullptr && !here->deleting) {
    if (!stands(room, kHeadroomBuffer)) return no_buffer(to_text(object) + " is somebody else's");
    return judge_buffer(room, *here->object, *served);
  }
  // Also where it could not be created until now, whatever refused it.
  if (view.now + kBufferPatience > view.window.prepare)
    return no_buffer("too late to see whether anything acts on a CapacityBuffer");
  room.wake = sooner(room.wake, view.window.prepare - kBufferPatience + Duration(1));
  const std::string& account = view.spec.service_account_name;
  const Permission may =
      permission(room, access_question(object, "create", account), "service account " + account);
  if (may.says == Answer::Says::Yes) return {.api_version = *served, .why = {}};
  if (may.says == Answer::Says::Unknown && may.why.empty())
    return {.api_version = {}, .why = {}, .open = true};
  return no_buffer(may.why);
}

/// The buffer and what is said of it.
void ask_for_buffer(RoomDraft& room,
                    const InCharge& charge,
                    const BufferChoice& choice,
                    std::int64_t count) {
  const View& view = room.view;
  const ObjectRef object = buffer_ref(view.event, view.setup, room.spec.name);
  room.row.state = "Placing";
  if (!view.seen.objects.contains(object)) {
    // That the row names it is what makes it looked at.
    room.row.object = to_text(object);
    room.wake = sooner(room.wake, view.now + kReadChildAgain);
    return ask_for(room, count);
  }
  Asked asked{
      .want = {.object = object,
               .api_version = choice.api_version,
               .name = room.spec.name,
               .manifest = buffer_for(charge.workload, count),
               .compared = {"/spec/replicas"},
               .replaced = {"/spec/scalableRef"},
               .reason = {"RoomAsked",
                          room.spec.name + ": a buffer for " + std::to_string(count) + " pods"}},
      .feature = kHeadroomBuffer,
      .maker = view.spec.service_account_name};
  const Present* child = nullptr;
  if (!settle_asked(room, asked, child)) return;
  ask_for(room, count);
  const BufferAnswer answer = child == nullptr ? BufferAnswer{} : answer_of(*child->object);
  room.row.placed = std::min(count, answer.room);
  room.row.state = *room.row.placed >= count ? "Placed" : "Placing";
  if (*room.row.placed < count) room.row.message = answer.message;
  room.buffer.emplace_back(std::move(asked.want));
}

/// By whichever of the two makes it.
void ask_for_room(RoomDraft& room, const InCharge& charge, std::int64_t count) {
  const ObjectRef object = buffer_ref(room.view.event, room.view.setup, room.spec.name);
  const BufferChoice choice = choose_buffer(room, object);
  if (choice.open) return;
  if (!choice.api_version.empty()) return ask_for_buffer(room, charge, choice, count);
  ask_for_placeholders(room, charge, count);
  if (room.row.message.empty()) room.row.message = choice.why;
  release_buffer(room, "placeholder pods stand instead");
}

/// Between `lead` before the preparation and the start.
void make_room(RoomDraft& room) {
  const View& view = room.view;
  room.wake = sooner(room.wake, view.window.start);
  if (view.setup.ns.empty())
    return without(room, "Refused", "the operator's own namespace is not known");
  if (view.seen.namespace_terminating)
    return without(room, "NotNeeded", "the namespace is being deleted");
  const InCharge charge = in_charge(view, *room.spec.ref);
  if (!will_be_raised(room, charge)) return;
  const std::string& account = view.spec.service_account_name;
  if (!allowed(
          room, access_question(charge.object, "patch", account), "service account " + account))
    return;
  const Lack lack = lack_of(room, charge);
  room.row.floor = lack.floor;
  if (lack.missing == 0 || was_released(room, lack.floor)) {
    const bool never = room.before == nullptr ||
                       room.before->asked.value_or(0) + room.before->released.value_or(0) == 0;
    return without(room, never ? "NotNeeded" : "Released", never ? "all of the floor exists" : "");
  }
  const std::int64_t percent = view.spec.capacity.headroom->percent;
  const std::int64_t all = placeholders_of(lack.missing, percent);
  ask_for_room(room, charge, std::min(all, kMostPlaceholders));
  if (all > kMostPlaceholders && room.row.message.empty())
    room.row.message = "room is made ready for " + std::to_string(kMostPlaceholders) + " pods of " +
                       std::to_string(all);
}

/// The sale has begun, or the event goes: the row tells what was.
void over(RoomDraft& room, const char* why) {
  if (room.before != nullptr) room.row = *room.before;
  room.row.placed.reset();
  const bool asked = room.row.asked.value_or(0) + room.row.released.value_or(0) > 0;
  const bool open = room.row.state == "Waiting" || room.row.state == "Unknown";
  const std::string state = asked ? "Released" : open ? "NotNeeded" : room.row.state;
  without(room, state.c_str(), asked || open ? "" : room.row.message);
  for (std::vector<Item>* items : {&room.items, &room.buffer}) {
    for (Item& item : *items) {
      if (auto* one = std::get_if<Release>(&item)) one->reason.text = why;
    }
  }
}

void plan_room(RoomDraft& room) {
  const View& view = room.view;
  const Instant begin = view.window.prepare - view.spec.capacity.headroom->lead.value;
  if (view.ending != Ending::None) return over(room, why_over(view));
  if (view.now >= view.window.start) return over(room, "the sale has begun");
  if (view.now >= begin) return make_room(room);
  without(room, "Waiting", "");
  room.row.asked.reset();
  room.row.released.reset();
  room.wake = begin;
}

Reason not_asked() { return {"RoomReleased", "not asked for any more"}; }

}  // namespace

ObjectRef placeholders_ref(const Event& event, const Setup& setup, const std::string& target) {
  return {.group = "apps",
          .kind = "Deployment",
          .ns = setup.ns,
          .name = child_name(parent_in(event, setup, kHeadroom, target))};
}

ObjectRef buffer_ref(const Event& event, const Setup& setup, const std::string& target) {
  return {.group = kBufferGroup,
          .kind = kBufferKind,
          .ns = event.ref.ns,
          .name = child_name(parent_in(event, setup, kHeadroomBuffer, target))};
}

bool names_buffer(const api::HeadroomStatus& row) { return row.object.starts_with(kBufferKind); }

std::int64_t placeholders_of(std::int64_t missing, std::int64_t percent) {
  return percent_of(percent, missing);
}

HeadroomWants headroom(const View& view) {
  HeadroomWants out;
  std::set<std::string> named;
  if (view.spec.capacity.headroom) {
    const Instant begin = view.window.prepare - view.spec.capacity.headroom->lead.value;
    if (view.now < begin) out.begins = begin;
    for (const api::TargetSpec& spec : view.spec.capacity.targets) {
      named.insert(spec.name);
      RoomDraft room{draft_child(view, spec, kHeadroom, view.event.status.headroom)};
      plan_room(room);
      // As long as a buffer stands the row names it: that is what makes it looked at.
      if (stands(room, kHeadroomBuffer))
        room.row.object = to_text(buffer_ref(view.event, view.setup, spec.name));
      std::move(room.buffer.begin(), room.buffer.end(), std::back_inserter(out.buffers.items));
      collect_child(out.wants, out.rows, std::move(room));
    }
  }
  const std::vector<std::string> unread = unread_ahead(view);
  for (Wants* wants : {&out.wants, &out.buffers})
    release_unnamed(*wants, view.children, named, not_asked(), unread);
  keep_unread_rows(out.rows, view.event.status.headroom, unread);
  return out;
}

HeadroomWants headroom_without_window(const OurChildren& children) {
  HeadroomWants out;
  for (Wants* wants : {&out.wants, &out.buffers})
    release_unnamed(*wants, children, {}, not_asked());
  return out;
}

HeadroomWants headroom_at_rest(const View& view) {
  HeadroomWants out;
  out.rows = view.event.status.headroom;
  const bool begun = view.now >= view.window.start;
  for (api::HeadroomStatus& row : out.rows) {
    row.placed.reset();  // what moves by itself is not looked at now
    if (!begun) {
      row.state = "Suspended";
      continue;
    }
    row.state = "Released";
    row.message.clear();
    row.released = row.released.value_or(0) + row.asked.value_or(0);
    row.asked = 0;
  }
  for (Wants* wants : {&out.wants, &out.buffers}) {
    if (begun) release_unnamed(*wants, view.children, {}, not_asked());
  }
  if (!begun) out.wants.wake = view.window.start;
  return out;
}

}  // namespace doorbuster::planner
