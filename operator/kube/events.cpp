#include "operator/kube/events.h"

#include "operator/base/json.h"
#include "operator/kube/micro_time.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace doorbuster::kube {
namespace {

// The API server's own limits on an Event (validation of events.k8s.io).
constexpr std::size_t kNoteBytes = 1'024;
constexpr std::size_t kWordBytes = 128;
constexpr std::size_t kNameBytes = 253;
constexpr Duration kRecheck{500};  ///< how long the thread sleeps at most

Resource events() {
  return {.group = "events.k8s.io",
          .version = "v1",
          .plural = "events",
          .kind = "Event",
          .namespaced = true,
          .verbs = {},
          .subresources = {}};
}

/// At most `limit` bytes, cut at a character's edge.
std::string cut(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text;
}

std::string hex(std::uint64_t number) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; number >>= 4U) text[i] = kDigits[number & 15U];
  return text;
}

/// FNV-1a, 64 bits: a name must differ from others, not be secret.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

}  // namespace

struct EventRecorder::State {
  /// What makes two notes the same event.
  struct Name {
    std::string uid, ns, object, reason, action, about;
    bool warning = false;
    auto operator<=>(const Name&) const = default;
  };
  struct Known {
    EventNote note;
    std::string event;  ///< metadata.name
    Instant first{}, last{}, written{};
    std::int64_t count = 1, written_count = 0;
    bool waiting = false;  ///< in `creates` or `updates`
    std::list<Name>::iterator place;
  };

  void record(EventNote note) {
    note.note = cut(std::move(note.note), kNoteBytes);
    note.reason = cut(std::move(note.reason), kWordBytes);
    note.action = cut(std::move(note.action), kWordBytes);
    const Regarding& about = note.regarding;
    const Name name{
        about.uid, about.ns, about.name, note.reason, note.action, note.about, note.warning};
    const Instant now = clock();
    const std::lock_guard lock(mutex);
    if (stopping) {
      ++counts.dropped;
      return;
    }
    ++counts.recorded;
    const auto found = known.find(name);
    if (found != known.end() &&
        (found->second.waiting || now - found->second.last < settings.series_ends)) {
      return again(name, found->second, now);
    }
    if (found != known.end()) forget(name);
    if (creates.size() + updates.size() >= settings.queue) {
      ++counts.dropped;
      return;
    }
    while (known.size() >= settings.remembered) {
      // The longest unheard of goes; one that waits to be written is counted as dropped.
      if (known.at(order.front()).waiting) ++counts.dropped;
      forget(Name(order.front()));
    }
    order.push_back(name);
    Known fresh{.note = std::move(note), .event = {}, .place = std::prev(order.end())};
    fresh.first = fresh.last = now;
    fresh.event = cut(about_name(fresh.note), kNameBytes - 17) + "." +
                  hex(hash_of(identity(name)) ^ serial(now));
    fresh.waiting = true;
    known.emplace(name, std::move(fresh));
    creates.push_back(name);
    wake.notify_one();
  }

  static std::string about_name(const EventNote& note) {
    return note.regarding.name.empty() ? "event" : note.regarding.name;
  }
  static std::string identity(const Name& name) {
    std::string text;
    for (const std::string* part :
         {&name.uid, &name.ns, &name.object, &name.reason, &name.action, &name.about}) {
      text += *part + '\n';
    }
    return text;
  }
  std::uint64_t serial(Instant now) {
    return static_cast<std::uint64_t>(now.time_since_epoch().count()) * 2654435761ULL + ++serials;
  }

  void again(const Name& name, Known& event, Instant now) {
    ++event.count;
    event.last = now;
    order.splice(order.end(), order, event.place);
    if (event.waiting) return;
    if (creates.size() + updates.size() >= settings.queue) {
      ++counts.dropped;
      return;
    }
    event.waiting = true;
    updates.emplace(std::max(now, event.written + settings.update_every), name);
    wake.notify_one();
  }

