#pragma once

#include "operator/kube/transport.h"

#include <memory>
#include <utility>

namespace doorbuster::fuzz {

/// A transport that gives the same answer to everything.
class OneAnswer final : public kube::Transport {
 public:
  explicit OneAnswer(kube::Response response) : response_(std::move(response)) {}
  Result<kube::Response> call(const kube::Request&) override { return response_; }
  std::unique_ptr<kube::Stream> open(const kube::Request&, Duration, kube::StreamReader&) override {
    return nullptr;
  }
  void post(Duration, std::function<void()>) override {}

 private:
  kube::Response response_;
};

}  // namespace doorbuster::fuzz
