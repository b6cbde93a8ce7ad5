#include "controllers/adapters/prometheus_answer.h"

#include "operator/base/json.h"
#include "operator/base/web_address.h"

#include <vector>

namespace doorbuster::adapters {
namespace {

constexpr std::size_t kMaxErrorBytes = 256;  ///< of Prometheus' words
constexpr std::size_t kMaxTypeBytes = 32;
constexpr int kMillisPerSecond = 1000;

/// `1764000000.250`, as Prometheus reads times and steps.
std::string seconds(Duration since) {
  const auto whole = since.count() / kMillisPerSecond, rest = since.count() % kMillisPerSecond;
  const std::string digits = std::to_string(rest);
  return std::to_string(whole) + "." + std::string(3 - digits.size(), '0') + digits;
}

std::string text_at(const JsonView& object, std::string_view name) {
  const auto member = object.member(name);
  return member ? member->string().value_or("") : "";
}

/// `[1764000000.1, "0.5"]`
Reading sample(const std::optional<JsonView>& pair) {
  const std::vector<JsonView> parts = pair ? pair->elements() : std::vector<JsonView>();
  const auto text = parts.size() == 2 ? parts[1].string() : std::nullopt;
  return text ? number(*text) : failed("an answer that cannot be read: no sample");
}

bool is_worse(double a, double b, Worst worst) { return worst == Worst::Highest ? a > b : a < b; }

Reading worst_of(const std::vector<JsonView>& samples, Worst worst) {
  Reading out = missing("the series has no value");
  for (const JsonView& one : samples) {
    const Reading read = sample(one);
    if (read.says == Reading::Says::Error) return read;
    if (read.says == Reading::Says::Missing) continue;
    if (out.says == Reading::Says::Missing || is_worse(read.value, out.value, worst)) out = read;
  }
  return out;
}

/// Of a vector or a matrix.
Reading one_series(const std::vector<JsonView>& series, Worst worst) {
  if (series.empty()) return missing("the query finds no series");
  if (series.size() > 1)
    return failed("the query finds " + std::to_string(series.size()) +
                  " series instead of one: aggregate them");
  const auto value = series.front().member("value"), values = series.front().member("values");
  if (!value && !values) return failed("the query finds a native histogram: take a number of it");
  return value ? sample(value) : worst_of(values->elements(), worst);
}

}  // namespace

std::string prometheus_target(std::string_view prefix,
                              std::string_view query,
                              const std::optional<QueryRange>& range) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  std::string out = std::string(prefix) + "/api/v1/query" + (range ? "_range" : "") +
                    "?query=" + percent_encoded(query);
  if (!range) return out;
  const Duration end = range->end.time_since_epoch();
  return out + "&start=" + seconds(end - range->reaches) + "&end=" + seconds(end) +
         "&step=" + seconds(range->step);
}

Reading read_prometheus(std::string_view body, Worst worst) {
  const auto answer = JsonView::parse(body);
  if (!answer.ok() || answer->type() != JsonType::Object)
    return failed("an answer that is not Prometheus'");
  const std::string status = text_at(*answer, "status");
  if (status == "error")
    return failed("Prometheus says " + text_at(*answer, "errorType").substr(0, kMaxTypeBytes) +
                  ": " + text_at(*answer, "error").substr(0, kMaxErrorBytes));
  const auto data = answer->member("data");
  const auto result = data ? data->member("result") : std::nullopt;
  if (status != "success" || !result) return failed("an answer that is not Prometheus'");
  const std::string type = text_at(*data, "resultType");
  if (type == "scalar") return sample(result);
  if (type != "vector" && type != "matrix")
    return failed("the query's answer is a " + type.substr(0, 16) + ", not a number");
  return one_series(result->elements(), worst);
}

}  // namespace doorbuster::adapters
