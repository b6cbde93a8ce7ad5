#include "operator/kube/credentials.h"

#include "operator/kube/exec_plugin.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>

namespace doorbuster::kube {
namespace {

constexpr Duration kLeeway{10'000};  // a token is replaced this long before it expires
constexpr Duration kRunAgainAfter{
    5'000};  // a plugin whose credentials fail is not run more often than this

Error denied(std::string why) { return Error{ErrorKind::Denied, std::move(why), {}, {}}; }

/// A text given outright, or kept as read from a file.
class Text {
 public:
  Text(std::string given, std::string path, std::size_t max)
      : text_(std::move(given)), path_(std::move(path)), max_(max) {}

  /// Reads the file when it is due. An error only when nothing good was ever read.
  Outcome refresh(Instant now, bool at_once) {
    if (path_.empty()) return Done{};
    const bool due = !read_at_ || at_once || now < *read_at_ || now - *read_at_ >= kReadAgain;
    if (!due) return Done{};
    auto fresh = read_file(path_, max_);
    if (fresh && fresh->empty()) fresh = denied("is empty");
    if (fresh) {
      text_ = std::move(*fresh);
    } else if (text_.empty()) {
      return denied(path_ + ": " + fresh.error().message);
    }
    read_at_ = now;
    return Done{};
  }

  const std::string& get() const { return text_; }

 private:
  std::string text_, path_;
  std::size_t max_;
  std::optional<Instant> read_at_;
};

/// "Bearer ..." of what a token file holds; Denied when it could not stand in a header.
Result<std::string> bearer(std::string_view token) {
  const std::size_t begin = token.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return std::string();
  token = token.substr(begin, token.find_last_not_of(" \t\r\n") - begin + 1);
  for (const char c : token) {
    if (c <= ' ' || c > '~') return denied("the token holds characters that no token has");
  }
  return "Bearer " + std::string(token);
}

class Source : public CredentialSource {
 public:
  Source(const ServerConfig& config, std::function<Instant()> now)
      : now_(std::move(now)),
        https_(config.server.starts_with("https://")),
        skip_verify_(config.skip_verify),
        exec_(config.user.exec),
        token_(config.user.token, config.user.token_file, kMaxTokenBytes),
        ca_(config.ca, config.ca_file, kMaxPemBytes),
        certificate_(config.user.certificate, config.user.certificate_file, kMaxPemBytes),
        key_(config.user.key, config.user.key_file, kMaxPemBytes) {}

  std::optional<Result<Credentials>> ready() override {
    const std::lock_guard lock(mutex_);
    const Instant now = now_();
    if (exec_ && plugin_due(now)) return std::nullopt;
    if (exec_ && !answer_) return Result<Credentials>(*plugin_error_);
    return composed(now);
  }

  Result<Credentials> fetch(const std::atomic<bool>& stop) override {
    const std::lock_guard one_at_a_time(run_mutex_);
    if (auto already = ready()) return *std::move(already);
    Result<PluginAnswer> answer = run_plugin(*exec_, stop);
    {
      const std::lock_guard lock(mutex_);
      ran_at_ = now_();
      plugin_rejected_ = false;
      if (answer) {
        answer_ = std::move(*answer);
      } else {
        answer_.reset();
        plugin_error_ = answer.error();
      }
      if (!answer_) return *plugin_error_;
      return composed(*ran_at_);
    }
  }

  void reject(std::uint64_t generation) override {
    const std::lock_guard lock(mutex_);
    if (generation != current_.generation) return;  // already replaced
    read_at_once_ = true;
    plugin_rejected_ = true;
  }

 private:
  bool plugin_due(Instant now) const {
    const bool just_ran = ran_at_ && now >= *ran_at_ && now - *ran_at_ < kRunAgainAfter;
    if (!answer_) return !just_ran;
    if (answer_->expires && now >= *answer_->expires) return !just_ran;
    const bool soon = answer_->expires && now + kLeeway >= *answer_->expires;
    return (soon || plugin_rejected_) && !just_ran;
  }

  Result<Credentials> composed(Instant now) {
    const bool at_once = std::exchange(read_at_once_, false);
    for (Text* text : {&token_, &ca_, &certificate_, &key_}) {
      if (auto refreshed = text->refresh(now, at_once); !refreshed) return refreshed.error();
    }
    auto authorization = bearer(answer_ && !answer_->token.empty() ? answer_->token : token_.get());
    if (!authorization) return authorization.error();
    const bool own = answer_ && !answer_->certificate.empty();
    const std::string& certificate = own ? answer_->certificate : certificate_.get();
    const std::string& key = own ? answer_->key : key_.get();
    const TlsSettings* const old = current_.tls.get();
    const bool same_tls = !https_ || (old && old->ca == ca_.get() &&
                                      old->certificate == certificate && old->key == key);
    if (current_.generation > 0 && same_tls && current_.authorization == *authorization)
      return current_;
    if (!same_tls) {
      current_.tls = std::make_shared<const TlsSettings>(
          TlsSettings{ca_.get(), certificate, key, skip_verify_});
    }
    current_.authorization = std::move(*authorization);
    ++current_.generation;
    return current_;
  }

  const std::function<Instant()> now_;
  const bool https_, skip_verify_;
  const std::optional<ExecPlugin> exec_;
  std::mutex run_mutex_;  // held while a plugin runs; taken before mutex_
  std::mutex mutex_;      // everything below
  Text token_, ca_, certificate_, key_;
  std::optional<PluginAnswer> answer_;
  std::optional<Error> plugin_error_;
  std::optional<Instant> ran_at_;
  bool read_at_once_ = false, plugin_rejected_ = false;
  Credentials current_;
};

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t max) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return Error{
        errno == ENOENT ? ErrorKind::NotFound : ErrorKind::Unavailable, strerror(errno), {}, {}};
  }
  std::string text;
  std::array<char, 16384> buffer{};
  ssize_t got = 0;
  while (text.size() <= max && (got = ::read(fd, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const int error = got < 0 ? errno : 0;
  ::close(fd);
  if (error != 0) return Error{ErrorKind::Unavailable, strerror(error), {}, {}};
  if (text.size() > max)
    return Error{ErrorKind::Invalid, "larger than " + std::to_string(max) + " bytes", {}, {}};
  return text;
}

Result<std::unique_ptr<CredentialSource>> make_credentials(const ServerConfig& config,
                                                           std::function<Instant()> now) {
  auto source = std::make_unique<Source>(config, std::move(now));
  if (auto first = source->ready(); first && !*first) return first->error();
  return std::unique_ptr<CredentialSource>(std::move(source));
}

}  // namespace doorbuster::kube