  void forget(const Name& name) {
    const auto found = known.find(name);
    if (found == known.end()) return;
    order.erase(found->second.place);
    known.erase(found);
  }

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      if (quit) return;
      const std::optional<Name> due = take_due();
      if (!due) {
        idle.notify_all();
        if (stopping) return;
        wake.wait_for(lock, kRecheck);
        continue;
      }
      const Known snapshot = known.at(*due);
      lock.unlock();
      const bool written = write(snapshot);
      lock.lock();
      settle(*due, snapshot, written);
    }
  }

  /// The next event to write, out of its queue; under the lock. When stopping, series need not wait
  /// for their turn.
  std::optional<Name> take_due() {
    const Instant now = clock();
    while (!creates.empty()) {
      const auto event = known.find(creates.front());
      const bool waits = event != known.end() && now >= event->second.first &&
                         now < event->second.first + settings.hold_back;
      if (waits && !stopping) break;
      Name name = std::move(creates.front());
      creates.pop_front();
      if (event != known.end()) return name;
    }
    while (!updates.empty() && (stopping || updates.begin()->first <= now)) {
      Name name = updates.begin()->second;
      updates.erase(updates.begin());
      if (known.contains(name)) return name;
    }
    return std::nullopt;
  }

  void settle(const Name& name, const Known& snapshot, bool written) {
    const bool created = snapshot.written_count == 0;
    ++(written ? (created ? counts.created : counts.updated) : counts.failed);
    const auto found = known.find(name);
    if (found == known.end() || found->second.event != snapshot.event) return;
    Known& event = found->second;
    event.waiting = false;
    if (!written) return forget(name);
    event.written = clock();
    event.written_count = snapshot.count;
    if (event.count > snapshot.count) {
      event.waiting = true;
      updates.emplace(event.written + settings.update_every, name);
    }
  }

  bool write(const Known& event) {
    for (int attempt = 0; attempt < settings.tries; ++attempt) {
      if (attempt > 0 && !pause()) return false;
      const Outcome done = event.written_count == 0 ? create(event) : update(event);
      if (done.ok()) return true;
      if (log)
        log({LogLevel::Warn,
             "an event could not be written",
             {{"event", event.event}, {"error", done.error().message}}});
      if (!is_transient(done.error().kind)) return false;
    }
    return false;
  }

  /// False when there is no time left.
  bool pause() {
    std::unique_lock lock(mutex);
    wake_quit.wait_for(lock, settings.between_tries, [this] { return stopping; });
    return !stopping;
  }

  Outcome create(const Known& event) const {
    const Regarding& object = event.note.regarding;
    const std::string ns = object.ns.empty() ? "default" : object.ns;
    JsonObject regarding;
    regarding.add("apiVersion", object.api_version).add("kind", object.kind);
    if (!object.ns.empty()) regarding.add("namespace", object.ns);
    regarding.add("name", object.name);
    if (!object.uid.empty()) regarding.add("uid", object.uid);
    JsonObject body;
    body.add("apiVersion", "events.k8s.io/v1").add("kind", "Event");
    body.add("metadata", JsonObject().add("name", event.event).add("namespace", ns).build());
    body.add("eventTime", micro_time(event.first));
    body.add("reportingController", settings.controller)
        .add("reportingInstance", settings.instance);
    body.add("type", event.note.warning ? "Warning" : "Normal");
    body.add("reason", event.note.reason).add("action", event.note.action);
    body.add("note", event.note.note).add("regarding", regarding.build());
    if (event.count > 1) body.add("series", series(event));
    const Result<Object> answer = client->create(events(), ns, body.build(), options());
    if (answer.ok()) return Done{};
    // Already there: an earlier try whose answer was lost. Nobody else makes names like ours.
    if (answer.error().kind == ErrorKind::Conflict) return Done{};
    return answer.error();
  }

  Outcome update(const Known& event) const {
    const std::string ns = event.note.regarding.ns.empty() ? "default" : event.note.regarding.ns;
    const Json patch = JsonObject().add("series", series(event)).build();
    const Result<Object> answer =
        client->patch(events(), {ns, event.event}, PatchType::Merge, patch, options());
    if (answer.ok()) return Done{};
    // The server drops events after an hour; the next occurrence begins a new one.
    return answer.error();
  }

  static Json series(const Known& event) {
    const std::int64_t count = std::min<std::int64_t>(event.count, 2'000'000'000);
    return JsonObject().add("count", count).add("lastObservedTime", micro_time(event.last)).build();
  }

  WriteOptions options() const {
    WriteOptions chosen;
    chosen.timeout = settings.timeout;
    return chosen;
  }

  std::shared_ptr<Client> client;
  EventSettings settings;
  std::function<Instant()> clock;
  Log log;

  mutable std::mutex mutex;
  std::condition_variable wake, wake_quit, idle;
  std::map<Name, Known> known;
  std::list<Name> order;  ///< longest unheard of first
  std::deque<Name> creates;
  std::set<std::pair<Instant, Name>> updates;
  Counts counts;
  std::uint64_t serials = 0;
  bool stopping = false, quit = false;
  std::thread thread;
};

EventRecorder::EventRecorder(std::shared_ptr<Client> client,
                             EventSettings settings,
                             std::function<Instant()> now,
                             Log log)
    : state_(std::make_shared<State>()) {
  state_->client = std::move(client);
  state_->settings = std::move(settings);
  state_->settings.controller = cut(std::move(state_->settings.controller), kWordBytes);
  // The API server refuses an event without it.
  if (state_->settings.instance.empty()) state_->settings.instance = "doorbuster";
  state_->settings.instance = cut(std::move(state_->settings.instance), kWordBytes);
  state_->clock = std::move(now);
  state_->log = std::move(log);
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

EventRecorder::~EventRecorder() { stop(); }

void EventRecorder::record(EventNote note) { state_->record(std::move(note)); }

void EventRecorder::stop(Duration at_most) {
  {
    std::unique_lock lock(state_->mutex);
    if (state_->quit) return;
    state_->stopping = true;
    state_->wake.notify_all();
    state_->wake_quit.notify_all();
    state_->idle.wait_for(
        lock, at_most, [this] { return state_->creates.empty() && state_->updates.empty(); });
    state_->quit = true;
    state_->counts.dropped += state_->creates.size() + state_->updates.size();
  }
  if (state_->thread.joinable()) state_->thread.join();
}

EventRecorder::Counts EventRecorder::counts() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counts;
}

}  // namespace doorbuster::kube
