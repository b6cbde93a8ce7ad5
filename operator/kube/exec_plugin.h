#pragma once

#include "operator/base/instant.h"
#include "operator/base/result.h"
#include "operator/kube/kubeconfig.h"

#include <atomic>
#include <optional>
#include <string>

namespace doorbuster::kube {

/// What a plugin answered (ExecCredential.status).
struct PluginAnswer {
  std::string token, certificate, key;
  std::optional<Instant> expires;
};

inline constexpr std::size_t kMaxPluginOutput = 256U << 10U;
inline constexpr Duration kPluginTime{30'000};

/// Reads an ExecCredential. Denied with the reason: another apiVersion than asked for, no
/// credentials in it.
Result<PluginAnswer> read_plugin_answer(std::string_view text, const std::string& api_version);

/// Runs the program without a shell, with no input, with only its three standard descriptors open,
/// in a process group of its own that is killed after `time`, when it talks too much, or when
/// `stop` becomes true. Denied: it gave no credentials.
Result<PluginAnswer> run_plugin(const ExecPlugin& plugin,
                                const std::atomic<bool>& stop,
                                Duration time = kPluginTime);

}  // namespace doorbuster::kube
