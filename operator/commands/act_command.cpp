#include "operator/commands/act_command.h"

#include "controllers/reconciler/actions.h"
#include "controllers/reconciler/event_reading.h"
#include "crds/reader.h"
#include "operator/base/json.h"
#include "operator/base/json_read.h"
#include "operator/base/lower.h"
#include "operator/commands/checked.h"
#include "operator/commands/connection.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace doorbuster::commands {
namespace {

constexpr Duration kPoll{200};

/// One of the commands.
struct Verb {
  const char *name, *what, *will;
  api::ActionVerb verb;
  bool needs_reason = false;
  bool of_rollouts = false;
};
constexpr std::array kVerbs = {
    Verb{"abort",
         "End a sale now and put everything back on the way down that a deletion takes, whatever "
         "`suspend` says; what is rolled out is rolled back.",
         "ends now and everything is put back, step by step",
         api::ActionVerb::Abort,
         true},
    Verb{"end-now",
         "End a sale now: its cooldown begins.",
         "ends now; its cooldown begins",
         api::ActionVerb::EndNow},
    Verb{"extend", "Move the end of a sale.", "ends later", api::ActionVerb::Extend},
    Verb{
        "restore",
        "Put back at once, after the end or an abort, what is still held, though load asks for it.",
        "lets go of everything at once, though load may ask for it",
        api::ActionVerb::Restore},
    Verb{"break-glass",
         "Lift the freeze of a sale for everybody until it would be over.",
         "lets everybody change what runs again",
         api::ActionVerb::BreakGlass,
         true},
    Verb{
        "rollback",
        "Send all traffic of rollouts back to their targets, whatever else there is, and keep from "
        "beginning what has not begun. Waits until it is done. Asks only at a terminal.",
        "rolls back: all traffic goes back to the target",
        api::ActionVerb::RollBack,
        false,
        true},
    Verb{"start",
         "Begin rollouts that wait for it, or before their time.",
         "begins what it rolls out",
         api::ActionVerb::Start,
         false,
         true},
    Verb{"promote",
         "End the step that rollouts are at; after the last they are promoted.",
         "ends the step that its rollout is at",
         api::ActionVerb::Promote,
         false,
         true},
    Verb{"pause",
         "Keep rollouts at the step where they are.",
         "keeps its rollout where it is",
         api::ActionVerb::Pause,
         false,
         true},
    Verb{"resume",
         "Let rollouts go on that were paused, or that have failed and are paused for it.",
         "goes on with its rollout",
         api::ActionVerb::Resume,
         false,
         true},
    Verb{"retry",
         "Begin rollouts again that were rolled back, or that have failed and are paused for it.",
         "begins its rollout again",
         api::ActionVerb::Retry,
         false,
         true},
    Verb{"approve",
         "Open a gate for the step at which rollouts wait, or to which they are to come; all that "
         "have it where none is named. It counts once for each person.",
         "lets a step of its rollout pass a gate",
         api::ActionVerb::Approve,
         false,
         true},
    Verb{"reject",
         "Fail rollouts at a gate: they do then what `onFailure` says, and those that have not "
         "begun do not begin.",
         "fails its rollout at a gate",
         api::ActionVerb::Reject,
         false,
         true},
};

struct ActFlags {
  const Verb* verb;
  std::string name;
  ConnectionFlags connection;
  std::string reason, by, gate, wait = "accepted", dry_run = "none", timeout = "30s";
  std::vector<std::string> rollouts;  ///< empty: all of the event
  bool yes = false;
};

/// The safe direction is not held up by a question that nobody is there to answer.
bool is_safe(const Verb& verb) { return verb.verb == api::ActionVerb::RollBack; }

int failed(const ActFlags& flags, const std::string& why, int code = kCommandFailed) {
  std::fprintf(stderr, "kubectl-sale %s: %s\n", flags.verb->name, why.c_str());
  return code;
}

/// Groups of whoever asks, but the one that everybody is in.
std::vector<std::string> groups_of(const JsonView& review) {
  constexpr std::size_t kMost = 64;  // as the schema has it
  std::vector<std::string> out;
  for (const JsonView& one : elements_at(review, "/status/userInfo/groups")) {
    const std::string name = one.string().value_or("");
    if (!name.empty() && name != "system:authenticated" && out.size() < kMost) out.push_back(name);
  }
  return out;
}

/// Who asks, as the API server knows them; empty where it does not say.
void name_who_asks(const kube::Client& client, api::SaleActionSpec& spec) {
  kube::Resource resource;
  resource.group = "authentication.k8s.io";
  resource.version = "v1";
  resource.plural = "selfsubjectreviews";
  resource.kind = "SelfSubjectReview";
  resource.namespaced = false;
  const Json body = JsonObject()
                        .add("apiVersion", std::string_view("authentication.k8s.io/v1"))
                        .add("kind", std::string_view("SelfSubjectReview"))
                        .build();
  const auto answer = client.review(resource, "", body);
  if (!answer.ok()) return;
  const auto root = JsonView::parse(*answer);
  if (!root.ok()) return;
  const std::string name = text_at(*root, "/status/userInfo/username");
  if (!name.empty()) spec.requested_by = name;
  if (spec.action == api::ActionVerb::Approve) spec.groups = groups_of(*root);
}

/// The action as it is spelt, or why it cannot be.
Result<api::SaleActionSpec> spec_of(const ActFlags& flags) {
  api::SaleActionSpec spec;
  spec.event = flags.name;
  spec.action = flags.verb->verb;
  spec.rollouts = flags.rollouts;
  if (!flags.reason.empty()) spec.reason = flags.reason;
  if (!flags.gate.empty()) spec.gate = flags.gate;
  if (!flags.by.empty()) spec.by = api::DurationText{flags.by, Duration(0)};
  // Who asks is found out later, of the cluster.
  api::SaleActionSpec checked = spec;
  checked.requested_by = "whoever asks";
  const api::Reading read = api::read_sale_action(action_object("default", checked).text);
  if (read.action) return spec;
  Error error{.kind = ErrorKind::Invalid, .message = "", .causes = {}, .retry_after = {}};
  for (const api::Finding& one : read.findings)
    error.message += (error.message.empty() ? "" : "; ") + one.path + " " + one.message;
  return error;
}

std::string rollouts_meant(const ActFlags& flags) {
  if (!flags.verb->of_rollouts) return "";
  std::string out;
  for (const std::string& one : flags.rollouts) out += (out.empty() ? "" : ", ") + one;
  return out.empty() ? " (all of its rollouts)" : " (of its rollouts: " + out + ")";
}

bool confirmed(const ActFlags& flags, const std::string& ns) {
  if (flags.yes || isatty(STDIN_FILENO) == 0) return true;
  std::fprintf(stderr,
               "SaleEvent %s/%s %s%s%s. Go on? [y/N] ",
               ns.c_str(),
               flags.name.c_str(),
               flags.verb->will,
               flags.by.empty() ? "" : (", by " + flags.by).c_str(),
               rollouts_meant(flags).c_str());
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

/// Until there is an answer; its exit code.
int await(const ActFlags& flags,
          const kube::Client& client,
          const kube::Key& key,
          const std::function<Instant()>& now,
          Duration patience) {
  const Instant until = now() + patience;
  api::SaleActionStatus told;
  for (;;) {
    const auto got = client.get(reconciler::sale_actions(), key);
    if (!got.ok()) return failed(flags, got.error().message);
    const auto action = reconciler::read_action(got->text);
    if (!action.ok()) return failed(flags, action.error().message);
    for (const std::string& line : progress_lines(told, action->status))
      std::fprintf(stderr, "%s\n", line.c_str());
    told = action->status;
    switch (waited_for(action->status, flags.wait == "complete")) {
      case Waited::Done:
        return kDone;
      case Waited::Refused:
        return kBad;
      case Waited::On:
        break;
    }
    if (now() >= until) {
      return failed(flags,
                    action->status.state.empty()
                        ? "no answer yet: is the operator running? The action stays"
                        : "not complete yet; the action stays",
                    kTimedOut);
    }
    std::this_thread::sleep_for(kPoll);
  }
}

int act(const ActFlags& flags, const std::function<Instant()>& now) {
  if (flags.verb->needs_reason && flags.reason.empty())
    return failed(flags, "--reason is needed", kUsage);
  const auto patience = parse_duration(flags.timeout);
  if (!patience) return failed(flags, "--timeout must be a duration such as 30s", kUsage);
  auto spec = spec_of(flags);
  if (!spec.ok()) return failed(flags, spec.error().message, kUsage);
  if (flags.dry_run == "client") {
    std::printf("%s\n", action_object(flags.connection.ns, *spec).text.c_str());
    return kDone;
  }
  const bool asks = !flags.yes && !is_safe(*flags.verb) && flags.dry_run == "none";
  if (asks && isatty(STDIN_FILENO) == 0)
    return failed(flags, "nobody can be asked here: say -y", kUsage);
  const auto connected = connect(flags.connection, now);
  if (!connected.ok()) return failed(flags, connected.error().message);
  const kube::Client& client = *connected->client;
  const bool dry_run = flags.dry_run == "server";
  if (!dry_run && !confirmed(flags, connected->ns)) return failed(flags, "nothing was done");
  const auto made = create_action(client, connected->ns, *std::move(spec), dry_run);
  if (!made.ok()) return failed(flags, made.error().message);
  std::printf("saleaction.doorbuster.dev/%s\n", made->c_str());
  std::fflush(stdout);
  if (dry_run || flags.wait == "false") return kDone;
  return await(flags, client, {connected->ns, *made}, now, *patience);
}

void add_one(CLI::App& app, const Verb& verb, const std::function<Instant()>& now, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      verb.name,
      std::string(verb.what) +
          " Creates a SaleAction, prints its name and waits for its answer. Exit codes: 0 done, 1 "
          "the command failed, 2 usage, 10 refused, 124 no answer in time.");
  auto flags = std::make_shared<ActFlags>();
  flags->verb = &verb;
  command->add_option("name", flags->name, "a SaleEvent of the cluster")->required();
  add_connection_options(*command, flags->connection);
  command->add_option("--reason", flags->reason, "why, for whoever reads it later");
  if (is_safe(verb)) {
    flags->wait = "complete";
    flags->timeout = "10m";
  }
  if (verb.of_rollouts) {
    command
        ->add_option("--rollout",
                     flags->rollouts,
                     "a rollout of the event, may be said more than once; none: all of them")
        ->allow_extra_args(false);
  }
  if (verb.verb == api::ActionVerb::Approve || verb.verb == api::ActionVerb::Reject)
    command->add_option("--gate", flags->gate, "a gate of the event")->required();
  if (verb.verb == api::ActionVerb::Extend)
    command->add_option("--by", flags->by, "how much later the sale ends, such as 30m")->required();
  command
      ->add_option("--wait",
                   flags->wait,
                   "accepted: for the answer; complete: until all of it is done; false: not at all")
      ->check(CLI::IsMember({"accepted", "complete", "false"}))
      ->capture_default_str();
  command->add_option("--timeout", flags->timeout, "how long to wait")->capture_default_str();
  command
      ->add_option("--dry-run",
                   flags->dry_run,
                   "client: print the object; server: let the API server check it; none")
      ->check(CLI::IsMember({"none", "client", "server"}))
      ->capture_default_str();
  command->add_flag(is_safe(verb) ? "-y,--yes,--now" : "-y,--yes",
                    flags->yes,
                    "do not ask, at a terminal either");
  command->callback([flags, now, &exit_code] { exit_code = act(*flags, now); });
}

std::string time_of_day(Instant at) {
  return to_rfc3339(std::chrono::floor<std::chrono::seconds>(at)).substr(11);
}

}  // namespace

