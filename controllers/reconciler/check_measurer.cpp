#include "controllers/reconciler/check_measurer.h"

#include "controllers/adapters/cluster_answer.h"
#include "controllers/adapters/gate_answer.h"
#include "controllers/adapters/json_answer.h"
#include "controllers/adapters/prometheus_answer.h"
#include "controllers/adapters/signature.h"
#include "controllers/planner/check_hosts.h"
#include "controllers/planner/comparison.h"
#include "controllers/planner/webhook_gate.h"
#include "controllers/reconciler/caches.h"
#include "operator/base/base64.h"
#include "operator/base/json.h"

#include <algorithm>
#include <map>
#include <utility>

namespace doorbuster::reconciler {
namespace {

using adapters::failed;
using adapters::missing;
using adapters::Reading;
using adapters::status_text;

constexpr std::size_t kMaxTokenBytes = 16U << 10U;
constexpr Duration kAnswerWithin{3'000};  ///< of the API server

planner::Measurement::Says said(Reading::Says says) {
  switch (says) {
    case Reading::Says::Value:
      return planner::Measurement::Says::Value;
    case Reading::Says::Missing:
      return planner::Measurement::Says::Missing;
    case Reading::Says::Error:
      return planner::Measurement::Says::Error;
  }
  return planner::Measurement::Says::Error;
}

/// `apps/v1` -> `apps`, `v1`; nothing said: "*".
std::pair<std::string, std::string> group_and_version(const std::optional<std::string>& text) {
  if (!text) return {"*", ""};
  const std::size_t slash = text->find('/');
  if (slash == std::string::npos) return {"", *text};
  return {text->substr(0, slash), text->substr(slash + 1)};
}

/// What can stand in a header, without the line break that files end with.
std::optional<std::string> clean_token(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const bool good =
      !text.empty() && text.size() <= kMaxTokenBytes &&
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  return good ? std::optional(text) : std::nullopt;
}

Error unavailable(std::string why) { return {ErrorKind::Unavailable, std::move(why), {}, {}}; }

Error operator_may_not(const std::string& what) {
  return unavailable("the operator may not " + what +
                     ": grant its service account that with a Role and a RoleBinding");
}

adapters::PodTrouble trouble_of(api::PodsCounted count) {
  switch (count) {
    case api::PodsCounted::NotReady:
      return adapters::PodTrouble::NotReady;
    case api::PodsCounted::Restarts:
      return adapters::PodTrouble::Restarts;
    case api::PodsCounted::OOMKilled:
      return adapters::PodTrouble::OutOfMemory;
  }
  return adapters::PodTrouble::NotReady;
}

/// `app=cart,tier=front`
std::string selector_of(const std::map<std::string, std::string>& labels) {
  std::string out;
  for (const auto& [name, value] : labels) out += (out.empty() ? "" : ",") + name + "=" + value;
  return out;
}

Reading condition_of(const std::string& object, const api::ConditionCheck& check) {
  const auto view = JsonView::parse(object);
  const auto all = view.ok() ? view->find("/status/conditions") : std::nullopt;
  for (const JsonView& one : all ? all->elements() : std::vector<JsonView>()) {
    const auto type = one.member("type"), status = one.member("status");
    if (!type || type->string() != check.type || !status) continue;
    const std::string text = status->string().value_or("");
    if (text != "True" && text != "False") return missing(check.type + " is Unknown");
    const bool good = text == api::to_string(check.status);
    return {Reading::Says::Value, good ? 1.0 : 0.0, text};
  }
  return missing("it has no condition " + check.type);
}

}  // namespace

planner::Measurement ProviderMeasurer::measure(const planner::Event& event,
                                               const api::CheckSpec& check) {
  const Reading reading = read(event, check);
  return {
      .at = parts_.now(), .says = said(reading.says), .value = reading.value, .text = reading.text};
}

Reading ProviderMeasurer::read(const planner::Event& event, const api::CheckSpec& check) {
  if (const auto no = planner::why_not_asked(check, parts_.setup)) return failed(no->why);
  if (planner::is_gate_question(check)) return gate(event, check);
  if (check.prometheus) return prometheus(check);
  if (check.http) return http(event, *check.http);
  if (check.condition) return condition(event, *check.condition);
  if (check.pods) return pods(event, *check.pods);
  if (check.job) return job(event, *check.job);
  return failed("no provider");
}

Reading ProviderMeasurer::prometheus(const api::CheckSpec& check) {
  const api::PrometheusCheck& asked = *check.prometheus;
  const auto address = parse_web_address(planner::asked_address(check, parts_.setup));
  if (!address) return failed("the address cannot be read");
  const std::string query =
      planner::is_comparison(check) ? planner::query_at(check, parts_.now()) : asked.query;
  std::optional<adapters::QueryRange> range;
  if (asked.range)
    range = {.end = parts_.now(),
             .reaches = asked.range->duration.value,
             .step = asked.range->step.value};
  const auto answer = parts_.web->get(
      {.address = *address, .target = adapters::prometheus_target(address->target, query, range)});
  if (!answer.ok()) return failed(answer.error().message);
  if (planner::is_comparison(check)) {
    const Reading counts = adapters::read_counts(answer->body);
    const bool words = counts.text.starts_with("Prometheus says");
    return answer->status == 200 || words ? counts : failed(status_text(*answer));
  }
  const bool below = check.bad && check.bad->below;
  const auto worst = below ? adapters::Worst::Lowest : adapters::Worst::Highest;
  const Reading reading = adapters::read_prometheus(answer->body, worst);
  // Its errors come with 4xx and 5xx, in words; whoever else answers so has none.
  const bool words = reading.text.starts_with("Prometheus says");
  return answer->status == 200 || words ? reading : failed(status_text(*answer));
}

Reading ProviderMeasurer::gate(const planner::Event& event, const api::CheckSpec& check) {
  const auto all = planner::gate_questions(event, parts_.now());
  const auto asked = std::find_if(
      all.begin(), all.end(), [&check](const auto& one) { return one.check.name == check.name; });
  if (asked == all.end()) return failed("nothing waits there any more");
  const auto address = parse_web_address(check.http->url);
  if (!address || !address->https) return failed("the URL cannot be asked");
  adapters::WebPost post{.address = *address,
                         .target = address->target,
                         .body = asked->body,
                         .headers = {{"Doorbuster-Delivery", asked->delivery}}};
  if (check.http->token_from) {
    const auto key = token(event, *check.http->token_from);
    if (!key.ok()) return failed(key.error().message);
    post.headers.emplace_back("Doorbuster-Signature",
                              adapters::signature_of(*key, parts_.now(), post.body));
  }
  const auto answer = parts_.web->post(post);
  return answer.ok() ? adapters::read_gate(*answer) : failed(answer.error().message);
}

Reading ProviderMeasurer::http(const planner::Event& event, const api::HttpCheck& check) {
  const auto address = parse_web_address(check.url);
  if (!address) return failed("the URL cannot be read");
  std::string bearer;
  if (check.token_from) {
    auto found = token(event, *check.token_from);
    if (!found.ok()) return failed(found.error().message);
    bearer = std::move(found).value();
  }
  const auto answer =
      parts_.web->get({.address = *address, .target = address->target, .token = bearer});
  if (!answer.ok()) return failed(answer.error().message);
  if (answer->status != 200) return failed(status_text(*answer));
  return adapters::read_json(answer->body, check.pointer);
}

Reading ProviderMeasurer::condition(const planner::Event& event, const api::ConditionCheck& check) {
  const auto [group, version] = group_and_version(check.object.api_version);
  const auto resource = parts_.kinds->find(group, check.object.kind, version);
  if (!resource.ok()) return failed(resource.error().message);
  const auto object = get(event, *resource, check.object.name);
  if (object.ok()) return condition_of(*object, check);
  const bool gone = object.error().kind == ErrorKind::NotFound;
  return gone ? missing(check.object.kind + " " + check.object.name + " does not exist")
              : failed(object.error().message);
}

Reading ProviderMeasurer::pods(const planner::Event& event, const api::PodsCheck& check) {
  const kube::AccessAsk ask{.verb = "list",
                            .group = "",
                            .resource = "pods",
                            .subresource = "",
                            .ns = event.ref.ns,
                            .name = ""};
  if (const auto may = account_may(event, ask, "list pods"); !may.ok())
    return failed(may.error().message);
  const Instant since = parts_.now() - check.within.value;
  // One more than is counted: of a page that ends at the limit nobody knows whether it is the last.
  const auto page = parts_.client->list(kube::core_resource("pods", "Pod"),
                                        event.ref.ns,
                                        adapters::kPodsCounted + 1,
                                        "",
                                        selector_of(check.labels),
                                        kAnswerWithin);
  if (page.ok()) return adapters::read_pods(*page, trouble_of(check.count), since);
  const bool denied = page.error().kind == ErrorKind::Denied;
  return failed(denied ? operator_may_not("list pods").message : page.error().message);
}

Reading ProviderMeasurer::job(const planner::Event& event, const api::JobCheck& check) {
  const kube::Resource jobs{.group = "batch",
                            .version = "v1",
                            .plural = "jobs",
                            .kind = "Job",
                            .namespaced = true,
                            .verbs = {},
                            .subresources = {}};
  const auto object = get(event, jobs, check.name);
  if (object.ok()) return adapters::read_job(check.name, *object);
  const bool gone = object.error().kind == ErrorKind::NotFound;
  return gone ? missing("Job " + check.name + " does not exist") : failed(object.error().message);
}

Result<std::string> ProviderMeasurer::token(const planner::Event& event,
                                            const api::CheckToken& from) {
  const std::string what = "Secret " + from.secret;
  const auto secret = get(event, kube::core_resource("secrets", "Secret"), from.secret);
  if (!secret.ok())
    return secret.error().kind == ErrorKind::NotFound ? unavailable(what + " does not exist")
                                                      : secret.error();
  const auto view = JsonView::parse(*secret);
  const auto data = view.ok() ? view->member("data") : std::nullopt;
  const auto entry = data ? data->member(from.key) : std::nullopt;
  if (!entry) return unavailable(what + " has no entry " + from.key);
  auto decoded = from_base64(entry->string().value_or(""));
  auto clean = decoded ? clean_token(std::move(*decoded)) : std::nullopt;
  if (!clean) return unavailable(what + "'s entry " + from.key + " is no token");
  return *std::move(clean);
}

Outcome ProviderMeasurer::account_may(const planner::Event& event,
                                      const kube::AccessAsk& ask,
                                      const std::string& what) {
  const std::string& account = event.spec->service_account_name;
  const auto allowed = parts_.access->service_account(event.ref.ns, account, ask);
  if (!allowed.ok()) return unavailable(allowed.error().message);
  if (!allowed->allowed) return unavailable("the service account " + account + " may not " + what);
  return Done{};
}

Result<std::string> ProviderMeasurer::get(const planner::Event& event,
                                          const kube::Resource& resource,
                                          const std::string& name) {
  const std::string ns = resource.namespaced ? event.ref.ns : "";
  const kube::AccessAsk ask{.verb = "get",
                            .group = resource.group,
                            .resource = resource.plural,
                            .subresource = "",
                            .ns = ns,
                            .name = name};
  const std::string what = "get " + resource.kind + " " + name;
  if (const auto may = account_may(event, ask, what); !may.ok()) return may.error();
  auto object = parts_.client->get(resource, {ns, name}, "", kAnswerWithin);
  if (object.ok()) return std::move(object->text);
  if (object.error().kind == ErrorKind::Denied) return operator_may_not(what);
  return object.error();
}

}  // namespace doorbuster::reconciler
