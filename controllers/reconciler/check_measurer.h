#pragma once

#include "controllers/adapters/reading.h"
#include "controllers/adapters/web.h"
#include "controllers/planner/plan.h"
#include "controllers/reconciler/kinds.h"
#include "operator/kube/access.h"
#include "operator/kube/client.h"

#include <functional>
#include <memory>
#include <string>

namespace doorbuster::reconciler {

/// Measures one check once. Blocks for seconds at the most. Thread-safe.
class CheckMeasurer {
 public:
  virtual ~CheckMeasurer() = default;
  virtual planner::Measurement measure(const planner::Event& event,
                                       const api::CheckSpec& check) = 0;
};

/// By asking Prometheus, a server outside, or the API server. Only hosts that the setup allows are
/// asked, and only objects and Secrets read that the event's service account may get, only pods
/// counted that it may list.
class ProviderMeasurer final : public CheckMeasurer {
 public:
  struct Parts {
    std::shared_ptr<kube::Client> client;
    std::shared_ptr<Kinds> kinds;
    std::shared_ptr<kube::AccessReviewer> access;
    std::shared_ptr<adapters::Web> web;
    planner::CheckSetup setup;
    std::function<Instant()> now;
  };
  explicit ProviderMeasurer(Parts parts) : parts_(std::move(parts)) {}
  planner::Measurement measure(const planner::Event& event, const api::CheckSpec& check) override;

 private:
  adapters::Reading read(const planner::Event& event, const api::CheckSpec& check);
  adapters::Reading prometheus(const api::CheckSpec& check);
  adapters::Reading http(const planner::Event& event, const api::HttpCheck& check);
  /// The value 1 opens, 0 rejects.
  adapters::Reading gate(const planner::Event& event, const api::CheckSpec& check);
  adapters::Reading condition(const planner::Event& event, const api::ConditionCheck& check);
  adapters::Reading pods(const planner::Event& event, const api::PodsCheck& check);
  adapters::Reading job(const planner::Event& event, const api::JobCheck& check);
  Result<std::string> token(const planner::Event& event, const api::CheckToken& from);
  /// May the event's account do this? `what`: in words, `get Secret s`.
  Outcome account_may(const planner::Event& event,
                      const kube::AccessAsk& ask,
                      const std::string& what);
  /// The object's text, where the event's account may get it too.
  Result<std::string> get(const planner::Event& event,
                          const kube::Resource& resource,
                          const std::string& name);

  Parts parts_;
};

}  // namespace doorbuster::reconciler