std::vector<std::string> progress_lines(const api::SaleActionStatus& before,
                                        const api::SaleActionStatus& after) {
  std::vector<std::string> out;
  const auto reached = [&out](const std::optional<Instant>& earlier,
                              const std::optional<Instant>& later,
                              const char* what) {
    if (later && !earlier) out.push_back(what + time_of_day(*later));
  };
  const bool ended = after.completed_at && !before.completed_at;
  if (after.accepted_at && !before.accepted_at && !ended)
    out.push_back(after.state + ": " + after.message);
  reached(before.first_write_at, after.first_write_at, "First write at ");
  reached(before.traffic_verified_at,
          after.traffic_verified_at,
          "Traffic verified: none gets to a candidate since ");
  const bool changed =
      before.accepted_at && (before.state != after.state || before.message != after.message);
  if (!after.state.empty() && (ended || changed)) out.push_back(after.state + ": " + after.message);
  return out;
}

Waited waited_for(const api::SaleActionStatus& status, bool until_complete) {
  if (status.state == "Refused") return Waited::Refused;
  if (status.completed_at) return Waited::Done;
  return status.accepted_at && !until_complete ? Waited::Done : Waited::On;
}

Result<std::string> create_action(const kube::Client& client,
                                  const std::string& ns,
                                  api::SaleActionSpec spec,
                                  bool dry_run) {
  name_who_asks(client, spec);
  const bool needs_name =
      spec.action == api::ActionVerb::BreakGlass || spec.action == api::ActionVerb::Approve;
  if (!spec.requested_by && needs_name)
    return Error{.kind = ErrorKind::Denied,
                 .message = "the API server does not say who you are (SelfSubjectReview)"};
  kube::WriteOptions options;
  options.field_manager = "kubectl-sale";
  options.dry_run = dry_run;
  const auto made = client.create(reconciler::sale_actions(), ns, action_object(ns, spec), options);
  if (!made.ok()) return made.error();
  return made->meta.name;
}

Json action_object(const std::string& ns, const api::SaleActionSpec& spec) {
  JsonObject metadata;
  metadata.add("generateName", spec.event + "-" + lower(api::to_string(spec.action)) + "-");
  if (!ns.empty()) metadata.add("namespace", std::string_view(ns));
  JsonObject body;
  body.add("apiVersion", std::string_view(api::kApiVersion))
      .add("kind", std::string_view(api::kSaleActionKind));
  return body.add("metadata", metadata.build()).add("spec", api::to_json(spec)).build();
}

void add_act_commands(CLI::App& app, const std::function<Instant()>& now, int& exit_code) {
  for (const Verb& verb : kVerbs) add_one(app, verb, now, exit_code);
}

}  // namespace doorbuster::commands
