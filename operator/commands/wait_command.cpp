#include "operator/commands/wait_command.h"

#include "operator/commands/checked.h"
#include "operator/commands/connection.h"
#include "operator/commands/live_sale.h"
#include "operator/commands/wait_goal.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

namespace doorbuster::commands {
namespace {

constexpr Duration kTick{1'000};

struct WaitFlags {
  std::string name, goal, timeout = "10m";
  ConnectionFlags connection;
};

int failed(const std::string& why, int code = kCommandFailed) {
  std::fprintf(stderr, "kubectl-sale wait: %s\n", why.c_str());
  return code;
}

/// The exit code and its words; nothing while it is open.
std::optional<int> ended(const Standing& standing, const WaitFlags& flags) {
  switch (standing.is) {
    case Standing::Is::Open:
      return std::nullopt;
    case Standing::Is::Reached:
      std::printf("saleevent.doorbuster.dev/%s: %s\n", flags.name.c_str(), flags.goal.c_str());
      return std::fflush(stdout) == 0 ? kDone : kCommandFailed;
    case Standing::Is::Lost:
      return failed(flags.goal + " cannot be reached any more: " + standing.why, kBad);
  }
  return std::nullopt;
}

/// Until there is an end, or no time is left.
int follow(LiveSale& live,
           SaleLook seen,
           const Goal& goal,
           const WaitFlags& flags,
           const std::function<Instant()>& now,
           Instant until) {
  std::string told;
  for (;;) {
    const std::string line = summary_text(seen);
    if (line != told) std::fprintf(stderr, "%s\n", line.c_str());
    told = line;
    if (const auto code = ended(standing_of(seen.event, goal), flags)) return *code;
    const Instant at = now();
    if (at >= until) {
      if (const std::string trouble = live.trouble(); !trouble.empty())
        return failed("no answer in " + flags.timeout + ": " + trouble);
      return failed("not " + flags.goal + " within " + flags.timeout, kTimedOut);
    }
    live.await_change(std::min(kTick, until - at));
    auto look = live.look();
    if (!look.ok()) {
      // Not listed yet: what was read before is all there is.
      if (look.error().kind != ErrorKind::Unavailable) return failed(look.error().message);
      continue;
    }
    if (!*look) return *ended(standing_when_gone(seen.event, goal), flags);
    seen = **look;
  }
}

int wait(const WaitFlags& flags, const std::function<Instant()>& now) {
  const auto goal = goal_of(flags.goal);
  if (!goal.ok()) return failed(goal.error().message, kUsage);
  const auto patience = parse_duration(flags.timeout);
  if (!patience) return failed("--timeout must be a duration such as 10m", kUsage);
  const Instant until = now() + *patience;
  const auto connected = connect(flags.connection, now);
  if (!connected.ok()) return failed(connected.error().message);
  const Around alone{.objects = false, .lease = std::nullopt};
  const auto there = look_once(*connected, flags.name, alone, now);
  if (!there.ok()) return failed(there.error().message);
  LiveSale live(*connected, flags.name, now, alone);
  return follow(live, *there, *goal, flags, now, until);
}

}  // namespace

void add_wait_command(CLI::App& app, const std::function<Instant()>& now, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "wait",
      "Wait until a sale is prepared (ready), live, completed or restored, or has a condition; one "
      "line a change on standard error. Only reads. Exit codes: 0 reached, 1 the cluster could not "
      "be asked, 2 usage, 10 it cannot be reached any more (refused, stalled, aborted, over), 124 "
      "not within --timeout.");
  auto flags = std::make_shared<WaitFlags>();
  command->add_option("name", flags->name, "a SaleEvent of the cluster")->required();
  command
      ->add_option("--for",
                   flags->goal,
                   "prepared, ready (the same), live, completed, restored, or "
                   "condition=TYPE[=True|False|Unknown]")
      ->required();
  command->add_option("--timeout", flags->timeout, "how long; 0: one look")->capture_default_str();
  add_connection_options(*command, flags->connection);
  command->callback([flags, now, &exit_code] { exit_code = wait(*flags, now); });
}

}  // namespace doorbuster::commands
