// Made by hack/generate from crds/doorbuster.dev_saleactions.yaml; do not edit.
#include "crds/binding.h"
#include "crds/sale_action.h"

namespace doorbuster::api {

const char* to_string(ActionVerb value) {
  switch (value) {
    case ActionVerb::Start:
      return "Start";
    case ActionVerb::Promote:
      return "Promote";
    case ActionVerb::Pause:
      return "Pause";
    case ActionVerb::Resume:
      return "Resume";
    case ActionVerb::Retry:
      return "Retry";
    case ActionVerb::RollBack:
      return "RollBack";
    case ActionVerb::Approve:
      return "Approve";
    case ActionVerb::Reject:
      return "Reject";
    case ActionVerb::Abort:
      return "Abort";
    case ActionVerb::Extend:
      return "Extend";
    case ActionVerb::EndNow:
      return "EndNow";
    case ActionVerb::Degrade:
      return "Degrade";
    case ActionVerb::Recover:
      return "Recover";
    case ActionVerb::Restore:
      return "Restore";
    case ActionVerb::BreakGlass:
      return "BreakGlass";
  }
  return "Start";
}

static void bind(const Node& node, ActionVerb& out) {
  if (node.text == "Start") out = ActionVerb::Start;
  if (node.text == "Promote") out = ActionVerb::Promote;
  if (node.text == "Pause") out = ActionVerb::Pause;
  if (node.text == "Resume") out = ActionVerb::Resume;
  if (node.text == "Retry") out = ActionVerb::Retry;
  if (node.text == "RollBack") out = ActionVerb::RollBack;
  if (node.text == "Approve") out = ActionVerb::Approve;
  if (node.text == "Reject") out = ActionVerb::Reject;
  if (node.text == "Abort") out = ActionVerb::Abort;
  if (node.text == "Extend") out = ActionVerb::Extend;
  if (node.text == "EndNow") out = ActionVerb::EndNow;
  if (node.text == "Degrade") out = ActionVerb::Degrade;
  if (node.text == "Recover") out = ActionVerb::Recover;
  if (node.text == "Restore") out = ActionVerb::Restore;
  if (node.text == "BreakGlass") out = ActionVerb::BreakGlass;
}

void bind(const Node& node, SaleActionSpec& out) {
  bind_member(node, "event", out.event);
  bind_member(node, "action", out.action);
  bind_member(node, "rollouts", out.rollouts);
  bind_member(node, "gate", out.gate);
  bind_member(node, "by", out.by);
  bind_member(node, "reason", out.reason);
  bind_member(node, "requestedBy", out.requested_by);
  bind_member(node, "groups", out.groups);
}

Json to_json(const SaleActionSpec& in) {
  JsonObject json;
  write(json, "event", in.event);
  write(json, "action", in.action);
  write_unless_empty(json, "rollouts", in.rollouts);
  write(json, "gate", in.gate);
  write(json, "by", in.by);
  write(json, "reason", in.reason);
  write(json, "requestedBy", in.requested_by);
  write_unless_empty(json, "groups", in.groups);
  return json.build();
}

void bind(const Node& node, SaleActionStatus& out) {
  bind_member(node, "observedGeneration", out.observed_generation);
  bind_member(node, "state", out.state);
  bind_member(node, "message", out.message);
  bind_member(node, "run", out.run);
  bind_member(node, "acceptedAt", out.accepted_at);
  bind_member(node, "firstWriteAt", out.first_write_at);
  bind_member(node, "trafficVerifiedAt", out.traffic_verified_at);
  bind_member(node, "completedAt", out.completed_at);
  bind_member(node, "conditions", out.conditions);
}

Json to_json(const SaleActionStatus& in) {
  JsonObject json;
  write(json, "observedGeneration", in.observed_generation);
  write_unless_empty(json, "state", in.state);
  write_unless_empty(json, "message", in.message);
  write(json, "run", in.run);
  write(json, "acceptedAt", in.accepted_at);
  write(json, "firstWriteAt", in.first_write_at);
  write(json, "trafficVerifiedAt", in.traffic_verified_at);
  write(json, "completedAt", in.completed_at);
  write_unless_empty(json, "conditions", in.conditions);
  return json.build();
}

}  // namespace doorbuster::api
