#pragma once

#include "controllers/adapters/reading.h"
#include "operator/base/instant.h"

#include <optional>
#include <string>
#include <string_view>

namespace doorbuster::adapters {

/// Which value of a span decides.
enum class Worst { Highest, Lowest };

/// A span that ends at an instant.
struct QueryRange {
  Instant end;
  Duration reaches{}, step{};
};

/// Path and query of a request to Prometheus' HTTP API
/// (https://prometheus.io/docs/prometheus/latest/querying/api/). `prefix`: what its address has as
/// a path.
std::string prometheus_target(std::string_view prefix,
                              std::string_view query,
                              const std::optional<QueryRange>& range);

/// The one number of its answer: a scalar, a vector of one sample, or the worst value of a matrix
/// of one series, NaN left out. No series is missing data; several are an error, as are strings and
/// native histograms. `status: error` is one with Prometheus' words, whatever the HTTP status.
Reading read_prometheus(std::string_view body, Worst worst);

/// Many counts of its answer, a vector: of each sample the label `doorbuster` names it, with the
/// label `le` behind a `@` where it has one. The text is `candidate=120;candidate@0.5=80`. A count
/// that is no number or NaN is left out; no sample is missing data.
Reading read_counts(std::string_view body);

}  // namespace doorbuster::adapters
