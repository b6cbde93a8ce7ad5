#include "operator/kube/access.h"

#include "operator/base/json.h"

#include <list>
#include <map>
#include <mutex>
#include <utility>

namespace doorbuster::kube {
namespace {

Error unavailable(std::string message) {
  return Error{.kind = ErrorKind::Unavailable,
               .message = std::move(message),
               .causes = {},
               .retry_after = {}};
}

Resource review_kind(bool self) {
  return {.group = "authorization.k8s.io",
          .version = "v1",
          .plural = self ? "selfsubjectaccessreviews" : "subjectaccessreviews",
          .kind = self ? "SelfSubjectAccessReview" : "SubjectAccessReview",
          .namespaced = false,
          .verbs = {},
          .subresources = {}};
}

Json attributes(const AccessAsk& ask) {
  JsonObject attributes;
  const auto add = [&attributes](std::string_view name, const std::string& value) {
    if (!value.empty()) attributes.add(name, value);
  };
  add("namespace", ask.ns);
  add("verb", ask.verb);
  add("group", ask.group);
  add("resource", ask.resource);
  add("subresource", ask.subresource);
  add("name", ask.name);
  return attributes.build();
}

Json review_body(bool self, const std::string& ns, const std::string& name, const AccessAsk& ask) {
  JsonObject spec;
  if (!self) {
    // What the API server puts into the user info of such a token (service account authenticator).
    spec.add("user", "system:serviceaccount:" + ns + ":" + name);
    spec.add("groups",
             json_array({json_of_string("system:serviceaccounts"),
                         json_of_string("system:serviceaccounts:" + ns),
                         json_of_string("system:authenticated")}));
  }
  spec.add("resourceAttributes", attributes(ask));
  JsonObject review;
  review.add("apiVersion", "authorization.k8s.io/v1").add("kind", review_kind(self).kind);
  return review.add("spec", spec.build()).build();
}

Result<AccessAnswer> answer_of(const std::string& text, Instant asked) {
  const Result<JsonView> view = JsonView::parse(text);
  if (!view.ok())
    return unavailable("an access review was answered with garbage: " + view.error().message);
  const auto status = view->member("status");
  const auto allowed = status ? status->member("allowed") : std::nullopt;
  if (!allowed || !allowed->boolean())
    return unavailable("an access review was answered without a verdict");
  const auto words = [&status](std::string_view name) {
    const auto member = status->member(name);
    return member ? member->string().value_or("") : std::string();
  };
  AccessAnswer answer{.allowed = *allowed->boolean(), .reason = words("reason"), .at = asked};
  // An authorizer that failed has not said no.
  const std::string failure = words("evaluationError");
  const auto denied = status->member("denied");
  const bool refused = denied && denied->boolean().value_or(false);
  if (!answer.allowed && !refused && !failure.empty())
    return unavailable("an access review failed: " + failure);
  return answer;
}

}  // namespace

struct AccessReviewer::State {
  struct Name {
    bool self = false;
    std::string ns, name;
    AccessAsk ask;
    auto operator<=>(const Name&) const = default;
  };
  struct Kept {
    AccessAnswer answer;
    std::list<Name>::iterator place;
  };

  Result<AccessAnswer> ask(const Name& name) {
    const Instant now = clock();
    {
      const std::lock_guard lock(mutex);
      const auto found = kept.find(name);
      // A wall clock that was set back makes an answer from the future: not trusted either.
      if (found != kept.end() && now >= found->second.answer.at &&
          now - found->second.answer.at < ttl) {
        return found->second.answer;
      }
    }
    const Result<std::string> text = client->review(
        review_kind(name.self), "", review_body(name.self, name.ns, name.name, name.ask));
    if (!text.ok()) return text.error();
    Result<AccessAnswer> answer = answer_of(*text, now);
    if (answer.ok()) keep(name, *answer);
    return answer;
  }

  void keep(const Name& name, const AccessAnswer& answer) {
    const std::lock_guard lock(mutex);
    drop(name);
    order.push_back(name);
    kept.emplace(name, Kept{answer, std::prev(order.end())});
    while (kept.size() > limit) drop(Name(order.front()));
  }

  void drop(const Name& name) {
    const auto found = kept.find(name);
    if (found == kept.end()) return;
    order.erase(found->second.place);
    kept.erase(found);
  }

  std::shared_ptr<Client> client;
  std::function<Instant()> clock;
  Duration ttl;
  std::size_t limit;
  mutable std::mutex mutex;
  std::map<Name, Kept> kept;
  std::list<Name> order;  ///< oldest first
};

AccessReviewer::AccessReviewer(std::shared_ptr<Client> client,
                               std::function<Instant()> now,
                               Duration ttl,
                               std::size_t limit)
    : state_(std::make_shared<State>()) {
  state_->client = std::move(client);
  state_->clock = std::move(now);
  state_->ttl = ttl;
  state_->limit = limit;
}

Result<AccessAnswer> AccessReviewer::self(const AccessAsk& ask) {
  return state_->ask({true, "", "", ask});
}

Result<AccessAnswer> AccessReviewer::service_account(const std::string& ns,
                                                     const std::string& name,
                                                     const AccessAsk& ask) {
  return state_->ask({false, ns, name, ask});
}

void AccessReviewer::forget() {
  const std::lock_guard lock(state_->mutex);
  state_->kept.clear();
  state_->order.clear();
}

std::size_t AccessReviewer::size() const {
  const std::lock_guard lock(state_->mutex);
  return state_->kept.size();
}

}  // namespace doorbuster::kube
