#include "controllers/reconciler/check_poller.h"

#include "controllers/planner/comparison.h"
#include "controllers/planner/webhook_gate.h"
#include "operator/base/web_address.h"

#include <algorithm>
#include <set>
#include <utility>

namespace doorbuster::reconciler {
namespace {

constexpr std::chrono::milliseconds kLeastWait{100};  ///< many events that change make one look
constexpr std::chrono::milliseconds kWait{1'000};     ///< between two looks while there are checks
constexpr std::chrono::milliseconds kIdleWait{5'000};
/// How far the first measurement of a check is put off at the most: many windows begin together.
constexpr Duration kSpread{500};

/// Longer than any operator runs, and no overflow of the steady clock.
constexpr Duration kAnswered = std::chrono::hours(24 * 365 * 100);

/// Between 95 and 105 % of a span.
Duration about(Duration span, double jitter) {
  constexpr double kLeast = 0.95, kMore = 0.1;
  const double scaled = static_cast<double>(span.count()) * (kLeast + kMore * jitter);
  return Duration(static_cast<Duration::rep>(scaled));
}

std::string host_of(const api::CheckSpec& check, const std::string& prometheus) {
  const auto address =
      parse_web_address(planner::asked_address(check, {.prometheus = prometheus, .hosts = {}}));
  return address ? address->authority : "";
}

/// Drops what no verdict needs any more.
void forget_old(Duration reach, std::vector<planner::Measurement>& history) {
  const Instant from = history.back().at - reach;
  auto keep = std::find_if(
      history.begin(), history.end(), [from](const auto& one) { return one.at >= from; });
  if (history.end() - keep > static_cast<std::ptrdiff_t>(kCheckHistory))
    keep = history.end() - static_cast<std::ptrdiff_t>(kCheckHistory);
  history.erase(history.begin(), keep);
}

}  // namespace

CheckPoller::~CheckPoller() { stop(); }

void CheckPoller::start() {
  threads_.emplace_back([this] { watch(); });
  for (int i = 0; i < kCheckWorkers; ++i) threads_.emplace_back([this] { work(); });
}

void CheckPoller::begin_stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  due_.notify_all();
}

void CheckPoller::stop() {
  begin_stop();
  for (std::thread& one : threads_) one.join();
  threads_.clear();
}

void CheckPoller::poke() {
  {
    const std::lock_guard lock(mutex_);
    poked_ = true;
  }
  changed_.notify_all();
}

CheckPoller::History CheckPoller::show(const planner::Event& event) const {
  History out;
  const kube::Key key{event.ref.ns, event.ref.name};
  const std::lock_guard lock(mutex_);
  for (auto at = tasks_.lower_bound({key, ""}); at != tasks_.end() && at->first.first == key;
       ++at) {
    const Task& task = *at->second;
    if (task.event->uid == event.uid && !task.history.empty())
      out.emplace(at->first.second, task.history);
  }
  return out;
}

bool CheckPoller::wait() {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, kLeastWait, [this] { return stopping_; })) return false;
  changed_.wait_for(lock, any_ ? kWait : kIdleWait, [this] { return stopping_ || poked_; });
  poked_ = false;
  return !stopping_;
}

void CheckPoller::watch() {
  do {
    const bool any = take_up();
    for (const kube::Key& key : news()) parts_.look_again(key);
    const std::lock_guard lock(mutex_);
    any_ = any;
  } while (wait());
}

bool CheckPoller::take_up() {
  const bool leading = parts_.leading();
  bool any = false;
  Tasks wanted;
  for (const auto& [key, event] : parts_.events->all()) {
    if (!leading || !event || !event->spec.ok() || !planner::asks_providers(*event->spec)) continue;
    any = true;
    take_up(key, event, wanted);
  }
  {
    const std::lock_guard lock(mutex_);
    tasks_ = std::move(wanted);
  }
  due_.notify_all();
  return any;
}

std::vector<api::CheckSpec> CheckPoller::asked_of(const planner::Event& event) const {
  std::vector<api::CheckSpec> out;
  const Instant now = parts_.now();
  if (planner::asks_gates(event, parts_.install)) {
    for (planner::GateQuestion& one : planner::gate_questions(event, now))
      out.push_back(std::move(one.check));
  }
  if (!planner::measures_checks(event, parts_.install, now)) return out;
  out.insert(out.end(), event.spec->checks.begin(), event.spec->checks.end());
  for (api::CheckSpec& one : planner::comparisons(event, parts_.install))
    out.push_back(std::move(one));
  return out;
}

