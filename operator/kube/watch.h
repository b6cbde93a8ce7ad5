#pragma once

#include "operator/base/instant.h"
#include "operator/base/result.h"
#include "operator/kube/client.h"
#include "operator/kube/decode.h"
#include "operator/kube/sink.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace doorbuster::kube {

/// Spans and bounds of one list+watch. The defaults follow client-go's reflector, but the watch
/// ends below the 240 s after which some load balancers forget an idle connection without telling
/// anybody.
struct WatchSettings {
  int page_limit = 500;
  Duration page_within{60'000};  ///< a whole page, from request to last byte
  Duration page_idle{15'000};
  Duration watch_from{170'000},
      watch_to{220'000};       ///< timeoutSeconds, chosen between them by the jitter
  Duration idle_slack{5'000};  ///< the idle time-out is timeoutSeconds plus this
  Duration backoff_base{800}, backoff_max{30'000}, backoff_floor{100};
  Duration backoff_unreachable{4'000};  ///< most, while the server does not answer at all: a
                                        ///< refused connection costs it nothing
  Duration healthy_after{120'000};      ///< a watch that lived as long forgets earlier failures
  Duration short_lived{
      10'000};  ///< a watch that ended sooner counts as a failure, however it ended
  /// 401, 403 and 404 in a row that are tried again with back-off before slow_retry. An API server
  /// that was away counts anew: one that has just started refuses what it has not read yet.
  int early_refusals = 5;
  Duration slow_retry{30'000};  ///< Denied, NotServed, TooMany; up to half of it more by the jitter
  Duration retry_after_max{60'000};
  std::size_t frame_bytes = 16U << 20U;
  std::size_t page_bytes = 64U << 20U;
  std::size_t unpaged_bytes = 256U
                              << 20U;  ///< a list without limit, after an expired continue token
  std::size_t objects = 200'000;       ///< in one list
  int pages = 2'000;                   ///< in one list
  int same_version_tries = 4;          ///< failures that speak of our resourceVersion ("too large",
                                       ///< garbage) before listing again
};

/// What happened. `ticket` is the one of the request or timer that it answers; an outdated one is
/// ignored.
struct Begin {};
struct AnswerBegan {
  std::uint64_t ticket = 0;
  int status = 0;
  std::optional<Duration> retry_after;
};
struct AnswerBytes {
  std::uint64_t ticket = 0;
  std::string_view bytes;
};
struct AnswerEnded {
  std::uint64_t ticket = 0;
  bool clean = false;  ///< the server finished its answer
  std::string why;
};
struct TimerFired {
  std::uint64_t ticket = 0;
};
using WatchInput = std::variant<Begin, AnswerBegan, AnswerBytes, AnswerEnded, TimerFired>;

/// What to do, in this order. Views live until the next step.
struct OpenAnswer {
  std::uint64_t ticket = 0;
  std::string target;
  Duration headers_within{}, idle{};
};
struct CloseAnswer {};
/// There is one timer; setting it forgets the one before.
struct SetTimer {
  std::uint64_t ticket = 0;
  Duration after{};
};
struct DeliverPage {
  ListedPage page;
};
struct DeliverUpsert {
  Meta meta;
  std::string_view text;
};
struct DeliverDelete {
  Meta meta;
  std::string_view text;
};
struct DeliverBookmark {
  std::string version;
};
struct DeliverUndecodable {
  std::string why;
};
struct DeliverState {
  WatchReport report;
};
using WatchOutput = std::variant<OpenAnswer,
                                 CloseAnswer,
                                 SetTimer,
                                 DeliverPage,
                                 DeliverUpsert,
                                 DeliverDelete,
                                 DeliverBookmark,
                                 DeliverUndecodable,
                                 DeliverState>;

/// List and watch of one kind in one namespace (or all) as a pure state machine: it opens no
/// socket, reads no clock, rolls no dice. Empty -> Paging -> Listed -> Watching, with Backoff
/// between any two.
///
/// Guarantees: begins with a consistent list; delivers every change after it in order, or lists
/// again; a failed stream is resumed where it ended, without listing; every retry waits unless what
/// failed had lived for a while; memory is bounded. Source of the rules: the API concepts page of
/// Kubernetes (efficient detection of changes) and client-go's reflector.
class WatchMachine {
 public:
  enum class Stage { Empty, Paging, Listed, Watching, Backoff };

  WatchMachine(Resource resource, std::string ns, WatchSettings settings = {});

  /// `jitter` in [0, 1): a fresh random number for each step.
  std::vector<WatchOutput> step(const WatchInput& input, Instant now, double jitter);

  Stage stage() const { return stage_; }
  const std::string& version() const { return version_; }
  std::uint64_t undecodable() const { return undecodable_; }

 private:
  enum class After { List, NextPage, Watch };  ///< what to do next
  enum class Pace { AtOnce, Backoff, Slow };
  struct Failure {
    WatchState state = WatchState::Retrying;
    After after = After::List;
    Pace pace = Pace::Backoff;
    std::optional<Duration> retry_after = {};
    std::string why = {};
  };
  struct Chance {
    Instant now;
    double jitter;
  };
  using Outputs = std::vector<WatchOutput>;

  void on(const Begin&, const Chance&, Outputs& out);
  void on(const AnswerBegan& began, const Chance&, Outputs& out);
  void on(const AnswerBytes& part, const Chance&, Outputs& out);
  void on(const AnswerEnded& ended, const Chance&, Outputs& out);
  void on(const TimerFired& fired, const Chance&, Outputs& out);

  void proceed(After after, const Chance&, Outputs& out);
  void open(
      std::string target, Duration headers_within, Duration idle, Duration at_most, Outputs& out);
  void ask_page(const Chance&, Outputs& out);
  void ask_watch(const Chance&, Outputs& out);
  void page_complete(const Chance&, Outputs& out);
  void take_frames(const Chance&, Outputs& out);
  /// False when the stream is over because of this frame.
  bool take_frame(std::string_view line, const Chance&, Outputs& out);
  void refused(const Chance&, Outputs& out);
  void server_error(ServerStatus status, const Chance&, Outputs& out);
  void fail(Failure failure, const Chance&, Outputs& out);
  void report(WatchState state, std::string why, Instant now, Outputs& out);
  After again() const;                ///< repeats what was being asked
  Duration lived(Instant now) const;  ///< the watch, since it was asked for

  Resource resource_;
  std::string ns_;
  WatchSettings settings_;

  Stage stage_ = Stage::Empty;
  After after_backoff_ = After::List;
  std::uint64_t tickets_ = 0, answer_ = 0, timer_ = 0;  ///< 0: none open, none set
  int status_ = 0;                                      ///< of the open answer; 0: not known yet
  std::optional<Duration> retry_after_;

  std::string body_;          ///< of a page, of a refusal, or the watch's bytes not yet taken
  bool padded_ = false;       ///< kTextPadding zeros follow in body_
  bool spent_ = false;        ///< body_ and metas_ are only kept for the views handed out
  std::size_t taken_ = 0;     ///< bytes of body_ that are done with
  std::size_t searched_ = 0;  ///< bytes of body_ without a further line end
  std::vector<Meta> metas_;   ///< what the views of a page point to

  std::string continue_token_, list_version_, version_;
  bool unpaged_ = false;  ///< this list is asked for without limit
  int pages_ = 0;
  std::size_t listed_ = 0;
  Instant list_asked_{}, watch_opened_{};
  int failures_ = 0;    ///< that the server answered, since it was away or a watch was healthy
  int unanswered_ = 0;  ///< in a row: the server did not answer at all
  int refusals_ = 0;    ///< 401, 403 and 404 in a row
  int expired_in_a_row_ = 0;  ///< 410s without a watch between them that lived for a while
  int same_version_ = 0;      ///< failures at this version that may be due to it
  std::optional<WatchState> reported_;
  std::string reported_why_;
  std::uint64_t undecodable_ = 0;
};

}  // namespace doorbuster::kube
