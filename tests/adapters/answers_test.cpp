// What is made of Prometheus' answers, whose shape is that of its documented HTTP API, and of one
// value in any JSON answer.
#include "controllers/adapters/json_answer.h"
#include "controllers/adapters/prometheus_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::adapters {
namespace {

using testing::HasSubstr;
using Says = Reading::Says;

std::string success(const std::string& type, const std::string& result) {
  return R"({"status":"success","data":{"resultType":")" + type + R"(","result":)" + result + "}}";
}
std::string vector_of(const std::string& samples) { return success("vector", "[" + samples + "]"); }
std::string sample_of(const std::string& value) {
  return R"({"metric":{"__name__":"up","job":"shop"},"value":[1764000000.123,")" + value + R"("]})";
}
std::string matrix_of(const std::string& values) {
  return success("matrix", R"([{"metric":{},"values":[)" + values + "]}]");
}

struct Case {
  const char* sentence;
  std::string body;
  Says says;
  double value;
  const char* text;
  Worst worst = Worst::Highest;
};

void expect(const Case& one, const Reading& reading) {
  SCOPED_TRACE(one.sentence);
  EXPECT_EQ(reading.says, one.says) << reading.text;
  EXPECT_EQ(reading.value, one.value);
  EXPECT_THAT(reading.text, HasSubstr(one.text));
}

TEST(PrometheusAnswer, gives_one_number_or_says_why_not) {
  const Case cases[] = {
      {"a scalar", success("scalar", R"([1764000000.1,"0.5"])"), Says::Value, 0.5, "0.5"},
      {"a vector of one", vector_of(sample_of("1e-05")), Says::Value, 1e-05, "1e-05"},
      {"a negative", vector_of(sample_of("-3")), Says::Value, -3, "-3"},
      {"an empty vector", vector_of(""), Says::Missing, 0, "finds no series"},
      {"NaN", vector_of(sample_of("NaN")), Says::Missing, 0, "NaN"},
      {"infinity", vector_of(sample_of("+Inf")), Says::Error, 0, "infinite"},
      {"its negative", vector_of(sample_of("-Inf")), Says::Error, 0, "infinite"},
      {"two series",
       vector_of(sample_of("1") + "," + sample_of("2")),
       Says::Error,
       0,
       "finds 2 series instead of one"},
      {"a native histogram",
       vector_of(R"({"metric":{},"histogram":[1764000000,{"count":"1","sum":"2"}]})"),
       Says::Error,
       0,
       "native histogram"},
      {"a string", success("string", R"([1764000000,"5"])"), Says::Error, 0, "is a string"},
      {"a value that is no number", vector_of(sample_of("many")), Says::Error, 0, "no number"},
      {"a number that is not in quotes",
       vector_of(R"({"metric":{},"value":[1764000000,5]})"),
       Says::Error,
       0,
       "no sample"},
      {"warnings beside the data",
       R"({"status":"success","warnings":["slow"],"data":{"resultType":"scalar","result":[1,"2"]}})",
       Says::Value,
       2,
       "2"},
      {"an error",
       R"({"status":"error","errorType":"bad_data","error":"1:5: parse error: unexpected \"(\""})",
       Says::Error,
       0,
       "Prometheus says bad_data: 1:5: parse error"},
      {"a timeout",
       R"({"status":"error","errorType":"timeout","error":"query timed out"})",
       Says::Error,
       0,
       "Prometheus says timeout: query timed out"},
      {"no JSON", "<html>Bad gateway</html>", Says::Error, 0, "not Prometheus'"},
      {"half of it",
       success("scalar", R"([1,"2"])").substr(0, 60),
       Says::Error,
       0,
       "not Prometheus'"},
      {"other JSON", R"({"value":5})", Says::Error, 0, "not Prometheus'"},
      {"a list", "[]", Says::Error, 0, "not Prometheus'"},
      {"success without data", R"({"status":"success"})", Says::Error, 0, "not Prometheus'"},
  };
  for (const Case& one : cases) expect(one, read_prometheus(one.body, one.worst));
}