/// What is measured already goes on; a check that was edited begins anew.
void CheckPoller::take_up(const kube::Key& key,
                          const std::shared_ptr<const planner::Event>& event,
                          Tasks& to) {
  for (const api::CheckSpec& check : asked_of(*event)) {
    if (to.size() >= kChecksAtMost) return;
    const Id id{key, check.name};
    const std::lock_guard lock(mutex_);
    const auto known = tasks_.find(id);
    if (known != tasks_.end() && known->second->event->uid == event->uid &&
        known->second->check == check) {
      known->second->event = event;
      to.emplace(id, known->second);
      continue;
    }
    auto made = std::make_shared<Task>();
    made->event = event;
    made->check = check;
    made->host = host_of(check, parts_.prometheus);
    made->due = parts_.steady() +
                Duration(static_cast<Duration::rep>(static_cast<double>(kSpread.count()) * roll()));
    to.emplace(id, std::move(made));
  }
}

bool CheckPoller::is_news(Task& task, Instant now) const {
  if (task.history.empty()) return false;
  const planner::CheckJudgement judged = planner::judge(task.check, task.history, now);
  const bool old = judged.measured_at && task.told_measured &&
                   *judged.measured_at - *task.told_measured >= planner::kCheckRowFresh;
  // What a comparison or an answer comes to is for the round to say.
  const bool ours = planner::is_comparison(task.check) || planner::is_gate_question(task.check);
  const bool counted = ours && task.told_measured != judged.measured_at;
  if (task.told == judged.verdict && !old && !counted) return false;
  task.told = judged.verdict;
  task.told_measured = judged.measured_at;
  return true;
}

std::vector<kube::Key> CheckPoller::news() {
  std::set<kube::Key> out;
  const Instant now = parts_.now();
  const std::lock_guard lock(mutex_);
  for (const auto& [id, task] : tasks_) {
    if (is_news(*task, now)) out.insert(id.first);
  }
  return {out.begin(), out.end()};
}

/// The one that is due longest and whose host is not busy; null: to stop.
std::shared_ptr<CheckPoller::Task> CheckPoller::next() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::shared_ptr<Task> first;
    for (const auto& [id, task] : tasks_) {
      const auto busy = running_.find(task->host);
      if (task->running || (busy != running_.end() && busy->second >= kChecksPerHost)) continue;
      if (!first || task->due < first->due) first = task;
    }
    const Duration now = parts_.steady();
    if (first && first->due <= now) {
      first->running = true;
      ++running_[first->host];
      return first;
    }
    if (first) {
      due_.wait_for(lock, std::min<Duration>(first->due - now, kWait));
    } else {
      due_.wait(lock);
    }
  }
  return nullptr;
}

void CheckPoller::work() {
  while (const std::shared_ptr<Task> task = next()) {
    std::shared_ptr<const planner::Event> event;
    {
      const std::lock_guard lock(mutex_);
      event = task->event;
    }
    const Duration began = parts_.steady();
    planner::Measurement made = parts_.measurer->measure(*event, task->check);
    bool news = false;
    {
      const std::lock_guard lock(mutex_);
      task->running = false;
      if (--running_[task->host] == 0) running_.erase(task->host);
      task->due = std::max(parts_.steady(), began + rest_of(*task, made));
      keep(*task, std::move(made));
      const auto known = tasks_.find({{event->ref.ns, event->ref.name}, task->check.name});
      news = known != tasks_.end() && known->second == task && is_news(*task, parts_.now());
    }
    due_.notify_all();
    if (news) parts_.look_again({event->ref.ns, event->ref.name});
  }
}

/// A server that has opened a gate, or rejected, is not asked that again.
Duration CheckPoller::rest_of(Task& task, const planner::Measurement& made) const {
  if (!planner::is_gate_question(task.check)) return about(task.check.interval.value, roll());
  if (made.says == planner::Measurement::Says::Value) return kAnswered;
  ++task.failures;
  return about(planner::gate_rest(task.check.interval.value, task.failures), roll());
}

void CheckPoller::keep(Task& task, planner::Measurement made) {
  auto& history = task.history;
  // A clock that was set back: what was measured by the other time says nothing any more.
  if (!history.empty() && made.at < history.back().at) history.clear();
  history.push_back(std::move(made));
  forget_old(planner::remembered(*task.event->spec, task.check), history);
}

}  // namespace doorbuster::reconciler
