#include "operator/commands/run_options.h"

#include "operator/kube/credentials.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

namespace doorbuster::commands {
namespace {

constexpr std::size_t kMaxNamespaces = 1'000;
constexpr std::size_t kMaxAllowListBytes = 1U << 20U;
constexpr int kMaxWorkers = 256;
constexpr std::size_t kMaxCheckHosts = 256;

Error wrong(const std::string& flag, const std::string& why) {
  return {.kind = ErrorKind::Invalid,
          .message = "--" + flag + ": " + why,
          .causes = {},
          .retry_after = {}};
}

/// RFC 1123 label: what namespaces, leases and label values may be called here.
bool is_label(const std::string& text) {
  const auto good = [](unsigned char one) {
    return (one >= 'a' && one <= 'z') || (one >= '0' && one <= '9');
  };
  if (text.empty() || text.size() > 63 || !good(text.front()) || !good(text.back())) return false;
  return std::all_of(
      text.begin(), text.end(), [&](unsigned char one) { return good(one) || one == '-'; });
}

std::string environment_name(const std::string& flag) {
  std::string name = "DOORBUSTER_";
  for (const char one : flag)
    name += one == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(one)));
  return name;
}

template <class T>
CLI::Option* flag(CLI::App& command, const std::string& name, T& value, const std::string& help) {
  return command.add_option("--" + name, value, help)
      ->envname(environment_name(name))
      ->capture_default_str();
}

Result<Duration> positive(const std::string& name, const std::string& text) {
  const auto span = parse_duration(text);
  if (!span || span->count() <= 0)
    return wrong(name, "\"" + text + "\" is no duration; write 15s or 2m");
  return *span;
}

/// Neither empty nor with what no image reference has; the registry has the last word.
bool is_image(const std::string& text) {
  constexpr std::size_t kMostBytes = 512;
  return !text.empty() && text.size() <= kMostBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Outcome understand_lease(const RunFlags& flags, RunOptions& options) {
  const auto lasts = positive("lease-duration", flags.lease_duration);
  if (!lasts.ok()) return lasts.error();
  const auto renew = positive("renew-deadline", flags.renew_deadline);
  if (!renew.ok()) return renew.error();
  const auto retry = positive("retry-period", flags.retry_period);
  if (!retry.ok()) return retry.error();
  if (!flags.lease_namespace.empty() && !is_label(flags.lease_namespace)) {
    return wrong("lease-namespace", "\"" + flags.lease_namespace + "\" is no namespace");
  }
  if (!is_label(flags.lease_name))
    return wrong("lease-name", "\"" + flags.lease_name + "\" is no name");
  options.lease.ns = flags.lease_namespace;
  options.lease.name = flags.lease_name;
  options.lease.lasts = *lasts;
  options.lease.renew_within = *renew;
  options.lease.retry = *retry;
  return Done{};
}

Outcome understand_names(const RunFlags& flags, RunOptions& options) {
  const std::set<std::string> namespaces(flags.namespaces.begin(), flags.namespaces.end());
  if (namespaces.size() > kMaxNamespaces)
    return wrong("namespace", "more than " + std::to_string(kMaxNamespaces));
  for (const std::string& one : namespaces) {
    if (!is_label(one)) return wrong("namespace", "\"" + one + "\" is no namespace");
  }
  options.namespaces.assign(namespaces.begin(), namespaces.end());
  if (!is_label(flags.install_id)) {
    return wrong("install-id",
                 "\"" + flags.install_id +
                     "\" must be a label value: lower-case letters, digits and dashes");
  }
  options.install_id = flags.install_id;
  if (flags.workers < 1 || flags.workers > kMaxWorkers) {
    return wrong("workers", "must be between 1 and " + std::to_string(kMaxWorkers));
  }
  options.workers = flags.workers;
  return Done{};
}

/// Without a list only the default Prometheus itself is asked.
Outcome understand_checks(const RunFlags& flags, RunOptions& options) {
  options.check_ca_file = flags.check_ca_file;
  options.checks.prometheus = flags.prometheus_address;
  std::vector<std::string> hosts = flags.allow_check_hosts;
  if (!flags.prometheus_address.empty()) {
    const auto address = parse_web_address(flags.prometheus_address);
    if (!address || address->target.find('?') != std::string::npos)
      return wrong("prometheus-address",
                   "\"" + flags.prometheus_address +
                       "\" is no address; write http://prometheus.monitoring.svc:9090");
    if (hosts.empty()) hosts.push_back(address->authority);
  }
  if (hosts.size() > kMaxCheckHosts)
    return wrong("allow-check-hosts", "more than " + std::to_string(kMaxCheckHosts));
  for (const std::string& one : hosts) {
    Result<planner::HostPattern> pattern = planner::parse_host_pattern(one);
    if (!pattern.ok()) return wrong("allow-check-hosts", pattern.error().message);
    options.checks.hosts.push_back(std::move(pattern).value());
  }
  return Done{};
}

Outcome understand_rest(const RunFlags& flags, RunOptions& options) {
  Result<serve::BindAddress> bind = serve::parse_bind_address(flags.bind_address);
  if (!bind.ok()) return wrong("bind-address", bind.error().message);
  options.bind = std::move(bind).value();
  const auto level = serve::log_level_of(flags.log_level);
  if (!level) return wrong("log-level", "must be debug, info, warn or error");
  options.log_level = *level;
  const auto format = serve::log_format_of(flags.log_format);
  if (!format) return wrong("log-format", "must be text or json");
  options.log_format = *format;
  const auto timeout = positive("request-timeout", flags.request_timeout);
  if (!timeout.ok()) return timeout.error();
  options.request_timeout = *timeout;
  const auto sweep = positive("sweep-interval", flags.sweep_interval);
  if (!sweep.ok()) return sweep.error();
  options.sweep_interval = *sweep;
  if (!is_image(flags.headroom_image))
    return wrong("headroom-image", "\"" + flags.headroom_image + "\" is no image");
  options.headroom_image = flags.headroom_image;
  if (!is_image(flags.prepull_image))
    return wrong("prepull-image", "\"" + flags.prepull_image + "\" is no image");
  options.prepull_image = flags.prepull_image;
  options.allow = products::AllowList::standard();
  if (flags.allow_list.empty()) return Done{};
  const Result<std::string> text = kube::read_file(flags.allow_list, kMaxAllowListBytes);
  if (!text.ok()) return wrong("allow-list", flags.allow_list + ": " + text.error().message);
  Result<products::AllowList> list = read_allow_list(*text);
  if (!list.ok()) return wrong("allow-list", flags.allow_list + ": " + list.error().message);
  options.allow = std::move(list).value();
  return Done{};
}

}  // namespace

