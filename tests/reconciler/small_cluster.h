#pragma once

#include "operator/base/json.h"
#include "tests/kube/scripted_transport.h"
#include "tests/reconciler/discovery.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace doorbuster::reconciler {

/// A few objects behind an API server's rules: discovery, GET, lists with a label, watches, merge
/// patches and status updates with their preconditions, JSON patches of `test` and `remove`,
/// creating and deleting, access reviews (all allowed). Thread-safe.
class SmallCluster {
 public:
  using Fault = std::function<std::optional<kube::Response>(const kube::Request&)>;
  using Name = std::tuple<std::string, std::string, std::string, std::string>;  ///< group, plural,
                                                                                ///< ns, name

  explicit SmallCluster(std::vector<ServedKind> kinds) : kinds_(std::move(kinds)) {
    transport_ = std::make_shared<kube::ScriptedTransport>(
        [this](const Pipe& pipe) { open(pipe); },
        [this](const kube::Request& request) -> Result<kube::Response> { return call(request); });
  }
  std::shared_ptr<kube::ScriptedTransport> transport() const { return transport_; }

  /// A wall clock that runs, and that the test moves.
  Instant now() const {
    const auto run = std::chrono::steady_clock::now() - began_;
    return kBegan + std::chrono::duration_cast<Duration>(run) + Duration(ahead_.load());
  }
  void move_clock(Duration by) { ahead_ += by.count(); }

