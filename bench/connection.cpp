#include "bench/connection.h"

#include "operator/kube/http_transport.h"
#include "operator/kube/kubeconfig.h"

#include <fstream>

namespace doorbuster::bench {
namespace {

constexpr std::size_t kIdleConnections = 32;

/// Counts and passes on.
class CountingStream final : public kube::Stream, public kube::StreamReader {
 public:
  CountingStream(kube::StreamReader& reader, std::shared_ptr<CountingTransport::Counts> counts)
      : reader_(reader), counts_(std::move(counts)) {}
  void attach(std::unique_ptr<kube::Stream> inner) { inner_ = std::move(inner); }

  void close() override {
    if (inner_) inner_->close();
  }
  void on_status(int status, const kube::Headers& headers) override {
    reader_.on_status(status, headers);
  }
  void on_bytes(std::string_view bytes) override {
    counts_->bytes += bytes.size();
    reader_.on_bytes(bytes);
  }
  void on_end(const Error& why) override { reader_.on_end(why); }

 private:
  kube::StreamReader& reader_;
  std::shared_ptr<CountingTransport::Counts> counts_;
  std::unique_ptr<kube::Stream> inner_;  // last: closed before what it calls goes
};

}  // namespace

Instant wall_now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

Result<std::shared_ptr<kube::Transport>> connect(const std::string& kubeconfig,
                                                 std::size_t connections) {
  Result<kube::ServerConfig> server = kube::load_kubeconfig({.explicit_path = kubeconfig});
  if (!server.ok()) return server.error();
  kube::TransportOptions options;
  options.user_agent = "doorbuster-bench";
  options.now = wall_now;
  options.max_connections = connections;
  options.max_idle = kIdleConnections;
  return kube::make_transport(*server, options);
}

Memory memory_now() {
  Memory memory;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    const auto kilobytes = [&] { return std::stoull(line.substr(line.find(':') + 1)) * 1024; };
    if (line.starts_with("VmRSS:")) memory.resident = kilobytes();
    if (line.starts_with("VmHWM:")) memory.peak = kilobytes();
  }
  return memory;
}

Result<kube::Response> CountingTransport::call(const kube::Request& request) {
  return inner_->call(request);
}

std::unique_ptr<kube::Stream> CountingTransport::open(const kube::Request& request,
                                                      Duration idle,
                                                      kube::StreamReader& reader) {
  {
    const std::lock_guard lock(counts_->mutex);
    counts_->targets.push_back(request.target);
  }
  auto stream = std::make_unique<CountingStream>(reader, counts_);
  stream->attach(inner_->open(request, idle, *stream));
  return stream;
}

void CountingTransport::post(Duration after, std::function<void()> work) {
  inner_->post(after, std::move(work));
}

std::vector<std::string> CountingTransport::targets() const {
  const std::lock_guard lock(counts_->mutex);
  return counts_->targets;
}

}  // namespace doorbuster::bench
