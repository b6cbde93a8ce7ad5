#include "operator/commands/terminal.h"

#include "operator/commands/connection.h"

#include <CLI/CLI.hpp>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace doorbuster::commands {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

sigset_t taken_signals() {
  sigset_t out;
  sigemptyset(&out);
  for (const int one : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&out, one);
  return out;
}

bool write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = write(STDOUT_FILENO, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

bool is_dumb() {
  const std::string term = environment("TERM");
  return term.empty() || term == "dumb";
}

}  // namespace

void add_look_options(CLI::App& command, LookFlags& flags) {
  command.add_option("--color", flags.colour, "auto: on a terminal, unless NO_COLOR is set")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  command.add_flag("--ascii", flags.ascii, "no characters beyond ASCII");
}

ScreenStyle style_of(const LookFlags& flags) {
  ScreenStyle out{.width = 0, .height = 0, .ascii = flags.ascii, .colour = false};
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  winsize size{};
  if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) out.width = size.ws_col;
  out.colour = flags.colour == "always" || (flags.colour == "auto" && terminal && !is_dumb() &&
                                            environment("NO_COLOR").empty());
  return out;
}

bool is_screen() { return isatty(STDOUT_FILENO) != 0 && !is_dumb(); }

Signals::Signals() : fd_(-1) {
  const sigset_t signals = taken_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  fd_ = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

Signals::~Signals() {
  if (fd_ >= 0) close(fd_);
}

int Signals::take() {
  signalfd_siginfo one{};
  return read(fd_, &one, sizeof one) == sizeof one ? static_cast<int>(one.ssi_signo) : 0;
}

struct Screen::Before {
  termios modes{};
  bool changed = false;
};

Screen::Screen() : before_(std::make_unique<Before>()) {
  if (isatty(STDIN_FILENO) != 0 && tcgetattr(STDIN_FILENO, &before_->modes) == 0) {
    termios modes = before_->modes;
    modes.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    modes.c_cc[VSUSP] = _POSIX_VDISABLE;
    modes.c_cc[VQUIT] = _POSIX_VDISABLE;
    before_->changed = tcsetattr(STDIN_FILENO, TCSANOW, &modes) == 0;
    if (before_->changed) keys_ = STDIN_FILENO;
  }
  write_all(kEnter);
}

Screen::~Screen() {
  write_all(kLeave);
  if (before_->changed) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_->modes);
}

Screen::Size Screen::size() const {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return {};
  return {size.ws_col, size.ws_row};
}

bool Screen::draw(const std::vector<std::string>& lines) {
  std::string out = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += lines[i] + "\x1b[K";
    if (i + 1 < lines.size()) out += "\n";  // the terminal adds the carriage return
  }
  return write_all(out + "\x1b[J");
}

int Screen::take_key() {
  pollfd one{.fd = keys_, .events = POLLIN, .revents = 0};
  if (keys_ < 0 || poll(&one, 1, 0) <= 0) return 0;
  unsigned char key = 0;
  const ssize_t got = read(keys_, &key, 1);
  if (got == 1) return key;
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
  keys_ = -1;
  return -1;
}

}  // namespace doorbuster::commands
