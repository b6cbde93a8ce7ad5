#include "operator/kube/watch.h"

#include "operator/kube/decode.h"

#include <algorithm>
#include <cmath>

namespace doorbuster::kube {
namespace {

constexpr std::size_t kErrorBytes = 256U << 10U;  ///< of an unsuccessful answer's body
constexpr std::size_t kReportedItems = 16;        ///< undecodable items of one page that are named
constexpr std::size_t kKeptBytes = 256U << 10U;   ///< of buffer, between steps of a watch
constexpr Duration kWatchHeadersWithin{30'000};

std::string percent_encoded(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return encoded;
}

Duration scaled(Duration span, double factor) {
  return Duration(std::llround(static_cast<double>(span.count()) * factor));
}

}  // namespace

const char* to_string(WatchState state) {
  switch (state) {
    case WatchState::Starting:
      return "Starting";
    case WatchState::Current:
      return "Current";
    case WatchState::Retrying:
      return "Retrying";
    case WatchState::Denied:
      return "Denied";
    case WatchState::NotServed:
      return "NotServed";
    case WatchState::TooMany:
      return "TooMany";
    case WatchState::Stopped:
      return "Stopped";
  }
  return "?";
}

WatchMachine::WatchMachine(Resource resource, std::string ns, WatchSettings settings)
    : resource_(std::move(resource)), ns_(std::move(ns)), settings_(settings) {}

std::vector<WatchOutput> WatchMachine::step(const WatchInput& input, Instant now, double jitter) {
  if (padded_) body_.resize(body_.size() - kTextPadding);
  padded_ = false;
  if (spent_) {
    // A page's megabytes are not kept for the years that a watch lasts.
    if (stage_ != Stage::Paging && body_.capacity() > kKeptBytes) std::string().swap(body_);
    body_.clear();
    std::vector<Meta>().swap(metas_);
    taken_ = searched_ = 0;
    spent_ = false;
  } else if (taken_ > 0) {
    body_.erase(0, taken_);
    searched_ -= taken_;
    taken_ = 0;
  }
  const Chance chance{now, std::isfinite(jitter) ? std::clamp(jitter, 0.0, 1.0) : 0.5};
  Outputs out;
  std::visit([&](const auto& what) { on(what, chance, out); }, input);
  return out;
}

void WatchMachine::on(const Begin&, const Chance& chance, Outputs& out) {
  if (stage_ != Stage::Empty) return;
  report(WatchState::Starting, "", chance.now, out);
  proceed(After::List, chance, out);
}

void WatchMachine::on(const AnswerBegan& began, const Chance& chance, Outputs& out) {
  if (began.ticket != answer_) return;
  status_ = began.status;
  retry_after_ = began.retry_after;
  if (stage_ == Stage::Watching && status_ == 200) {
    report(WatchState::Current, "", chance.now, out);
  }
}

void WatchMachine::on(const AnswerBytes& part, const Chance& chance, Outputs& out) {
  if (part.ticket != answer_) return;
  if (status_ != 200) {
    // The words of a refusal; what goes beyond the bound is not needed to understand it.
    if (body_.size() < kErrorBytes) body_.append(part.bytes.substr(0, kErrorBytes - body_.size()));
    return;
  }
  body_.append(part.bytes);
  if (stage_ == Stage::Watching) {
    take_frames(chance, out);
  } else if (body_.size() > (unpaged_ ? settings_.unpaged_bytes : settings_.page_bytes)) {
    fail({.state = WatchState::TooMany,
          .after = After::List,
          .pace = Pace::Slow,
          .why = "a page exceeds its bound of bytes"},
         chance,
         out);
  }
}

void WatchMachine::on(const AnswerEnded& ended, const Chance& chance, Outputs& out) {
  if (ended.ticket != answer_) return;
  answer_ = 0;
  if (status_ != 0 && status_ != 200) {
    refused(chance, out);
  } else if (stage_ == Stage::Paging && status_ == 200 && ended.clean) {
    page_complete(chance, out);
  } else if (stage_ == Stage::Watching && status_ == 200 && ended.clean &&
             lived(chance.now) >= settings_.short_lived) {
    fail({.after = After::Watch, .pace = Pace::AtOnce, .why = ended.why}, chance, out);
  } else {
    fail({.after = again(), .why = ended.why}, chance, out);
  }
}

void WatchMachine::on(const TimerFired& fired, const Chance& chance, Outputs& out) {
  if (fired.ticket != timer_) return;
  timer_ = 0;
  switch (stage_) {
    case Stage::Empty:
    case Stage::Listed:
      return;
    case Stage::Backoff:
      return proceed(after_backoff_, chance, out);
    case Stage::Paging:
      return fail({.after = After::NextPage, .why = "a page took too long"}, chance, out);
    case Stage::Watching:
      return fail({.after = After::Watch, .why = "the watch did not end in time"}, chance, out);
  }
}

void WatchMachine::proceed(After after, const Chance& chance, Outputs& out) {
  switch (after) {
    case After::Watch:
      return ask_watch(chance, out);
    case After::NextPage:
      return ask_page(chance, out);
    case After::List:
      continue_token_.clear();
      return ask_page(chance, out);
  }
}

void WatchMachine::open(
    std::string target, Duration headers_within, Duration idle, Duration at_most, Outputs& out) {
  spent_ = true;
  status_ = 0;
  retry_after_.reset();
  answer_ = ++tickets_;
  out.push_back(OpenAnswer{answer_, std::move(target), headers_within, idle});
  timer_ = ++tickets_;
  out.push_back(SetTimer{timer_, at_most});
}

void WatchMachine::ask_page(const Chance& chance, Outputs& out) {
  stage_ = Stage::Paging;
  std::string target = target_of(resource_, ns_);
  if (!unpaged_) target += "?limit=" + std::to_string(settings_.page_limit);
  if (continue_token_.empty()) {
    list_asked_ = chance.now;
    listed_ = 0;
    pages_ = 0;
  } else {
    target += "&continue=" + percent_encoded(continue_token_);
  }
  open(std::move(target), settings_.page_within, settings_.page_idle, settings_.page_within, out);
}

void WatchMachine::ask_watch(const Chance& chance, Outputs& out) {
  stage_ = Stage::Watching;
  watch_opened_ = chance.now;
  const Duration span =
      settings_.watch_from + scaled(settings_.watch_to - settings_.watch_from, chance.jitter);
  const auto seconds = std::chrono::round<std::chrono::seconds>(span);
  const Duration idle = seconds + settings_.idle_slack;
  open(target_of(resource_, ns_) +
           "?allowWatchBookmarks=true&resourceVersion=" + percent_encoded(version_) +
           "&timeoutSeconds=" + std::to_string(seconds.count()) + "&watch=true",
       kWatchHeadersWithin,
       idle,
       idle + settings_.idle_slack,
       out);
}

void WatchMachine::page_complete(const Chance& chance, Outputs& out) {
  body_.append(kTextPadding, '\0');
  padded_ = true;
  Result<DecodedList> decoded =
      decode_list(std::string_view(body_).substr(0, body_.size() - kTextPadding));
  if (!decoded.ok() || decoded->version.empty()) {
    const std::string why =
        decoded.ok() ? "a list without resourceVersion" : decoded.error().message;
    return fail({.after = After::List, .why = why}, chance, out);
  }
  const bool last = decoded->continue_token.empty();
  listed_ += decoded->metas.size() + decoded->undecodable.size();
  if (listed_ > settings_.objects || ++pages_ > settings_.pages) {
    return fail({.state = WatchState::TooMany,
                 .after = After::List,
                 .pace = Pace::Slow,
                 .why = "more objects than the bound"},
                chance,
                out);
  }
  // Pages that were answered from different versions: changes after the first are watched (again),
  // so its version counts.
  if (pages_ == 1) list_version_ = decoded->version;
  ListedPage page{.first = pages_ == 1,
                  .last = last,
                  .items = {},
                  .version = list_version_,
                  .as_of = list_asked_};
  continue_token_ = std::move(decoded->continue_token);
  // Asked for before the items are handed over: the server works on the next page meanwhile.
  if (last) {
    stage_ = Stage::Listed;
    unpaged_ = false;
    same_version_ = 0;
    version_ = list_version_;
    ask_watch(chance, out);
  } else {
    ask_page(chance, out);
  }
  metas_ = std::move(decoded->metas);
  page.items.reserve(metas_.size());
  for (std::size_t i = 0; i < metas_.size(); ++i)
    page.items.push_back({metas_[i], decoded->texts[i]});
  out.push_back(DeliverPage{std::move(page)});
  undecodable_ += decoded->undecodable.size();
  for (std::size_t i = 0; i < std::min(decoded->undecodable.size(), kReportedItems); ++i) {
    out.push_back(DeliverUndecodable{std::move(decoded->undecodable[i])});
  }
}

void WatchMachine::take_frames(const Chance& chance, Outputs& out) {
  const std::size_t size = body_.size();
  body_.append(kTextPadding, '\0');
  padded_ = true;
  for (;;) {
    const std::size_t end = std::string_view(body_).substr(0, size).find('\n', searched_);
    if (end == std::string_view::npos) break;
    const std::size_t begin = taken_;
    taken_ = searched_ = end + 1;
    if (!take_frame(std::string_view(body_).substr(begin, end - begin), chance, out)) return;
  }
  searched_ = size;
  if (size - taken_ > settings_.frame_bytes) {
    // Resuming would bring the same frame again; a list has room for it.
    ++undecodable_;
    out.push_back(DeliverUndecodable{"a watch event exceeds its bound of bytes"});
    fail({.after = After::List, .why = "a watch event exceeds its bound of bytes"}, chance, out);
  }
}

bool WatchMachine::take_frame(std::string_view line, const Chance& chance, Outputs& out) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return true;
  const Result<DecodedFrame> frame = decode_frame(line);
  if (!frame.ok()) {
    const After after =
        ++same_version_ >= settings_.same_version_tries ? After::List : After::Watch;
    fail({.after = after, .why = "garbage in a watch: " + frame.error().message}, chance, out);
    return false;
  }
  using Type = DecodedFrame::Type;
  if (frame->type == Type::Error) {
    ServerStatus status = decode_status(frame->object);
    server_error(std::move(status), chance, out);
    return false;
  }
  DecodedMeta decoded = decode_meta(frame->object);
  if (frame->type == Type::Unknown || (frame->type != Type::Bookmark && !decoded.why.empty())) {
    ++undecodable_;
    out.push_back(
        DeliverUndecodable{decoded.why.empty() ? "an unknown type of watch event" : decoded.why});
  }
  if (!decoded.meta.resource_version.empty()) {
    version_ = decoded.meta.resource_version;
    same_version_ = 0;
  }
  switch (frame->type) {
    case Type::Added:
    case Type::Modified:
      if (decoded.why.empty()) out.push_back(DeliverUpsert{std::move(decoded.meta), frame->object});
      break;
    case Type::Deleted:
      if (decoded.why.empty()) out.push_back(DeliverDelete{std::move(decoded.meta), frame->object});
      break;
    case Type::Bookmark:
      if (!decoded.meta.resource_version.empty()) out.push_back(DeliverBookmark{version_});
      break;
    case Type::Error:
    case Type::Unknown:
      break;
  }
  return true;
}

void WatchMachine::refused(const Chance& chance, Outputs& out) {
  body_.append(kTextPadding, '\0');
  padded_ = true;
  ServerStatus status =
      decode_status(std::string_view(body_).substr(0, body_.size() - kTextPadding));
  status.code = status_;
  if (retry_after_) status.retry_after = retry_after_;
  if (status.message.empty()) status.message = "HTTP status " + std::to_string(status_);
  server_error(std::move(status), chance, out);
}

void WatchMachine::server_error(ServerStatus status, const Chance& chance, Outputs& out) {
  const bool watching = stage_ == Stage::Watching;
  Failure failure{
      .after = again(), .retry_after = status.retry_after, .why = std::move(status.message)};
  // A token may just have been replaced; an API server that has just started refuses what it has
  // not read the roles for yet, and does not know custom kinds yet. So the first refusals are tried
  // again soon, and a view that was good stays believed.
  const bool refusal = status.code == 401 || status.code == 403 || status.code == 404;
  const bool early = refusals_ < settings_.early_refusals;
  if (refusal) ++refusals_;
  if (status.code == 401 || status.code == 403) {
    failure.state = watching && early ? WatchState::Retrying : WatchState::Denied;
    failure.pace = early ? Pace::Backoff : Pace::Slow;
  } else if (status.code == 404) {
    failure = {.state = watching && early ? WatchState::Retrying : WatchState::NotServed,
               .after = watching && early ? again() : After::List,
               .pace = early ? Pace::Backoff : Pace::Slow,
               .why = std::move(failure.why)};
  } else if (status.code == 410) {
    failure.after = After::List;
    if (watching) {
      if (lived(chance.now) >= settings_.short_lived) expired_in_a_row_ = 0;
      failure.pace = ++expired_in_a_row_ == 1 ? Pace::AtOnce : Pace::Backoff;
    } else {
      // The continue token has expired: once more, whole. Not paged again if even that fails with
      // the same answer.
      const bool first_time = !unpaged_ && !continue_token_.empty();
      failure.pace = first_time ? Pace::AtOnce : Pace::Backoff;
      unpaged_ = first_time;
    }
  } else if (watching && (status.version_too_large || status.code == 400 || status_ == 200)) {
    // It may be our version that the server cannot serve: after some tries it gets a new one.
    if (++same_version_ >= settings_.same_version_tries || status.code == 400)
      failure.after = After::List;
  } else if (status.code != 429 && status.code < 500 && status.code != 0) {
    failure.after = watching ? After::Watch : After::List;
    failure.pace = Pace::Slow;
  }
  fail(std::move(failure), chance, out);
}

void WatchMachine::fail(Failure failure, const Chance& chance, Outputs& out) {
  if (answer_ != 0) out.push_back(CloseAnswer{});
  answer_ = 0;
  if (status_ == 0) {
    // How it was before it went away says nothing about how it is once it is back.
    failures_ = refusals_ = 0;
  } else {
    unanswered_ = 0;
  }
  if (stage_ == Stage::Watching && status_ == 200) {
    if (lived(chance.now) >= settings_.healthy_after) failures_ = 0;
    if (lived(chance.now) >= settings_.short_lived) expired_in_a_row_ = refusals_ = 0;
  }
  if (failure.after == After::List) continue_token_.clear();
  spent_ = true;
  if (failure.pace == Pace::AtOnce) return proceed(failure.after, chance, out);
  stage_ = Stage::Backoff;
  after_backoff_ = failure.after;
  report(failure.state, std::move(failure.why), chance.now, out);
  Duration delay;
  if (failure.pace == Pace::Slow) {
    delay = settings_.slow_retry + scaled(settings_.slow_retry, chance.jitter / 2);
  } else {
    const bool away = status_ == 0;
    const Duration most = away ? settings_.backoff_unreachable : settings_.backoff_max;
    int& before = away ? unanswered_ : failures_;
    Duration cap = settings_.backoff_base;
    for (int i = 0; i < before && cap < most; ++i) cap *= 2;
    ++before;
    delay = std::max(settings_.backoff_floor, scaled(std::min(cap, most), chance.jitter));
  }
  if (failure.retry_after) {
    const Duration asked = std::clamp(*failure.retry_after, Duration(0), settings_.retry_after_max);
    delay = std::max(delay, asked + scaled(settings_.backoff_base, chance.jitter));
  }
  timer_ = ++tickets_;
  out.push_back(SetTimer{timer_, delay});
}

void WatchMachine::report(WatchState state, std::string why, Instant now, Outputs& out) {
  if (reported_ == state && reported_why_ == why) return;
  reported_ = state;
  reported_why_ = why;
  out.push_back(DeliverState{{state, std::move(why), now}});
}

WatchMachine::After WatchMachine::again() const {
  return stage_ == Stage::Watching ? After::Watch : After::NextPage;
}

Duration WatchMachine::lived(Instant now) const {
  return std::max(Duration(0), std::chrono::duration_cast<Duration>(now - watch_opened_));
}

}  // namespace doorbuster::kube
