#include "operator/commands/watch_command.h"

#include "operator/commands/act_command.h"
#include "operator/commands/checked.h"
#include "operator/commands/connection.h"
#include "operator/commands/live_sale.h"
#include "operator/commands/terminal.h"
#include "operator/commands/watch_keys.h"

#include <CLI/CLI.hpp>
#include <poll.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::commands {
namespace {

constexpr Duration kTick{1'000};      ///< ages are told to the second
constexpr Duration kAtMostEach{100};  ///< a redraw; changes in between are drawn together
constexpr int kSignalled = 128;       ///< and the signal's number, as shells do

struct WatchFlags {
  std::string name, lease = kOperatorLease;
  ConnectionFlags connection;
  LookFlags look;
};

int failed(const std::string& why, int code = kCommandFailed) {
  std::fprintf(stderr, "kubectl-sale watch: %s\n", why.c_str());
  return code;
}

/// How a watch ended.
struct End {
  int code = kDone;
  std::string why;  ///< empty: as the user wanted
};

class Watch {
 public:
  Watch(const WatchFlags& flags, LiveSale& live, Signals& signals, WatchKeys::Create create)
      : flags_(flags),
        live_(live),
        signals_(signals),
        style_(style_of(flags.look)),
        keys_(std::move(create)) {}

  End on_screen() {
    Screen screen;
    for (;;) {
      if (auto end = show(screen)) return *end;
      wait(screen.keys(), keys_.sending() ? kAtMostEach : kTick);
      while (const int signal = signals_.take()) {
        if (signal != SIGWINCH) return {kSignalled + signal, ""};
      }
      while (screen.keys() >= 0) {
        const int key = screen.take_key();
        if (key <= 0) break;
        if (!keys_.press(key, shown())) return {};
      }
    }
  }

  End line_by_line(const std::function<Instant()>& now) {
    std::string told;
    for (;;) {
      const auto look = live_.look();
      if (auto end = end_of(look)) return *end;
      if (look.ok()) {
        const std::string line = summary_text(**look);
        const std::string at = to_rfc3339(std::chrono::floor<std::chrono::seconds>(now()));
        const bool written =
            line == told ||
            (std::printf("%s  %s\n", at.c_str(), line.c_str()) > 0 && std::fflush(stdout) == 0);
        if (!written) return {kCommandFailed, "nobody reads on"};
        told = line;
      }
      wait(-1, kTick);
      while (const int signal = signals_.take()) {
        if (signal != SIGWINCH) return {kSignalled + signal, ""};
      }
    }
  }

 private:
  /// Nothing while there is something to show, or something to wait for. A server that cannot be
  /// asked at all ends it; one that went away later does not.
  std::optional<End> end_of(const Result<std::optional<SaleLook>>& look) {
    if (look.ok() && *look) {
      seen_ = true;
      return std::nullopt;
    }
    if (look.ok() && seen_) return End{kDone, "it is gone"};
    if (look.ok()) return End{kCommandFailed, "saleevent " + flags_.name + " not found"};
    if (look.error().kind == ErrorKind::Invalid) return End{kCommandFailed, look.error().message};
    const std::string trouble = live_.trouble();
    if (seen_ || trouble.empty()) return std::nullopt;
    return End{kCommandFailed, trouble};
  }

  std::optional<End> show(Screen& screen) {
    const auto look = live_.look();
    if (auto end = end_of(look)) return end;
    const Screen::Size size = screen.size();
    style_.width = size.width;
    style_.height = size.height > 1 ? size.height - 1 : size.height;
    std::vector<std::string> lines;
    if (look.ok()) {
      lines = screen_lines(**look, style_);
      shown_ = (*look)->event;
    } else {
      lines.push_back(painted({{"waiting for the API server"}}, style_));
    }
    if (size.height > 1) lines.push_back(painted({{keys_.line(shown()), Paint::Faint}}, style_));
    if (!screen.draw(lines)) return End{kCommandFailed, ""};
    return std::nullopt;
  }

  /// For a change, a signal or a key; changes that follow at once are taken together.
  void wait(int keys, Duration at_most) {
    std::array<pollfd, 3> all{{{.fd = signals_.fd(), .events = POLLIN, .revents = 0},
                               {.fd = live_.changed(), .events = POLLIN, .revents = 0},
                               {.fd = keys, .events = POLLIN, .revents = 0}}};
    poll(all.data(), all.size(), static_cast<int>(at_most.count()));
    if (all[1].revents == 0) return;
    all[1].fd = -1;
    poll(all.data(), all.size(), static_cast<int>(kAtMostEach.count()));
    live_.calm();
  }

  const WatchFlags& flags_;
  LiveSale& live_;
  Signals& signals_;
  const api::SaleEvent* shown() const { return shown_ ? &*shown_ : nullptr; }

  ScreenStyle style_;
  WatchKeys keys_;
  std::optional<api::SaleEvent> shown_;  ///< what the keys are about
  bool seen_ = false;
};

int watch(const WatchFlags& flags, const std::function<Instant()>& now) {
  const auto lease = lease_name_of(flags.lease);
  if (!flags.lease.empty() && !lease)
    return failed("--operator-lease must be NAMESPACE/NAME", kUsage);
  Signals signals;  // before any thread exists
  const auto connected = connect(flags.connection, now);
  if (!connected.ok()) return failed(connected.error().message);
  LiveSale live(*connected, flags.name, now, {.objects = true, .lease = lease});
  const auto create = [&connected](const api::SaleActionSpec& spec) {
    return create_action(*connected->client, connected->ns, spec, false);
  };
  Watch following(flags, live, signals, create);
  const End end = is_screen() ? following.on_screen() : following.line_by_line(now);
  if (end.why.empty()) return end.code;
  if (end.code != kDone) return failed(end.why, end.code);
  std::fprintf(stderr, "%s/%s: %s\n", connected->ns.c_str(), flags.name.c_str(), end.why.c_str());
  return kDone;
}

}  // namespace

void add_watch_command(CLI::App& app, const std::function<Instant()>& now, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "watch",
      "Show a sale as it goes: window, what is next, capacity, held fields, what people asked for. "
      "At a terminal r rolls back, p promotes, space pauses or resumes what it rolls out, each "
      "after "
      "a y; q or Ctrl-C ends it. Without a terminal, one line a change. Exit codes: 0 done, "
      "or the sale is gone, 1 the cluster could not be asked, 2 usage, 130 interrupted.");
  auto flags = std::make_shared<WatchFlags>();
  command->add_option("name", flags->name, "a SaleEvent of the cluster")->required();
  add_connection_options(*command, flags->connection);
  add_look_options(*command, flags->look);
  add_lease_option(*command, flags->lease);
  command->callback([flags, now, &exit_code] { exit_code = watch(*flags, now); });
}

}  // namespace doorbuster::commands
