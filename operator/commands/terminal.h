#pragma once

#include "operator/base/result.h"
#include "operator/commands/painted.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// How a command is to look.
struct LookFlags {
  std::string colour = "auto";
  bool ascii = false;
};
/// Declares --color and --ascii.
void add_look_options(CLI::App& command, LookFlags& flags);

/// What standard output can show: `--color`, then NO_COLOR (no-color.org) and TERM=dumb, then
/// whether it is a terminal; its width, 0 where it is none.
ScreenStyle style_of(const LookFlags& flags);
/// Can standard output be redrawn?
bool is_screen();

/// The signals that end a program at a terminal, and that of a new size, blocked in this thread and
/// in those that it starts; before any is started. They are taken from fd() then.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  int fd() const { return fd_; }
  /// The next one that came, or 0.
  int take();

 private:
  int fd_;
};

/// Standard output as a screen of its own, until it is destroyed: the alternate screen, so that
/// what was there before comes back, no cursor, no wrapping, keys without Enter. Ctrl-C stays a
/// signal; Ctrl-Z and Ctrl-\ do nothing. Control sequences: ECMA-48 and xterm's 1049.
class Screen {
 public:
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  struct Size {
    std::size_t width = 80, height = 24;
  };
  Size size() const;
  /// Overwrites what is there, line by line: a whole screen that is cleared first flickers.
  /// False: nobody reads it any more.
  bool draw(const std::vector<std::string>& lines);
  /// Standard input where keys come from it, else -1.
  int keys() const { return keys_; }
  /// The next key; 0: none now. -1: there will be none any more, and keys() is -1 then.
  int take_key();

 private:
  struct Before;
  std::unique_ptr<Before> before_;
  int keys_ = -1;
};

}  // namespace doorbuster::commands
