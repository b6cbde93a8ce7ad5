#pragma once

#include "operator/base/result.h"
#include "operator/kube/transport.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::bench {

/// A connection as the operator makes it. Errors: those of reading the kubeconfig.
Result<std::shared_ptr<kube::Transport>> connect(const std::string& kubeconfig,
                                                 std::size_t connections);

Instant wall_now();

/// What this process holds in memory, in bytes: now, and at most so far.
struct Memory {
  std::uint64_t resident = 0, peak = 0;
};
Memory memory_now();

/// Passes everything on, and counts the bytes of streams (lists and watches).
class CountingTransport final : public kube::Transport {
 public:
  explicit CountingTransport(std::shared_ptr<kube::Transport> inner) : inner_(std::move(inner)) {}

  Result<kube::Response> call(const kube::Request& request) override;
  std::unique_ptr<kube::Stream> open(const kube::Request& request,
                                     Duration idle,
                                     kube::StreamReader& reader) override;
  void post(Duration after, std::function<void()> work) override;

  std::uint64_t bytes() const { return counts_->bytes; }
  std::vector<std::string> targets() const;  ///< of the streams, in the order of their opening

  struct Counts {
    std::atomic<std::uint64_t> bytes = 0;
    std::mutex mutex;
    std::vector<std::string> targets;
  };

 private:
  std::shared_ptr<kube::Transport> inner_;
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace doorbuster::bench
