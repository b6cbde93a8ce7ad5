#include "controllers/adapters/prometheus_answer.h"

#include "operator/base/json.h"
#include "operator/base/web_address.h"

#include <vector>

namespace doorbuster::adapters {
namespace {

constexpr std::size_t kMaxErrorBytes = 256;  ///< of Prometheus' words
constexpr std::size_t kMaxTypeBytes = 32;
constexpr std::size_t kMaxCounts = 1024;
constexpr const char* kNotPrometheus = "an answer that is not Prometheus'";
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

/// Why an answer has no result; empty: it has one.
std::string why_no_result(const Result<JsonView>& answer) {
  if (!answer.ok() || answer->type() != JsonType::Object) return kNotPrometheus;
  const std::string status = text_at(*answer, "status");
  if (status == "error")
    return "Prometheus says " + text_at(*answer, "errorType").substr(0, kMaxTypeBytes) + ": " +
           text_at(*answer, "error").substr(0, kMaxErrorBytes);
  const auto data = answer->member("data");
  return status == "success" && data && data->member("result") ? "" : kNotPrometheus;
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
  if (const std::string wrong = why_no_result(answer); !wrong.empty()) return failed(wrong);
  const auto data = answer->member("data"), result = data->member("result");
  const std::string type = text_at(*data, "resultType");
  if (type == "scalar") return sample(result);
  if (type != "vector" && type != "matrix")
    return failed("the query's answer is a " + type.substr(0, 16) + ", not a number");
  return one_series(result->elements(), worst);
}

Reading read_counts(std::string_view body) {
  const auto answer = JsonView::parse(body);
  if (const std::string wrong = why_no_result(answer); !wrong.empty()) return failed(wrong);
  const auto data = answer->member("data"), result = data->member("result");
  if (text_at(*data, "resultType") != "vector") return failed("the query's answer is no vector");
  const std::vector<JsonView> samples = result->elements();
  if (samples.size() > kMaxCounts)
    return failed("the query finds more than " + std::to_string(kMaxCounts) + " series");
  Reading out{Reading::Says::Value, 0, ""};
  for (const JsonView& one : samples) {
    const auto metric = one.member("metric");
    const std::string name = metric ? text_at(*metric, "doorbuster") : "";
    const std::string le = metric ? text_at(*metric, "le") : "";
    const Reading value = sample(one.member("value"));
    if (name.empty() || value.says != Reading::Says::Value) continue;
    out.text +=
        (out.text.empty() ? "" : ";") + name + (le.empty() ? "" : "@" + le) + "=" + value.text;
  }
  return out.text.empty() ? missing("the query finds no series") : out;
}

}  // namespace doorbuster::adapters
