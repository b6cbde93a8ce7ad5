#pragma once

#include "tests/reconciler/small_reconciler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace doorbuster::reconciler {

/// A whole reconciler on a small cluster with the namespace `shop`.
class ReconcilerRun : public testing::Test {
 protected:
  using Name = SmallCluster::Name;

  /// `unserved`: the beginning of the log line that says of a kind that it is not served.
  ReconcilerRun(std::vector<ServedKind> kinds, std::string unserved)
      : cluster_(std::move(kinds)), unserved_(std::move(unserved)) {
    cluster_.put({"", "namespaces", "", "shop"}, R"({"kind":"Namespace"})");
  }
  ~ReconcilerRun() override {
    if (reconciler_) reconciler_->stop(std::chrono::seconds(5));
    reconciler_.reset();
    if (HasFailure()) std::cerr << cluster_.story();
  }

  void start() {
    Reconciler::Settings settings;
    settings.setup = {.install = "here", .allow = products::AllowList::standard()};
    settings.workers = 1;
    settings.sweep_every = std::chrono::hours(1'000);
    auto parts = parts_of(cluster_, [this](const LogLine& line) {
      if (line.message.starts_with(unserved_)) ++told_;
    });
    reconciler_ = std::make_unique<Reconciler>(std::move(settings), std::move(parts));
    reconciler_->start();
    reconciler_->lead();
  }
  static testing::AssertionResult within(const std::function<bool()>& happens) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      if (happens()) return testing::AssertionSuccess();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return testing::AssertionFailure() << "did not happen";
  }
  testing::AssertionResult becomes(const Name& name,
                                   const std::string& pointer,
                                   const std::string& value) {
    return within([&] { return cluster_.value(name, pointer) == value; })
           << ": " << cluster_.value(name, pointer);
  }

  SmallCluster cluster_;
  const std::string unserved_;
  std::atomic<int> told_{0};  ///< lines that begin so
  std::unique_ptr<Reconciler> reconciler_;
};

}  // namespace doorbuster::reconciler
