#include "operator/commands/completion.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string_view>

namespace doorbuster::commands {
namespace {

/// cobra's directives: https://github.com/spf13/cobra/blob/main/site/content/completions/_index.md
constexpr int kFilesToo = 0;
constexpr int kNoFiles = 4;

constexpr std::string_view kBash = R"script(# bash: source <(kubectl-sale completion bash)
_kubectl_sale() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) [ "$line" = ":0" ] && compopt -o default 2>/dev/null ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _kubectl_sale kubectl-sale
)script";

constexpr std::string_view kZsh = R"script(#compdef kubectl-sale
# zsh: source <(kubectl-sale completion zsh)
_kubectl_sale() {
  local line files=0
  local -a found
  while IFS= read -r line; do
    case $line in
      :0) files=1 ;;
      :*) ;;
      *) found+=("${line/$'\t'/:}") ;;
    esac
  done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe 'kubectl-sale' found
  [ $files = 1 ] && _files
}
compdef _kubectl_sale kubectl-sale
)script";

constexpr std::string_view kFish = R"script(# fish: kubectl-sale completion fish | source
function __kubectl_sale
  set -l words (commandline -opc) (commandline -ct)
  kubectl-sale __complete $words[2..-1] 2>/dev/null | string match -v ':*'
end
complete -c kubectl-sale -a '(__kubectl_sale)'
)script";

constexpr std::string_view kKubectl = R"script(#!/usr/bin/env sh
# Save as kubectl_complete-sale, executable, on PATH: kubectl calls it to complete `kubectl sale`.
exec kubectl-sale __complete "$@"
)script";

struct Script {
  std::string_view shell, text;
};
constexpr std::array<Script, 4> kScripts{
    {{"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}, {"kubectl", kKubectl}}};

bool begins_with(const std::string& text, const std::string& prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

std::string first_sentence(const std::string& text) {
  const std::size_t end = text.find_first_of(".:\n");
  return text.substr(0, end);
}

const CLI::Option* option_named(const CLI::App& app, const std::string& word) {
  for (const CLI::Option* one : app.get_options()) {
    if (one->check_name(word)) return one;
  }
  return nullptr;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

/// The command that the words lead to, and the flag whose value the last word is.
struct Place {
  const CLI::App* app;
  const CLI::Option* value_of = nullptr;
};

Place place_of(const CLI::App& root, const std::vector<std::string>& words) {
  Place at{.app = &root};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    at.value_of = nullptr;
    const std::string& word = words[i];
    if (begins_with(word, "-")) {
      const CLI::Option* option = option_named(*at.app, word);
      if (option != nullptr && takes_value(*option)) {
        if (i + 2 == words.size()) {
          at.value_of = option;
        } else {
          ++i;
        }
      }
      continue;
    }
    for (const CLI::App* below : at.app->get_subcommands({})) {
      if (below->get_name() == word) at.app = below;
    }
  }
  return at;
}

/// Values of a flag with a closed set, as CLI11 writes them: `{text,json}`.
std::vector<std::string> values_of(const CLI::Option& option) {
  std::vector<std::string> out;
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return out;
  std::string word;
  for (const char c : type.substr(open + 1, close - open - 1) + ",") {
    if (c == ',') {
      out.push_back(word);
      word.clear();
    } else {
      word += c;
    }
  }
  return out;
}

void print_lines(const std::vector<std::string>& lines, int directive) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  text += directive == kFilesToo ? ":0\n" : ":4\n";
  std::fputs(text.c_str(), stdout);
}

}  // namespace

std::vector<std::string> candidates(const CLI::App& app, const std::vector<std::string>& words) {
  const std::string last = words.empty() ? "" : words.back();
  const Place at = place_of(app, words);
  std::vector<std::string> out;
  if (at.value_of != nullptr) {
    for (const std::string& one : values_of(*at.value_of)) {
      if (begins_with(one, last)) out.push_back(one);
    }
    return out;
  }
  if (!begins_with(last, "-")) {
    for (const CLI::App* below : at.app->get_subcommands({})) {
      const std::string& name = below->get_name();
      if (begins_with(name, last) && !below->get_group().empty())
        out.push_back(name + "\t" + first_sentence(below->get_description()));
    }
    for (const CLI::Option* one : at.app->get_options()) {
      if (!one->get_positional()) continue;
      for (const std::string& value : values_of(*one)) {
        if (begins_with(value, last)) out.push_back(value);
      }
    }
  } else {
    for (const CLI::Option* one : at.app->get_options()) {
      for (const std::string& name : one->get_lnames()) {
        if (begins_with("--" + name, last))
          out.push_back("--" + name + "\t" + one->get_description());
      }
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

void add_completion_commands(CLI::App& app, int& exit_code) {
  CLI::App* completion = app.add_subcommand(
      "completion", "Print a completion script for a shell, or for kubectl's plugin `sale`.");
  auto shell = std::make_shared<std::string>();
  completion->add_option("shell", *shell, "bash, zsh, fish or kubectl")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "kubectl"}));
  completion->callback([shell, &exit_code] {
    for (const Script& one : kScripts) {
      if (one.shell == *shell) std::fwrite(one.text.data(), 1, one.text.size(), stdout);
    }
    exit_code = std::fflush(stdout) == 0 ? 0 : 1;
  });
  CLI::App* complete = app.add_subcommand("__complete", "What the shell may offer next.");
  complete->group("");  // not shown
  complete->prefix_command();
  complete->callback([&app, complete, &exit_code] {
    const std::vector<std::string> words = complete->remaining();
    const std::vector<std::string> found = candidates(app, words);
    const Place at = place_of(app, words);
    const bool file = at.value_of != nullptr && values_of(*at.value_of).empty();
    print_lines(found, file ? kFilesToo : kNoFiles);
    exit_code = 0;
  });
}

}  // namespace doorbuster::commands
