#pragma once

#include "operator/kube/client.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::kube::testing {

/// Answers each target with what it was told to; 404 as text otherwise.
class NotingTransport : public Transport {
 public:
  Result<Response> call(const Request& request) override {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
    if (failure) return *failure;
    const auto found = answers.find(request.target);
    if (found != answers.end()) return found->second;
    if (fallback) return *fallback;
    return Response{404, {}, "404 page not found\n"};
  }
  std::unique_ptr<Stream> open(const Request&, Duration, StreamReader&) override { return nullptr; }
  void post(Duration, std::function<void()>) override {}

  std::mutex mutex;
  std::vector<Request> requests;
  std::map<std::string, Response> answers;
  std::optional<Response> fallback;
  std::optional<Error> failure;
};

inline const Resource kDeployments{
    "apps", "v1", "deployments", "Deployment", true, {}, {"scale", "status"}};
inline const Resource kNodes{"", "v1", "nodes", "Node", false, {}, {}};
inline const std::string kObject =
    R"({"metadata":{"name":"web","namespace":"shop","uid":"u-1","resourceVersion":"7","generation":3}})";

struct Rig {
  std::shared_ptr<NotingTransport> transport = std::make_shared<NotingTransport>();
  Client client{transport};
  const Request& sent() const { return transport->requests.back(); }
};

}  // namespace doorbuster::kube::testing
