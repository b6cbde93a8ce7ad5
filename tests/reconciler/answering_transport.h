#pragma once

#include "operator/kube/client.h"
#include "operator/kube/transport.h"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::reconciler {

/// A Transport whose calls are answered by a function; streams never bring anything.
class AnsweringTransport final : public kube::Transport {
 public:
  using Answer = std::function<kube::Response(const kube::Request&)>;
  explicit AnsweringTransport(Answer answer) : answer_(std::move(answer)) {}

  Result<kube::Response> call(const kube::Request& request) override {
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(request);
    }
    return answer_(request);
  }
  std::unique_ptr<kube::Stream> open(const kube::Request&, Duration, kube::StreamReader&) override {
    struct Silence final : kube::Stream {
      void close() override {}
    };
    return std::make_unique<Silence>();
  }
  void post(Duration, std::function<void()>) override {}

  std::vector<kube::Request> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  Answer answer_;
  mutable std::mutex mutex_;
  std::vector<kube::Request> calls_;
};

/// A client of one, answered by what is asked for.
struct AnsweringClient {
  using Answer = std::function<kube::Response(const std::string& target)>;
  explicit AnsweringClient(Answer answer)
      : transport(std::make_shared<AnsweringTransport>(
            [answer = std::move(answer)](const kube::Request& one) { return answer(one.target); })),
        client(std::make_shared<kube::Client>(transport)) {}
  /// How often something was asked for whose target has this in it.
  int asked(const std::string& part) const {
    int out = 0;
    for (const kube::Request& one : transport->calls())
      out += one.target.find(part) != std::string::npos ? 1 : 0;
    return out;
  }
  std::shared_ptr<AnsweringTransport> transport;
  std::shared_ptr<kube::Client> client;
};

}  // namespace doorbuster::reconciler
