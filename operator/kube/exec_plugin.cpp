#include "operator/kube/exec_plugin.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <thread>

namespace doorbuster::kube {
namespace {

constexpr std::size_t kMaxComplaint = 200;  // bytes of a plugin's own words in our error

Error denied(const std::string& why) {
  return Error{ErrorKind::Denied, "exec plugin: " + why, {}, {}};
}

/// Closes itself.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }
  int get() const { return fd_; }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_;
};

struct Pipe {
  Fd read, write;
  bool open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read.reset(ends[0]);
    write.reset(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return true;
  }
};

std::string exec_info(const ExecPlugin& plugin) {
  JsonObject spec;
  if (plugin.cluster) spec.add("cluster", *plugin.cluster);
  spec.add("interactive", false);
  return JsonObject()
      .add("apiVersion", std::string_view(plugin.api_version))
      .add("kind", std::string_view("ExecCredential"))
      .add("spec", spec.build())
      .build()
      .text;
}

std::vector<std::string> environment_of(const ExecPlugin& plugin) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) all[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : plugin.env) all[name] = value;
  all["KUBERNETES_EXEC_INFO"] = exec_info(plugin);
  std::vector<std::string> lines;
  for (const auto& [name, value] : all) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// 0, or errno.
int spawn(const ExecPlugin& plugin, const Pipe& out, const Pipe& err, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  sigset_t none, pipe_only;
  sigemptyset(&none);
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);  // we ignore it; a program of its own expects it
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &pipe_only);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> words{plugin.command};
  words.insert(words.end(), plugin.args.begin(), plugin.args.end());
  std::vector<std::string> environment = environment_of(plugin);
  const int failed = posix_spawnp(&pid,
                                  plugin.command.c_str(),
                                  &actions,
                                  &attributes,
                                  pointers_to(words).data(),
                                  pointers_to(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

/// Reads what there is; false at the end.
bool drain(int fd, std::string& into, std::size_t max) {
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got > 0) {
      if (into.size() <= max) into.append(buffer.data(), static_cast<std::size_t>(got));
    } else {
      return got < 0 && (errno == EAGAIN || errno == EINTR);
    }
  }
}

struct Ending {
  bool timed_out = false, too_much = false;
  int status = 0;
};

/// Gathers output until the program has ended; kills its whole group when it must.
Ending attend(pid_t pid,
              Pipe& out,
              Pipe& err,
              std::string& said,
              std::string& complained,
              const std::atomic<bool>& stop,
              Duration time) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point until = Clock::now() + time;
  Ending ending;
  bool out_open = true, err_open = true;
  while (true) {
    std::array<pollfd, 2> waits{
        {{out_open ? out.read.get() : -1, POLLIN, 0}, {err_open ? err.read.get() : -1, POLLIN, 0}}};
    poll(waits.data(), waits.size(), 20);
    if (out_open) out_open = drain(out.read.get(), said, kMaxPluginOutput);
    if (err_open) err_open = drain(err.read.get(), complained, kMaxComplaint);
    siginfo_t info{};  // WNOWAIT: as long as the program is not reaped, its group's number cannot
                       // be another's
    const bool ended =
        waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == pid;
    if (ended) {
      if (out_open) drain(out.read.get(), said, kMaxPluginOutput);
      if (err_open) drain(err.read.get(), complained, kMaxComplaint);
    }
    ending.too_much = said.size() > kMaxPluginOutput;
    ending.timed_out = !ended && (stop.load() || Clock::now() >= until);
    if (ended || ending.timed_out || ending.too_much) {
      kill(-pid, SIGKILL);  // also whatever the program left behind in its group
      waitpid(pid, &ending.status, 0);
      return ending;
    }
  }
}

/// The first line of what a plugin said, printable and short.
std::string one_line(const std::string& text) {
  std::string line;
  for (const char c : text.substr(0, kMaxComplaint)) {
    if (c == '\n') break;
    line += c >= ' ' && c < 127 ? c : '?';
  }
  return line;
}

}  // namespace

Result<PluginAnswer> read_plugin_answer(std::string_view text, const std::string& api_version) {
  const auto root = JsonView::parse(text);
  if (!root) return denied("its output is no JSON: " + root.error().message);
  const auto text_at = [&root](const char* pointer) -> std::string {
    const auto found = root->at(pointer);
    return found ? found->string().value_or("") : "";
  };
  if (text_at("/kind") != "ExecCredential") return denied("its output is no ExecCredential");
  if (text_at("/apiVersion") != api_version) return denied("it did not answer in " + api_version);
  PluginAnswer answer{text_at("/status/token"),
                      text_at("/status/clientCertificateData"),
                      text_at("/status/clientKeyData"),
                      {}};
  if (answer.token.empty() && answer.certificate.empty())
    return denied("it gave neither token nor certificate");
  if (answer.certificate.empty() != answer.key.empty())
    return denied("it gave a certificate or key without the other");
  const std::string expires = text_at("/status/expirationTimestamp");
  if (!expires.empty()) {
    answer.expires = parse_rfc3339(expires);
    if (!answer.expires) return denied("its expirationTimestamp is no RFC 3339 time");
  }
  return answer;
}

Result<PluginAnswer> run_plugin(const ExecPlugin& plugin,
                                const std::atomic<bool>& stop,
                                Duration time) {
  Pipe out, err;
  if (!out.open() || !err.open()) return denied("no pipe for it: " + std::string(strerror(errno)));
  pid_t pid = -1;
  const std::string hint = plugin.install_hint.empty() ? "" : "; " + one_line(plugin.install_hint);
  if (const int failed = spawn(plugin, out, err, pid); failed != 0) {
    return denied(plugin.command + ": " + strerror(failed) + hint);
  }
  out.write.reset();
  err.write.reset();
  std::string said, complained;
  const Ending ending = attend(pid, out, err, said, complained, stop, time);
  if (ending.too_much) return denied(plugin.command + " wrote more than 256 KiB");
  if (ending.timed_out) return denied(plugin.command + " took too long");
  if (!WIFEXITED(ending.status) || WEXITSTATUS(ending.status) != 0) {
    const std::string how = WIFEXITED(ending.status)
                                ? "exit status " + std::to_string(WEXITSTATUS(ending.status))
                                : "signal " + std::to_string(WTERMSIG(ending.status));
    return denied(plugin.command + ": " + how +
                  (complained.empty() ? "" : ": " + one_line(complained)) + hint);
  }
  return read_plugin_answer(said, plugin.api_version);
}

}  // namespace doorbuster::kube