void declare(CLI::App& command, RunFlags& flags) {
  flag(command,
       "kubeconfig",
       flags.kubeconfig,
       "Kubeconfig file; empty: the pod's own account, else $KUBECONFIG, else ~/.kube/config");
  flag(command, "context", flags.context, "Context of the kubeconfig; empty: its current one");
  command
      .add_option("--namespace",
                  flags.namespaces,
                  "Watch SaleEvents and objects of this namespace only; repeat for more (in the "
                  "environment: between commas). None: all")
      ->envname("DOORBUSTER_NAMESPACE")
      ->delimiter(',');
  flag(command,
       "install-id",
       flags.install_id,
       "Which Doorbuster this is where a cluster has several; kept in what it holds, so never "
       "change it");
  flag(command,
       "lease-namespace",
       flags.lease_namespace,
       "Namespace of the leader's lease; empty: the pod's or the kubeconfig's own");
  flag(command, "lease-name", flags.lease_name, "Name of the leader's lease");
  flag(command,
       "lease-duration",
       flags.lease_duration,
       "Others wait this long after the leader's last sign of life (whole seconds)");
  flag(command,
       "renew-deadline",
       flags.renew_deadline,
       "The leader stops writing this long after it last renewed");
  flag(command,
       "retry-period",
       flags.retry_period,
       "Time between attempts to take or renew the lease");
  flag(command, "workers", flags.workers, "Events worked on at the same time");
  flag(command,
       "bind-address",
       flags.bind_address,
       "Where /healthz, /readyz and /metrics are served; 0: nowhere");
  flag(command, "log-level", flags.log_level, "debug, info, warn or error");
  flag(command, "log-format", flags.log_format, "text or json");
  flag(command,
       "allow-list",
       flags.allow_list,
       "YAML file that says which kinds and fields may be held; empty: the built-in list");
  flag(command,
       "headroom-image",
       flags.headroom_image,
       "Image of placeholder pods (spec.capacity.headroom); they stand in the lease's namespace");
  flag(command,
       "prepull-image",
       flags.prepull_image,
       "Image with a statically linked /bin/busybox, for pods that pull images ahead "
       "(spec.capacity.imagePrepull)");
  flag(command,
       "prometheus-address",
       flags.prometheus_address,
       "Prometheus that spec.checks[] ask which name none, such as "
       "http://prometheus.monitoring.svc:9090");
  command
      .add_option("--allow-check-hosts",
                  flags.allow_check_hosts,
                  "Host that spec.checks[] may ask, such as *.monitoring.svc or "
                  "status.example:443; repeat for more (in the environment: between commas). None: "
                  "that of --prometheus-address")
      ->envname("DOORBUSTER_ALLOW_CHECK_HOSTS")
      ->delimiter(',');
  flag(command,
       "check-ca-file",
       flags.check_ca_file,
       "PEM file of the authorities that https servers of spec.checks[] are trusted by");
  flag(command, "request-timeout", flags.request_timeout, "Time for one request to the API server");
  flag(command,
       "sweep-interval",
       flags.sweep_interval,
       "Time between two searches for objects that carry forgotten holds");
}

Result<RunOptions> understand(const RunFlags& flags) {
  RunOptions options;
  options.kubeconfig = flags.kubeconfig;
  options.context = flags.context;
  for (const Outcome& part : {understand_lease(flags, options),
                              understand_names(flags, options),
                              understand_checks(flags, options),
                              understand_rest(flags, options)}) {
    if (!part.ok()) return part.error();
  }
  return options;
}

}  // namespace doorbuster::commands
