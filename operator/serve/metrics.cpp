#include "operator/serve/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cassert>
#include <mutex>
#include <utility>
#include <variant>

namespace doorbuster::serve {
namespace {

using AnyFamily = std::variant<prometheus::Family<prometheus::Counter>*,
                               prometheus::Family<prometheus::Gauge>*,
                               prometheus::Family<prometheus::Histogram>*>;
using AnyMetric = std::variant<prometheus::Counter*, prometheus::Gauge*, prometheus::Histogram*>;

constexpr const char* kDropped = "doorbuster_metrics_dropped_total";

bool carries(const MetricLabels& series, const MetricLabels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& one) {
    const auto found = series.find(one.first);
    return found != series.end() && found->second == one.second;
  });
}

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

  void declare(const MetricSpec& spec) {
    switch (spec.type) {
      case MetricSpec::Type::Counter:
        families[spec.name].family = &prometheus::BuildCounter().Name(spec.name).Help(spec.help).Register(registry);
        break;
      case MetricSpec::Type::Gauge:
        families[spec.name].family = &prometheus::BuildGauge().Name(spec.name).Help(spec.help).Register(registry);
        break;
      case MetricSpec::Type::Histogram:
        families[spec.name].family = &prometheus::BuildHistogram().Name(spec.name).Help(spec.help).Register(registry);
        families[spec.name].buckets = spec.buckets;
        break;
    }
  }

  static AnyMetric make(Family& family, const MetricLabels& labels) {
    if (auto** counters = std::get_if<prometheus::Family<prometheus::Counter>*>(&family.family)) return &(*counters)->Add(labels);
    if (auto** gauges = std::get_if<prometheus::Family<prometheus::Gauge>*>(&family.family)) return &(*gauges)->Add(labels);
    return &std::get<prometheus::Family<prometheus::Histogram>*>(family.family)->Add(labels, family.buckets);
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

  void remove_from(Family& family, const MetricLabels& labels) {
    for (auto at = family.series.begin(); at != family.series.end();) {
      if (!carries(at->first, labels)) {
        ++at;
        continue;
      }
      if (auto** counter = std::get_if<prometheus::Counter*>(&at->second)) {
        std::get<prometheus::Family<prometheus::Counter>*>(family.family)->Remove(*counter);
      } else if (auto** gauge = std::get_if<prometheus::Gauge*>(&at->second)) {
        std::get<prometheus::Family<prometheus::Gauge>*>(family.family)->Remove(*gauge);
      } else {
        std::get<prometheus::Family<prometheus::Histogram>*>(family.family)->Remove(std::get<prometheus::Histogram*>(at->second));
      }
      at = family.series.erase(at);
      --count;
    }
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
  if (auto* histogram = state_->find<prometheus::Histogram>(name, labels)) histogram->Observe(value);
}

void Metrics::remove(const MetricLabels& labels) {
  const std::lock_guard lock(state_->mutex);
  for (auto& [name, family] : state_->families) state_->remove_from(family, labels);
}

void Metrics::remove(const std::string& name, const MetricLabels& labels) {
  const std::lock_guard lock(state_->mutex);
  const auto family = state_->families.find(name);
  assert(family != state_->families.end());
  state_->remove_from(family->second, labels);
}

std::string Metrics::text() const {
  const std::lock_guard lock(state_->mutex);
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace doorbuster::serve
