#include "operator/serve/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cassert>
#include <mutex>
#include <set>
#include <utility>
#include <variant>

namespace doorbuster::serve {
namespace {

using AnyFamily = std::variant<prometheus::Family<prometheus::Counter>*,
                               prometheus::Family<prometheus::Gauge>*,
                               prometheus::Family<prometheus::Histogram>*>;
using AnyMetric = std::variant<prometheus::Counter*, prometheus::Gauge*, prometheus::Histogram*>;

constexpr const char* kDropped = "doorbuster_metrics_dropped_total";

}  // namespace

struct Metrics::State {
  struct Family {
    AnyFamily family;
    std::vector<double> buckets;
    std::map<MetricLabels, AnyMetric> series;
  };

  mutable std::mutex mutex;
  prometheus::Registry registry;
  std::map<std::string, Family> families;
  prometheus::Counter* dropped = nullptr;
  std::size_t count = 0;
  std::map<std::string, std::set<std::pair<std::string, MetricLabels>>> groups;

  void declare(const MetricSpec& spec) {
    switch (spec.type) {
      case MetricSpec::Type::Counter:
        families[spec.name].family =
            &prometheus::BuildCounter().Name(spec.name).Help(spec.help).Register(registry);
        break;
      case MetricSpec::Type::Gauge:
        families[spec.name].family =
            &prometheus::BuildGauge().Name(spec.name).Help(spec.help).Register(registry);
        break;
      case MetricSpec::Type::Histogram:
        families[spec.name].family =
            &prometheus::BuildHistogram().Name(spec.name).Help(spec.help).Register(registry);
        families[spec.name].buckets = spec.buckets;
        break;
    }
  }

  static AnyMetric make(Family& family, const MetricLabels& labels) {
    if (auto** counters = std::get_if<prometheus::Family<prometheus::Counter>*>(&family.family))
      return &(*counters)->Add(labels);
    if (auto** gauges = std::get_if<prometheus::Family<prometheus::Gauge>*>(&family.family))
      return &(*gauges)->Add(labels);
    return &std::get<prometheus::Family<prometheus::Histogram>*>(family.family)
                ->Add(labels, family.buckets);
  }

  /// Under the lock. Null: over the bound.
  template <class T>
  T* find(const std::string& name, const MetricLabels& labels) {
    const auto family = families.find(name);
    assert(family != families.end());
    const auto known = family->second.series.find(labels);
    if (known != family->second.series.end()) return std::get<T*>(known->second);
    if (count >= kSeries) {
      dropped->Increment();
      return nullptr;
    }
    ++count;
    const AnyMetric made = make(family->second, labels);
    family->second.series.emplace(labels, made);
    return std::get<T*>(made);
  }

  void drop(const std::string& name, const MetricLabels& labels) {
    Family& family = families.at(name);
    const auto known = family.series.find(labels);
    if (known == family.series.end()) return;
    std::get<prometheus::Family<prometheus::Gauge>*>(family.family)
        ->Remove(std::get<prometheus::Gauge*>(known->second));
    family.series.erase(known);
    --count;
  }
};

Metrics::Metrics(const std::vector<MetricSpec>& specs) : state_(std::make_unique<State>()) {
  for (const MetricSpec& one : specs) state_->declare(one);
  state_->dropped = &prometheus::BuildCounter()
                         .Name(kDropped)
                         .Help("Samples of series beyond the bound of this process.")
                         .Register(state_->registry)
                         .Add({});
}

Metrics::~Metrics() = default;

void Metrics::count(const std::string& name, const MetricLabels& labels, double by) {
  const std::lock_guard lock(state_->mutex);
  if (auto* counter = state_->find<prometheus::Counter>(name, labels)) counter->Increment(by);
}

void Metrics::set(const std::string& name, const MetricLabels& labels, double value) {
  const std::lock_guard lock(state_->mutex);
  if (auto* gauge = state_->find<prometheus::Gauge>(name, labels)) gauge->Set(value);
}

void Metrics::change(const std::string& name, const MetricLabels& labels, double by) {
  const std::lock_guard lock(state_->mutex);
  if (auto* gauge = state_->find<prometheus::Gauge>(name, labels)) gauge->Increment(by);
}

void Metrics::observe(const std::string& name, const MetricLabels& labels, double value) {
  const std::lock_guard lock(state_->mutex);
  if (auto* histogram = state_->find<prometheus::Histogram>(name, labels))
    histogram->Observe(value);
}

void Metrics::set_group(const std::string& group, const std::vector<MetricSample>& samples) {
  const std::lock_guard lock(state_->mutex);
  std::set<std::pair<std::string, MetricLabels>> now;
  for (const MetricSample& one : samples) {
    if (auto* gauge = state_->find<prometheus::Gauge>(one.name, one.labels)) gauge->Set(one.value);
    now.emplace(one.name, one.labels);
  }
  const auto before = state_->groups.find(group);
  if (before != state_->groups.end()) {
    for (const auto& [name, labels] : before->second) {
      if (!now.contains({name, labels})) state_->drop(name, labels);
    }
  }
  if (now.empty()) {
    state_->groups.erase(group);
  } else {
    state_->groups[group] = std::move(now);
  }
}

std::string Metrics::text() const {
  const std::lock_guard lock(state_->mutex);
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace doorbuster::serve
