// Made by hack/generate from crds/doorbuster.dev_saleschedules.yaml; do not edit.
#include "crds/binding.h"
#include "crds/sale_schedule.h"

namespace doorbuster::api {

static void bind(const Node& node, OnNotReady& out) {
  if (node.text == "Block") out = OnNotReady::Block;
  if (node.text == "Warn") out = OnNotReady::Warn;
  if (node.text == "Proceed") out = OnNotReady::Proceed;
}

static void bind(const Node& node, DeletionPolicy& out) {
  if (node.text == "Ramp") out = DeletionPolicy::Ramp;
  if (node.text == "Immediate") out = DeletionPolicy::Immediate;
  if (node.text == "Orphan") out = DeletionPolicy::Orphan;
}

static void bind(const Node& node, Mode& out) {
  if (node.text == "Live") out = Mode::Live;
  if (node.text == "DryRun") out = Mode::DryRun;
}

const char* to_string(Concurrency value) {
  switch (value) {
    case Concurrency::Allow:
      return "Allow";
    case Concurrency::Forbid:
      return "Forbid";
    case Concurrency::Replace:
      return "Replace";
  }
  return "Allow";
}

static void bind(const Node& node, Concurrency& out) {
  if (node.text == "Allow") out = Concurrency::Allow;
  if (node.text == "Forbid") out = Concurrency::Forbid;
  if (node.text == "Replace") out = Concurrency::Replace;
}

void bind(const Node& node, ScheduleHistory& out) {
  bind_member(node, "completed", out.completed);
  bind_member(node, "failed", out.failed);
}

Json to_json(const ScheduleHistory& in) {
  JsonObject json;
  write(json, "completed", in.completed);
  write(json, "failed", in.failed);
  return json.build();
}

void bind(const Node& node, SaleTemplateWindow& out) {
  bind_member(node, "prepare", out.prepare);
  bind_member(node, "cooldown", out.cooldown);
  bind_member(node, "onNotReady", out.on_not_ready);
}

Json to_json(const SaleTemplateWindow& in) {
  JsonObject json;
  write(json, "prepare", in.prepare);
  write(json, "cooldown", in.cooldown);
  write(json, "onNotReady", in.on_not_ready);
  return json.build();
}

void bind(const Node& node, SaleTemplateSpec& out) {
  bind_member(node, "window", out.window);
  bind_member(node, "serviceAccountName", out.service_account_name);
  bind_member(node, "freeze", out.freeze);
  bind_member(node, "deletionPolicy", out.deletion_policy);
  bind_member(node, "suspend", out.suspend);
  bind_member(node, "mode", out.mode);
  bind_member(node, "capacity", out.capacity);
  bind_member(node, "holds", out.holds);
  bind_member(node, "checks", out.checks);
  bind_member(node, "gates", out.gates);
  bind_member(node, "maxConcurrentRollouts", out.max_concurrent_rollouts);
  bind_member(node, "rollouts", out.rollouts);
}

Json to_json(const SaleTemplateSpec& in) {
  JsonObject json;
  write(json, "window", in.window);
  write(json, "serviceAccountName", in.service_account_name);
  write(json, "freeze", in.freeze);
  write(json, "deletionPolicy", in.deletion_policy);
  write(json, "suspend", in.suspend);
  write(json, "mode", in.mode);
  write(json, "capacity", in.capacity);
  write_unless_empty(json, "holds", in.holds);
  write_unless_empty(json, "checks", in.checks);
  write_unless_empty(json, "gates", in.gates);
  write(json, "maxConcurrentRollouts", in.max_concurrent_rollouts);
  write_unless_empty(json, "rollouts", in.rollouts);
  return json.build();
}

void bind(const Node& node, SaleTemplate& out) { bind_member(node, "spec", out.spec); }

Json to_json(const SaleTemplate& in) {
  JsonObject json;
  write(json, "spec", in.spec);
  return json.build();
}

void bind(const Node& node, SaleScheduleSpec& out) {
  bind_member(node, "schedule", out.schedule);
  bind_member(node, "timeZone", out.time_zone);
  bind_member(node, "duration", out.duration);
  bind_member(node, "also", out.also);
  bind_member(node, "except", out.except);
  bind_member(node, "createAhead", out.create_ahead);
  bind_member(node, "concurrency", out.concurrency);
  bind_member(node, "suspend", out.suspend);
  bind_member(node, "history", out.history);
  bind_member(node, "template", out.template_);
}

Json to_json(const SaleScheduleSpec& in) {
  JsonObject json;
  write(json, "schedule", in.schedule);
  write(json, "timeZone", in.time_zone);
  write(json, "duration", in.duration);
  write_unless_empty(json, "also", in.also);
  write_unless_empty(json, "except", in.except);
  write(json, "createAhead", in.create_ahead);
  write(json, "concurrency", in.concurrency);
  write(json, "suspend", in.suspend);
  write(json, "history", in.history);
  write(json, "template", in.template_);
  return json.build();
}

void bind(const Node& node, OccurrenceStatus& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "start", out.start);
  bind_member(node, "state", out.state);
  bind_member(node, "message", out.message);
}

