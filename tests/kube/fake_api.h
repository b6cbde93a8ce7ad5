#pragma once

#include "operator/base/json.h"
#include "tests/kube/scripted_transport.h"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::kube {

/// A few objects behind the API's rules for GET, POST and merge PATCH: resourceVersion and uid are
/// preconditions, a name exists once. Thread-safe.
class FakeApi {
 public:
  using Fault = std::function<std::optional<Result<Response>>(const Request&)>;

  Result<Response> handle(const Request& request) {
    Fault before, after;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request.method + " " + path_of(request));
      before = before_;
      after = after_;
    }
    if (before) {
      if (auto fault = before(request)) return *fault;
    }
    Response answer = act(request);
    if (after) {
      if (auto fault = after(request)) return *fault;
    }
    return answer;
  }

  /// Asked before a request takes effect, or after it has: the answer is lost then.
  void fault_before(Fault fault) {
    const std::lock_guard lock(mutex_);
    before_ = std::move(fault);
  }
  void fault_after(Fault fault) {
    const std::lock_guard lock(mutex_);
    after_ = std::move(fault);
  }
  /// An object's text by its path; empty when there is none.
  std::string text(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(path);
    return found == objects_.end() ? "" : found->second.body.text;
  }
  std::string value(const std::string& path, const std::string& pointer) const {
    const std::string document = text(path);
    const auto view = JsonView::parse(document);
    if (!view.ok()) return "";
    const auto found = view->at(pointer);
    if (!found.ok()) return "";
    return found->string().value_or(std::string(found->text()));
  }
  void remove(const std::string& path) {
    const std::lock_guard lock(mutex_);
    objects_.erase(path);
  }
  /// Somebody else's merge patch.
  void edit(const std::string& path, const std::string& patch) {
    Request request;
    request.method = "PATCH";
    request.target = path;
    request.body = patch;
    act(request);
  }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::vector<std::string> paths() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all;
    for (const auto& [path, object] : objects_) all.push_back(path);
    return all;
  }
  static Result<Response> no_answer() {
    return Error{.kind = ErrorKind::Unavailable,
                 .message = "connection refused",
                 .causes = {},
                 .retry_after = {}};
  }
  static Response status(int code, const std::string& reason, const std::string& name = "it") {
    return {code,
            {},
            R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":")" + reason +
                R"(","reason":")" + reason + R"(","details":{"name":")" + name + R"("},"code":)" +
                std::to_string(code) + "}"};
  }

 private:
  struct Kept {
    Json body;
    std::string uid;
    int version = 0;
  };

  static std::string path_of(const Request& request) {
    return request.target.substr(0, request.target.find('?'));
  }
  static std::string named(const Json& body, const char* pointer) {
    const auto view = JsonView::parse(body.text);
    if (!view.ok()) return "";
    const auto found = view->at(pointer);
    return found.ok() ? found->string().value_or("") : "";
  }

  Response act(const Request& request) {
    const std::lock_guard lock(mutex_);
    std::string path = path_of(request);
    if (request.method == "POST") {
      path += "/" + named({request.body}, "/metadata/name");
      if (objects_.contains(path)) return status(409, "AlreadyExists");
      Kept& kept = objects_[path];
      kept.uid = "uid-" + std::to_string(++versions_);
      return answer(201, kept, {request.body});
    }
    const auto found = objects_.find(path);
    if (found == objects_.end()) return status(404, "NotFound");
    Kept& kept = found->second;
    if (request.method == "GET") return {200, {}, kept.body.text};
    const std::string version = named({request.body}, "/metadata/resourceVersion");
    const std::string uid = named({request.body}, "/metadata/uid");
    if (!version.empty() && version != std::to_string(kept.version)) return status(409, "Conflict");
    if (!uid.empty() && uid != kept.uid) return status(409, "Conflict");
    const auto merged = merge_patched(kept.body, {request.body});
    if (!merged.ok()) return status(400, "BadRequest");
    return answer(200, kept, *merged);
  }

  Response answer(int code, Kept& kept, const Json& body) {
    kept.version = ++versions_;
    const Json stamp{R"({"metadata":{"uid":")" + kept.uid + R"(","resourceVersion":")" +
                     std::to_string(kept.version) + R"("}})"};
    kept.body = *merge_patched(body, stamp);
    return {code, {}, kept.body.text};
  }

  mutable std::mutex mutex_;
  std::map<std::string, Kept> objects_;
  std::vector<std::string> requests_;
  Fault before_, after_;
  int versions_ = 100;
};

inline std::shared_ptr<Transport> transport_to(const std::shared_ptr<FakeApi>& api) {
  return std::make_shared<ScriptedTransport>(
      ScriptedTransport::Script{}, [api](const Request& request) { return api->handle(request); });
}

}  // namespace doorbuster::kube