TEST(PrometheusAnswer, the_worst_value_of_a_range_decides) {
  const std::string three = R"([1,"2"],[2,"7"],[3,"5"])";
  const Case cases[] = {
      {"the highest", matrix_of(three), Says::Value, 7, "7"},
      {"the lowest", matrix_of(three), Says::Value, 2, "2", Worst::Lowest},
      {"NaN is left out", matrix_of(R"([1,"NaN"],[2,"7"])"), Says::Value, 7, "7"},
      {"nothing but NaN", matrix_of(R"([1,"NaN"])"), Says::Missing, 0, "no value"},
      {"infinity among them", matrix_of(R"([1,"1"],[2,"+Inf"])"), Says::Error, 0, "infinite"},
      {"no series", success("matrix", "[]"), Says::Missing, 0, "finds no series"},
      {"a value that cannot be read", matrix_of(R"([1,"1"],[2])"), Says::Error, 0, "no sample"},
  };
  for (const Case& one : cases) expect(one, read_prometheus(one.body, one.worst));
}

TEST(PrometheusTarget, carries_any_query_and_the_span) {
  EXPECT_EQ(prometheus_target("/", "sum(rate(x{code=~\"5..\"}[1m]))", std::nullopt),
            "/api/v1/query?query=sum%28rate%28x%7Bcode%3D~%225..%22%7D%5B1m%5D%29%29");
  EXPECT_EQ(prometheus_target("/prom/", "a\n+b&c", std::nullopt),
            "/prom/api/v1/query?query=a%0A%2Bb%26c");
  const QueryRange range{.end = Instant(std::chrono::milliseconds(1'764'000'000'050)),
                         .reaches = std::chrono::minutes(5),
                         .step = std::chrono::milliseconds(1'500)};
  EXPECT_EQ(prometheus_target("", "up", range),
            "/api/v1/query_range?query=up&start=1763999700.050&end=1764000000.050&step=1.500");
}

TEST(JsonAnswer, gives_the_number_at_a_pointer_or_says_why_not) {
  const std::string body =
      R"({"rate":0.02,"text":"12.5","word":"secret words","on":true,"none":null,"big":1e999,)"
      R"("list":[{"name":"cart","p99":3},{"name":"pay","p99":4}],"a/b":7})";
  struct PointerCase {
    const char *pointer, *what;
    Says says;
    double value;
  };
  const PointerCase cases[] = {
      {"/rate", "0.02", Says::Value, 0.02},
      {"/text", "12.5", Says::Value, 12.5},
      {"/list/1/p99", "4", Says::Value, 4},
      {"/list/[name=cart]/p99", "3", Says::Value, 3},
      {"/a~1b", "7", Says::Value, 7},
      {"/none", "null at /none", Says::Missing, 0},
      {"/gone", "nothing at /gone", Says::Missing, 0},
      {"/list/9/p99", "nothing at /list/9/p99", Says::Missing, 0},
      {"/word", "the value is no number", Says::Error, 0},
      {"/on", "no number at /on", Says::Error, 0},
      {"/list", "no number at /list", Says::Error, 0},
      {"/big", "the value is no number", Says::Error, 0},
  };
  for (const PointerCase& one : cases) {
    SCOPED_TRACE(one.pointer);
    const Reading reading = read_json(body, one.pointer);
    EXPECT_EQ(reading.says, one.says) << reading.text;
    EXPECT_EQ(reading.value, one.value);
    EXPECT_THAT(reading.text, HasSubstr(one.what));
    EXPECT_THAT(reading.text, testing::Not(HasSubstr("secret")));
  }
  for (const char* garbage : {"", "{", "nope", "{\"a\":1,\"a\":2}", "\xff\xfe"})
    EXPECT_EQ(read_json(garbage, "/a").says, Says::Error) << garbage;
}

}  // namespace
}  // namespace doorbuster::adapters
