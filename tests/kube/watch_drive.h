#pragma once

#include "operator/kube/watch.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// A watch machine of deployments in `shop`, driven by hand: what it is told and what it says.
namespace doorbuster::kube::watch_drive {

inline Resource deployments() {
  return {.group = "apps",
          .version = "v1",
          .plural = "deployments",
          .kind = "Deployment",
          .verbs = {},
          .subresources = {}};
}

inline const std::string kPath = "/apis/apps/v1/namespaces/shop/deployments";
inline const std::string kFirstPage = "open " + kPath + "?limit=500";
/// With jitter 0.5: 195 s, half-way between 170 and 220.
inline std::string watch_from(const std::string& version) {
  return "open " + kPath + "?allowWatchBookmarks=true&resourceVersion=" + version +
         "&timeoutSeconds=195&watch=true";
}

inline std::string object(const std::string& name, const std::string& version) {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"shop","uid":"u-)" + name +
         R"(","resourceVersion":")" + version + R"("},"spec":{"note":"naïve } ] \" ☂"}})";
}
inline std::string list(const std::string& version,
                        const std::vector<std::string>& items,
                        const std::string& token = "") {
  std::string text =
      R"({"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{"resourceVersion":")" +
      version + '"';
  if (!token.empty()) text += R"(,"continue":")" + token + '"';
  text += R"(},"items":[)";
  for (const std::string& item : items) text += (item == items.front() ? "" : ",") + item;
  return text + "]}\n";
}
inline std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}
inline std::string bookmark(const std::string& version) {
  return event("BOOKMARK",
               R"({"kind":"Deployment","metadata":{"resourceVersion":")" + version + R"("}})");
}
inline std::string status(int code, const std::string& message, const std::string& details = "{}") {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":")" + message +
         R"(","details":)" + details + R"(,"code":)" + std::to_string(code) + "}";
}

/// Drives a machine and writes down what it says, a line an output.
class Drive {
 public:
  explicit Drive(WatchSettings settings = {}) : machine(deployments(), "shop", settings) {}

  using Lines = std::vector<std::string>;
  Lines begin() { return take(Begin{}); }
  Lines answers(int code, std::optional<Duration> retry_after = {}) {
    return take(AnswerBegan{answer, code, retry_after});
  }
  Lines bytes(std::string_view text) { return take(AnswerBytes{answer, text}); }
  Lines ends() { return take(AnswerEnded{answer, true, "end of stream"}); }
  Lines breaks(const std::string& why = "reset") { return take(AnswerEnded{answer, false, why}); }
  Lines timer() { return take(TimerFired{timer_ticket}); }
  Lines page(const std::string& body) {
    answers(200);
    bytes(body);
    return ends();
  }
  Lines refusal(int code, const std::string& body = "", std::optional<Duration> retry_after = {}) {
    answers(code, retry_after);
    bytes(body);
    return ends();
  }
  void wait(Duration span) { now += span; }
  /// To an open watch that has seen version 10.
  Drive& watching() {
    begin();
    page(list("10", {object("a", "7")}));
    answers(200);
    return *this;
  }

  WatchMachine machine;
  Instant now = Instant(std::chrono::hours(1));
  double jitter = 0.5;
  std::uint64_t answer = 0, timer_ticket = 0;
  Duration timer_after{};

 private:
  Lines take(const WatchInput& input) {
    Lines lines;
    for (const WatchOutput& output : machine.step(input, now, jitter)) {
      std::visit([&](const auto& what) { lines.push_back(line(what)); }, output);
    }
    return lines;
  }
  std::string line(const OpenAnswer& what) {
    answer = what.ticket;
    return "open " + what.target;
  }
  static std::string line(const CloseAnswer&) { return "close"; }
  std::string line(const SetTimer& what) {
    timer_ticket = what.ticket;
    timer_after = what.after;
    return "timer " + to_text(what.after);
  }
  static std::string line(const DeliverPage& what) {
    std::string text = std::string("page") + (what.page.first ? " first" : "") +
                       (what.page.last ? " last" : "") + ":";
    for (const ObjectView& item : what.page.items) {
      EXPECT_TRUE(item.text.starts_with('{') && item.text.ends_with('}')) << item.text;
      text += " " + item.meta.ns + "/" + item.meta.name + "@" + item.meta.resource_version;
    }
    return text + " v" + what.page.version;
  }
  static std::string line(const DeliverUpsert& what) {
    EXPECT_EQ(what.text, object(what.meta.name, what.meta.resource_version));
    return "upsert " + what.meta.name + "@" + what.meta.resource_version;
  }
  static std::string line(const DeliverDelete& what) {
    return "delete " + what.meta.name + "@" + what.meta.resource_version;
  }
  static std::string line(const DeliverBookmark& what) { return "bookmark " + what.version; }
  static std::string line(const DeliverUndecodable& what) { return "undecodable: " + what.why; }
  static std::string line(const DeliverState& what) {
    return std::string("state ") + to_string(what.report.state) +
           (what.report.why.empty() ? "" : ": " + what.report.why);
  }
};

}  // namespace doorbuster::kube::watch_drive
