#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace doorbuster::commands {

/// What may stand where the last of these words stands (it may be empty): commands, flags, a flag's
/// values. One candidate a line, `name<tab>what it is`. A word that names a file gives none: the
/// shell completes files by itself.
std::vector<std::string> candidates(const CLI::App& app, const std::vector<std::string>& words);

/// Adds `completion bash|zsh|fish|kubectl`, which prints a script to be sourced (kubectl: the
/// `kubectl_complete-sale` that kubectl looks for on PATH), and the hidden `__complete WORD...`
/// that those scripts call; it answers as cobra does.
void add_completion_commands(CLI::App& app, int& exit_code);

}  // namespace doorbuster::commands