  void serve(std::vector<ServedKind> kinds) {
    const std::lock_guard lock(mutex_);
    kinds_ = std::move(kinds);
    // Watches of what is not served any more end, as they do when a CRD changes.
    for (const Watch& watch : watches_) {
      if (!serves(watch.of)) watch.pipe->end("the kind has changed");
    }
  }
  /// Puts an object there as it is; uid and version are the cluster's.
  void put(const Name& name, const std::string& text) {
    const std::lock_guard lock(mutex_);
    Kept& kept = objects_[name];
    if (kept.uid.empty()) kept.uid = "uid-" + std::get<3>(name);
    stamp(name, kept, {text});
  }
  void edit(const Name& name, const std::string& patch) {
    const std::lock_guard lock(mutex_);
    Kept& kept = objects_.at(name);
    stamp(name, kept, *merge_patched(kept.body, {patch}));
  }
  void remove(const Name& name) {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(name);
    if (found == objects_.end()) return;
    found->second.version = ++versions_;
    announce("DELETED", name, found->second);
    objects_.erase(found);
  }
  std::string value(const Name& name, const std::string& pointer) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(name);
    if (found == objects_.end()) return "gone";
    const auto view = JsonView::parse(found->second.body.text);
    const auto at = view->at(pointer);
    if (!at.ok()) return "absent";
    return at->string().value_or(std::string(at->text()));
  }
  void fault(Fault fault) {
    const std::lock_guard lock(mutex_);
    fault_ = std::move(fault);
  }
  /// Watch events of this plural are kept back until it is let go of.
  void keep_back(const std::string& plural) {
    const std::lock_guard lock(mutex_);
    kept_back_ = plural;
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    kept_back_.clear();
    for (const auto& send : pending_) send();
    pending_.clear();
  }
  /// All that was asked, for a test that fails.
  std::string story() const {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const std::string& one : requests_) text += one + "\n";
    return text;
  }
  /// How many requests began so, "PUT /apis/doorbuster.dev".
  int asked(const std::string& begin) const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::count_if(requests_.begin(), requests_.end(), [&](const auto& one) {
      return one.starts_with(begin);
    }));
  }

 private:
  using Pipe = std::shared_ptr<kube::ScriptedTransport::Pipe>;
  struct Kept {
    Json body;
    std::string uid;
    int version = 0;
  };
  struct Path {
    std::string group, version, ns, plural, name, subresource;
  };
  struct Watch {
    Pipe pipe;
    Path of;
  };

  static Path path_of(const std::string& target) {
    std::vector<std::string> steps;
    std::string step;
    for (const char one : target.substr(1, target.find('?') - 1) + "/") {
      if (one != '/') {
        step += one;
      } else {
        steps.push_back(std::move(step));
        step.clear();
      }
    }
    steps.resize(std::max<std::size_t>(steps.size(), 2));
    Path out;
    std::size_t at = 2;
    out.version = steps[1];
    if (steps[0] == "apis" && steps.size() > 2)
      out.group = steps[1], out.version = steps[2], at = 3;
    const auto next = [&] { return at < steps.size() ? steps[at++] : std::string(); };
    if (at + 2 < steps.size() && steps[at] == "namespaces") {
      ++at;
      out.ns = next();
    }
    out.plural = next();
    out.name = next();
    out.subresource = next();
    return out;
  }
  bool serves(const Path& path) const {
    if (path.group.empty()) return true;
    return std::any_of(kinds_.begin(), kinds_.end(), [&](const ServedKind& one) {
      return one.group == path.group && one.plural == path.plural &&
             std::find(one.versions.begin(), one.versions.end(), path.version) !=
                 one.versions.end();
    });
  }
  static kube::Response not_a_path() { return {404, {}, "404 page not found\n"}; }

  kube::Response call(const kube::Request& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request.method + " " + request.target);
    if (fault_) {
      if (auto fault = fault_(request)) return *fault;
    }
    if (request.target == "/api") return {200, {}, core_discovery()};
    if (request.target == "/apis") return {200, {}, discovery_of(kinds_)};
    if (request.target == "/readyz") return {200, {}, "ok"};
    if (request.method == "POST" && request.target.ends_with("accessreviews"))
      return {201, {}, merge_patched({request.body}, Json{R"({"status":{"allowed":true}})"})->text};
    const Path path = path_of(request.target);
    if (path.group == "apiextensions.k8s.io") return crd(path);
    if (!serves(path)) return not_a_path();
    if (path.name.empty() && request.method == "POST") return created(request, path);
    if (path.name.empty()) return {200, {}, list(path, request.target)};
    return one(request, path);
  }
  kube::Response crd(const Path& path) const {
    for (const ServedKind& one : kinds_) {
      if (path.name == one.plural + "." + one.group) return {200, {}, crd_of(one)};
    }
    return not_found(path.name);
  }
  kube::Response created(const kube::Request& request, const Path& path) {
    const auto body = JsonView::parse(request.body);
    const std::string own = body->at("/metadata/name")->string().value_or("");
    const Name name{path.group, path.plural, path.ns, own};
    if (objects_.contains(name)) return kube::FakeApi::status(409, "AlreadyExists", own);
    Kept& kept = objects_[name];
    kept.uid = "uid-" + own;
    stamp(name, kept, {request.body});
    return {201, {}, as_served(kept, path)};
  }
  /// Nothing when a test does not hold.
  static std::optional<Json> json_patched(const Json& body, const JsonView& steps) {
    Json out = body;
    for (const JsonView& step : steps.elements()) {
      const auto at = [&](const char* name) { return step.at(name)->string().value_or(""); };
      const auto view = JsonView::parse(out.text);
      const auto found = view->at(at("/path"));
      if (!found.ok()) return std::nullopt;
      if (at("/op") == "test" && found->text() != step.at("/value")->text()) return std::nullopt;
      if (at("/op") == "remove") out = *with_value(out, at("/path"), std::nullopt);
    }
    return out;
  }
  kube::Response one(const kube::Request& request, const Path& path) {
    const Name name{path.group, path.plural, path.ns, path.name};
    const auto found = objects_.find(name);
    if (found == objects_.end()) return not_found(path.name);
    Kept& kept = found->second;
    if (request.method == "GET") return {200, {}, as_served(kept, path)};
    if (request.method == "DELETE") {
      const Json last{as_served(kept, path)};
      kept.version = ++versions_;
      announce("DELETED", name, kept);
      objects_.erase(found);
      return {200, {}, last.text};
    }
    const auto asked = JsonView::parse(request.body);
    if (asked.ok() && asked->type() == JsonType::Array) {
      const auto body = json_patched(kept.body, *asked);
      if (!body) return kube::FakeApi::status(422, "Invalid", path.name);
      stamp(name, kept, *body);
      return {200, {}, as_served(kept, path)};
    }
    if (!asked.ok() || asked->type() != JsonType::Object)
      return kube::FakeApi::status(422, "Invalid", path.name);
    const auto says = [&](const char* pointer) {
      const auto at = asked->at(pointer);
      return at.ok() ? at->string().value_or("") : "";
    };
    const std::string uid = says("/metadata/uid"), version = says("/metadata/resourceVersion");
    if ((!version.empty() && version != std::to_string(kept.version)) ||
        (!uid.empty() && uid != kept.uid))
      return kube::FakeApi::status(409, "Conflict", path.name);
    Json body = *merge_patched(kept.body, {request.body});
    if (request.method == "PUT") {
      const auto status = asked->at("/status");
      body = *with_value(kept.body, "/status", Json{std::string(status->text())});
    }
    if (request.target.find("dryRun=All") != std::string::npos) return {200, {}, body.text};
    stamp(name, kept, body);
    return {200, {}, as_served(kept, path)};
  }
  static std::string as_served(const Kept& kept, const Path& path) {
    const std::string served = path.group.empty() ? path.version : path.group + "/" + path.version;
    return with_value(kept.body, "/apiVersion", json_of_string(served))->text;
  }
  bool matches(const Path& path, const Name& name) const {
    const auto& [group, plural, ns, own] = name;
    return group == path.group && plural == path.plural && (path.ns.empty() || path.ns == ns);
  }
  std::string list(const Path& path, const std::string& target) const {
    std::string label;  ///< by its name alone
    if (target.find("labelSelector") != std::string::npos)
      label = target.find("%2Fchild") != std::string::npos ? "doorbuster.dev/child\""
                                                           : "doorbuster.dev/held\"";
    std::string items;
    for (const auto& [name, kept] : objects_) {
      if (!matches(path, name)) continue;
      if (kept.body.text.find(label) == std::string::npos) continue;
      items += (items.empty() ? "" : ",") + as_served(kept, path);
    }
    return R"({"metadata":{"resourceVersion":")" + std::to_string(versions_) + R"("},"items":[)" +
           items + "]}";
  }
  void open(const Pipe& pipe) {
    const std::lock_guard lock(mutex_);
    const Path path = path_of(pipe->request.target);
    requests_.push_back("STREAM " + pipe->request.target);
    if (fault_) {
      if (auto fault = fault_(pipe->request))
        return pipe->answer(fault->status, fault->body, fault->headers);
    }
    if (!serves(path)) return pipe->answer(404, not_a_path().body);
    if (pipe->request.target.find("watch=true") == std::string::npos)
      return pipe->answer(200, list(path, pipe->request.target));
    pipe->status(200);
    watches_.push_back({pipe, path});
    // What changed between the list and the watch.
    const std::string mark = "resourceVersion=";
    const auto from =
        std::stoi(pipe->request.target.substr(pipe->request.target.find(mark) + mark.size()));
    for (const auto& [name, kept] : objects_) {
      if (kept.version > from && matches(path, name))
        pipe->bytes(R"({"type":"MODIFIED","object":)" + as_served(kept, path) + "}\n");
    }
  }
  void stamp(const Name& name, Kept& kept, const Json& body) {
    kept.version = ++versions_;
    const auto& [group, plural, ns, own] = name;
    JsonObject metadata;
    metadata.add("name", std::string_view(own)).add("uid", std::string_view(kept.uid));
    if (!ns.empty()) metadata.add("namespace", std::string_view(ns));
    metadata.add("resourceVersion", std::string_view(std::to_string(kept.version)));
    kept.body = *merge_patched(body, JsonObject().add("metadata", metadata.build()).build());
    announce("MODIFIED", name, kept);
  }
  void announce(const std::string& type, const Name& name, const Kept& kept) {
    for (const Watch& watch : watches_) {
      if (!matches(watch.of, name)) continue;
      const auto send = [pipe = watch.pipe,
                         line = R"({"type":")" + type + R"(","object":)" +
                                as_served(kept, watch.of) + "}\n"] { pipe->bytes(line); };
      if (std::get<1>(name) == kept_back_) {
        pending_.emplace_back(send);
      } else {
        send();
      }
    }
  }

  static constexpr Instant kBegan{std::chrono::hours(500'000)};
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::atomic<Duration::rep> ahead_{0};
  mutable std::mutex mutex_;
  std::vector<ServedKind> kinds_;
  std::map<Name, Kept> objects_;
  std::vector<std::string> requests_;
  std::vector<Watch> watches_;
  Fault fault_;
  std::string kept_back_;
  std::vector<std::function<void()>> pending_;
  int versions_ = 100;
  std::shared_ptr<kube::ScriptedTransport> transport_;  ///< ends first: its thread calls us
};

}  // namespace doorbuster::reconciler
