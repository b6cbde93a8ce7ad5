#include "operator/commands/run.h"

#include "controllers/adapters/web.h"
#include "controllers/reconciler/reconciler.h"
#include "operator/commands/connection.h"
#include "operator/commands/meters.h"
#include "operator/commands/run_options.h"
#include "operator/commands/version.h"
#include "operator/kube/access.h"
#include "operator/kube/client.h"
#include "operator/kube/events.h"
#include "operator/kube/http_transport.h"
#include "operator/kube/kubeconfig.h"
#include "operator/kube/lease.h"
#include "operator/kube/process_name.h"
#include "operator/kube/watch_set.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>

namespace doorbuster::commands {
namespace {

constexpr Duration kStopWithin{3'500};  ///< for rounds under way
constexpr Duration kStopAtMost{
    4'800};  ///< for the whole stop; then the process ends without giving the lease back
constexpr Duration kTellWithin{500};   ///< for Events not yet written
constexpr Duration kTellLater{1'000};  ///< Events, so that at a window's edge changes go first
constexpr int kLostLeadership = 1;

Instant wall_now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

Duration steady_now() {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

/// Jitter: spreads retries of many processes, nothing else hangs on it.
class Dice {
 public:
  Dice() : engine_(std::random_device{}()) {}
  double roll() {
    const std::lock_guard lock(mutex_);
    return std::uniform_real_distribution<double>(0, 1)(engine_);
  }
  std::uint64_t number() {
    const std::lock_guard lock(mutex_);
    return engine_();
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

std::string host_name() {
  char host[256] = {};
  if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  return host;
}

/// Gives no call more time than asked for on the command line.
class ImpatientTransport final : public kube::Transport {
 public:
  ImpatientTransport(std::shared_ptr<kube::Transport> inner, Duration at_most)
      : inner_(std::move(inner)), at_most_(at_most) {}
  Result<kube::Response> call(const kube::Request& request) override {
    if (request.timeout <= at_most_) return inner_->call(request);
    kube::Request shorter = request;
    shorter.timeout = at_most_;
    return inner_->call(shorter);
  }
  std::unique_ptr<kube::Stream> open(const kube::Request& request,
                                     Duration idle,
                                     kube::StreamReader& reader) override {
    return inner_->open(request, idle, reader);
  }
  void post(Duration after, std::function<void()> work) override {
    inner_->post(after, std::move(work));
  }

 private:
  std::shared_ptr<kube::Transport> inner_;
  Duration at_most_;
};

/// Everything that runs, in the order in which it is made.
class Operator {
 public:
  Operator(RunOptions options, Log log) : options_(std::move(options)), log_(std::move(log)) {}

  Outcome start() {
    for (const auto& step : {&Operator::connect, &Operator::build, &Operator::listen}) {
      if (const Outcome done = (this->*step)(); !done.ok()) return done;
    }
    reconciler_->start();
    elector_->start();
    return Done{};
  }

  /// True when everything had ended in time.
  bool stop() {
    stopping_ = true;
    const bool idle = reconciler_->stop(kStopWithin);
    recorder_->stop(kTellWithin);
    elector_->stop();  // after the last write: the successor may begin
    if (server_) server_->stop();
    return idle;
  }

 private:
  Outcome connect() {
    Result<kube::ServerConfig> server = find_server(options_.kubeconfig, options_.context);
    if (!server.ok()) return server.error();
    for (const std::string& warning : server->warnings)
      log_({LogLevel::Warn, "configuration", {{"warning", warning}}});
    if (options_.lease.ns.empty()) options_.lease.ns = server->ns.empty() ? "default" : server->ns;
    kube::TransportOptions options;
    options.user_agent = user_agent();
    options.now = wall_now;
    options.seen = [metrics = metrics_](const kube::RequestSeen& seen) {
      show_request(*metrics, seen);
    };
    options.max_connections = static_cast<std::size_t>(options_.workers) + 8;
    options.max_idle = options.max_connections;
    Result<std::shared_ptr<kube::Transport>> transport = kube::make_transport(*server, options);
    if (!transport.ok()) return transport.error();
    transport_ = std::make_shared<ImpatientTransport>(std::move(transport).value(),
                                                      options_.request_timeout);
    // The lease has connections of its own: a bulk list must not delay a renewal.
    options.max_connections = 2;
    Result<std::shared_ptr<kube::Transport>> lease = kube::make_transport(*server, options);
    if (!lease.ok()) return lease.error();
    lease_transport_ = std::move(lease).value();
    log_({LogLevel::Info, "API server", {{"server", server->server}}});
    return Done{};
  }

  Outcome build() {
    name_.emplace(kube::ProcessName::take(
        host_name(), options_.lease.ns + "/" + options_.lease.name, dice_->number()));
    options_.lease.identity = name_->text();
    if (const Outcome good = kube::check(options_.lease); !good.ok()) return good;
    kube::Elector::World world;
    world.client = std::make_shared<kube::Client>(lease_transport_);
    world.since_boot = kube::since_boot;
    world.now = wall_now;
    world.jitter = [dice = dice_] { return dice->roll(); };
    world.log = log_;
    kube::Elector::Callbacks callbacks;
    callbacks.elected = [this] { elected(); };
    callbacks.lost = [this](const std::string& why) { lost(why); };
    callbacks.leader = [this](const std::string& who) {
      log_({LogLevel::Info, "leader", {{"identity", who}}});
    };
    elector_ =
        std::make_unique<kube::Elector>(options_.lease, std::move(world), std::move(callbacks));
    client_ = std::make_shared<kube::Client>(transport_, elector_->gate());
    recorder_ = std::make_shared<kube::EventRecorder>(
        client_,
        kube::EventSettings{.instance = options_.lease.identity, .hold_back = kTellLater},
        wall_now,
        log_);
    queue_meter_ = std::make_shared<QueueMeter>(metrics_);
    make_reconciler();
    show_build(*metrics_);
    show_leading(*metrics_, options_.lease.name, false);
    return Done{};
  }

  void make_reconciler() {
    kube::WatchWorld world;
    world.transport = transport_;
    world.now = wall_now;
    world.jitter = [dice = dice_] { return dice->roll(); };
    world.log = log_;
    reconciler::Reconciler::Settings settings;
    settings.setup = {.install = options_.install_id,
                      .allow = options_.allow,
                      .ns = options_.lease.ns,
                      .placeholder_image = options_.headroom_image,
                      .prepull_image = options_.prepull_image};
    settings.setup.checks = options_.checks;
    settings.workers = options_.workers;
    settings.namespaces = options_.namespaces;
    settings.sweep_every = options_.sweep_interval;
    reconciler::Reconciler::Parts parts;
    parts.client = client_;
    parts.watches = std::make_shared<kube::WatchSet>(std::move(world));
    parts.access = std::make_shared<kube::AccessReviewer>(client_, wall_now);
    parts.recorder = recorder_;
    parts.queue_observer = queue_meter_;
    parts.meter = std::make_shared<EventMeter>(metrics_, options_.workers);
    parts.web = adapters::make_web(
        {.user_agent = user_agent(), .ca_file = options_.check_ca_file, .now = wall_now});
    parts.jitter = [dice = dice_] { return dice->roll(); };
    parts.now = wall_now;
    parts.steady = steady_now;
    parts.leading = [this] { return !stopping_ && elector_->leading(); };
    parts.log = log_;
    reconciler_ = std::make_unique<reconciler::Reconciler>(std::move(settings), std::move(parts));
  }

  Outcome listen() {
    if (options_.bind.off) return Done{};
    serve::Listener listener;
    listener.address = options_.bind.address;
    listener.port = options_.bind.port;
    listener.routes["/healthz"] = [] { return serve::Reply{200, "ok\n"}; };
    listener.routes["/readyz"] = [this] {
      return reconciler_->synced() ? serve::Reply{200, "ok\n"}
                                   : serve::Reply{503, "SaleEvents are not listed yet\n"};
    };
    listener.routes["/metrics"] = [this] {
      queue_meter_->show(reconciler_->queue());
      show_leading(*metrics_, options_.lease.name, elector_->leading());
      return serve::Reply{200, metrics_->text(), "text/plain; version=0.0.4; charset=utf-8"};
    };
    Result<std::unique_ptr<serve::HttpServer>> server =
        serve::HttpServer::start({std::move(listener)}, log_);
    if (!server.ok()) return server.error();
    server_ = std::move(server).value();
    log_({LogLevel::Info, "serving", {{"port", std::to_string(server_->ports().front())}}});
    return Done{};
  }

  void elected() {
    log_({LogLevel::Info, "elected", {{"identity", options_.lease.identity}}});
    show_leading(*metrics_, options_.lease.name, true);
    reconciler_->lead();
  }

  /// Somebody else may lead already: nothing of ours may run on, not even what ends things in
  /// order.
  [[noreturn]] void lost(const std::string& why) {
    log_({LogLevel::Error, "leadership lost", {{"why", why}}});
    std::_Exit(kLostLeadership);
  }

  RunOptions options_;
  Log log_;
  std::shared_ptr<Dice> dice_ = std::make_shared<Dice>();
  std::shared_ptr<serve::Metrics> metrics_ = std::make_shared<serve::Metrics>(metric_specs());
  std::shared_ptr<kube::Transport> transport_, lease_transport_;
  std::atomic<bool> stopping_ = false;
  std::optional<kube::ProcessName> name_;  ///< ours until nothing of us can write any more
  std::unique_ptr<kube::Elector> elector_;
  std::shared_ptr<kube::Client> client_;
  std::shared_ptr<kube::EventRecorder> recorder_;
  std::shared_ptr<QueueMeter> queue_meter_;
  std::unique_ptr<reconciler::Reconciler> reconciler_;
  std::unique_ptr<serve::HttpServer> server_;
};

/// Blocks the signals that end us in this thread and all that it starts; sigwait() takes them.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int run(const RunFlags& flags) {
  Result<RunOptions> options = understand(flags);
  if (!options.ok()) {
    std::fprintf(stderr, "doorbuster run: %s\n", options.error().message.c_str());
    return 2;
  }
  const sigset_t signals = block_stop_signals();
  const Log log =
      serve::make_log({.level = options->log_level, .format = options->log_format, .sink = {}});
  log({LogLevel::Info,
       "doorbuster",
       {{"version", build_info().version},
        {"commit", build_info().commit},
        {"install", options->install_id}}});
  Operator op(std::move(options).value(), log);
  if (const Outcome started = op.start(); !started.ok()) {
    log({LogLevel::Error, "cannot start", {{"error", started.error().message}}});
    return 1;
  }
  int signal = 0;
  sigwait(&signals, &signal);
  log({LogLevel::Info, "stopping", {{"signal", std::to_string(signal)}}});
  std::thread([log] {
    std::this_thread::sleep_for(kStopAtMost);
    log({LogLevel::Warn, "stopped before everything had ended", {}});
    std::_Exit(1);
  }).detach();
  const bool in_time = op.stop();
  log({in_time ? LogLevel::Info : LogLevel::Warn,
       "stopped",
       {{"in_time", in_time ? "true" : "false"}}});
  return 0;
}

}  // namespace

void add_run_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("run", "Run the operator until it is told to stop.");
  auto flags = std::make_shared<RunFlags>();
  declare(*command, *flags);
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace doorbuster::commands
