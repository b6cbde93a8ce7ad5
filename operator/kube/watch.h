#pragma once

#include "operator/base/instant.h"
#include "operator/base/result.h"
#include "operator/kube/client.h"
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
  Duration healthy_after{120'000};  ///< a watch that lived as long forgets earlier failures
  Duration short_lived{
      10'000};                  ///< a watch that ended sooner counts as a failure, however it ended
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
  enum class After { Resume, Relist };  ///< what to do when the back-off is over
  enum class Pace { AtOnce, Backoff, Slow };
  struct Failure {
    WatchState state = WatchState::Retrying;
    After after = After::Resume;
    Pace pace = Pace::Backoff;
    std::optional<Duration> retry_after;
    std::string why;
  };
  using Outputs = std::vector<WatchOutput>;

  void on(const Begin&, Instant now, double jitter, Outputs& out);
  void on(const AnswerBegan&, Instant now, double jitter, Outputs& out);
  void on(const AnswerBytes&, Instant now, double jitter, Outputs& out);
  void on(const AnswerEnded&, Instant now, double jitter, Outputs& out);
  void on(const TimerFired&, Instant now, double jitter, Outputs& out);

  void ask_page(Instant now, Outputs& out);
  void ask_watch(Instant now, double jitter, Outputs& out);
  void proceed(After after, Instant now, double jitter, Outputs& out);
  void page_complete(Instant now, double jitter, Outputs& out);
  void refused(Instant now, double jitter, Outputs& out);
  void take_frames(Instant now, double jitter, Outputs& out);
  /// False when the stream is over because of this frame.
  bool take_frame(std::size_t begin, std::size_t end, Instant now, double jitter, Outputs& out);
  void server_error(int code,
                    bool too_large,
                    std::optional<Duration> retry_after,
                    std::string why,
                    Instant now,
                    double jitter,
                    Outputs& out);
  void fail(Failure failure, Instant now, double jitter, Outputs& out);
  void report(WatchState state, std::string why, Instant now, Outputs& out);
  bool answering(std::uint64_t ticket) const;
  std::string path() const;

  Resource resource_;
  std::string ns_;
  WatchSettings settings_;

  Stage stage_ = Stage::Empty;
  After after_backoff_ = After::Relist;
  std::uint64_t ticket_ = 0;  ///< of the open answer or the timer that counts
  bool answer_open_ = false;
  int status_ = 0;
  std::optional<Duration> retry_after_;

  std::string body_;          ///< page so far, error body, or frames not yet taken
  std::size_t taken_ = 0;     ///< bytes of body_ already delivered
  std::size_t searched_ = 0;  ///< bytes of body_ known to hold no further line end
  std::vector<Meta> metas_;   ///< what the views of the last step point to

  std::string continue_token_, version_, reported_why_;
  bool unpaged_ = false;
  int pages_ = 0;
  std::size_t listed_ = 0;
  Instant list_asked_{}, watch_opened_{};
  int failures_ = 0, expired_in_a_row_ = 0, same_version_ = 0;
  std::optional<WatchState> reported_;
  std::uint64_t undecodable_ = 0;
};

}  // namespace doorbuster::kube