Json to_json(const OccurrenceStatus& in) {
  JsonObject json;
  write(json, "name", in.name);
  write(json, "start", in.start);
  write(json, "state", in.state);
  write_unless_empty(json, "message", in.message);
  return json.build();
}

void bind(const Node& node, LastTarget& out) {
  bind_member(node, "name", out.name);
  bind_member(node, "object", out.object);
  bind_member(node, "lastRun", out.last_run);
}

Json to_json(const LastTarget& in) {
  JsonObject json;
  write(json, "name", in.name);
  write_unless_empty(json, "object", in.object);
  write_unless_empty(json, "lastRun", in.last_run);
  return json.build();
}

void bind(const Node& node, LastOccurrence& out) {
  bind_member(node, "event", out.event);
  bind_member(node, "start", out.start);
  bind_member(node, "targets", out.targets);
}

Json to_json(const LastOccurrence& in) {
  JsonObject json;
  write_unless_empty(json, "event", in.event);
  write(json, "start", in.start);
  write_unless_empty(json, "targets", in.targets);
  return json.build();
}

void bind(const Node& node, SaleScheduleStatus& out) {
  bind_member(node, "observedGeneration", out.observed_generation);
  bind_member(node, "acceptedAt", out.accepted_at);
  bind_member(node, "message", out.message);
  bind_member(node, "install", out.install);
  bind_member(node, "next", out.next);
  bind_member(node, "nextDue", out.next_due);
  bind_member(node, "last", out.last);
  bind_member(node, "active", out.active);
  bind_member(node, "tzdata", out.tzdata);
  bind_member(node, "occurrences", out.occurrences);
  bind_member(node, "lastRun", out.last_run);
  bind_member(node, "conditions", out.conditions);
}

Json to_json(const SaleScheduleStatus& in) {
  JsonObject json;
  write(json, "observedGeneration", in.observed_generation);
  write(json, "acceptedAt", in.accepted_at);
  write_unless_empty(json, "message", in.message);
  write_unless_empty(json, "install", in.install);
  write(json, "next", in.next);
  write(json, "nextDue", in.next_due);
  write(json, "last", in.last);
  write(json, "active", in.active);
  write_unless_empty(json, "tzdata", in.tzdata);
  write_unless_empty(json, "occurrences", in.occurrences);
  write_unless_empty(json, "lastRun", in.last_run);
  write_unless_empty(json, "conditions", in.conditions);
  return json.build();
}

void fill(SaleEventSpec& out, const SaleTemplateSpec& in) {
  out.window.prepare = in.window.prepare;
  out.window.cooldown = in.window.cooldown;
  out.window.on_not_ready = in.window.on_not_ready;
  out.service_account_name = in.service_account_name;
  out.freeze = in.freeze;
  out.deletion_policy = in.deletion_policy;
  out.suspend = in.suspend;
  out.mode = in.mode;
  out.capacity = in.capacity;
  out.holds = in.holds;
  out.checks = in.checks;
  out.gates = in.gates;
  out.max_concurrent_rollouts = in.max_concurrent_rollouts;
  out.rollouts = in.rollouts;
}

}  // namespace doorbuster::api
