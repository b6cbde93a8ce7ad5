#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace doorbuster::serve {

using MetricLabels = std::map<std::string, std::string>;

/// What a metric is, declared once.
struct MetricSpec {
  enum class Type { Counter, Gauge, Histogram } type;
  std::string name, help;
  std::vector<double> buckets;  ///< of a histogram, ascending
};

/// One gauge's value.
struct MetricSample {
  std::string name;
  MetricLabels labels;
  double value = 0;
};

/// Metrics in Prometheus' text format. Using a name that was not declared, or as another type, is a
/// bug and stops the process. Thread-safe.
class Metrics {
 public:
  explicit Metrics(const std::vector<MetricSpec>& specs);
  ~Metrics();

  void count(const std::string& name, const MetricLabels& labels, double by = 1);
  void set(const std::string& name, const MetricLabels& labels, double value);
  void change(const std::string& name, const MetricLabels& labels, double by);  ///< of a gauge
  void observe(const std::string& name, const MetricLabels& labels, double value);
  /// Gauges that come and go together (an event's): sets these and drops those that the group had
  /// before and has no more.
  void set_group(const std::string& group, const std::vector<MetricSample>& samples);
  std::string text() const;

  /// Series kept at most; further ones are counted in doorbuster_metrics_dropped_total instead.
  static constexpr std::size_t kSeries = 100'000;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace doorbuster::serve
