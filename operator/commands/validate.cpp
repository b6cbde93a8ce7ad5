#include "operator/commands/validate.h"

#include "operator/commands/checked.h"
#include "operator/commands/run_options.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::commands {
namespace {

struct ValidateFlags {
  std::vector<std::string> files;
  bool recursive = false;
  std::string output = "text", fail_on = "error", allow_list;
};

int failed(const std::string& why, int code) {
  std::fprintf(stderr, "kubectl-sale validate: %s\n", why.c_str());
  return code;
}

Result<Allowed> allowed_by(const std::string& file) {
  if (file.empty()) return Allowed{};
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return Error{.kind = ErrorKind::NotFound, .message = "--allow-list: cannot read " + file};
  }
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto list = read_allow_list(text);
  if (!list.ok()) {
    return Error{.kind = ErrorKind::Invalid,
                 .message = "--allow-list: " + file + ": " + list.error().message};
  }
  return Allowed{std::move(list).value(), false};
}

int validate(const ValidateFlags& flags, Instant now) {
  const auto allowed = allowed_by(flags.allow_list);
  if (!allowed.ok()) return failed(allowed.error().message, kUsage);
  const auto files = read_inputs(flags.files, flags.recursive, std::cin);
  if (!files.ok()) return failed(files.error().message, kUsage);
  const CheckedFiles checked = check_files(*files, *allowed, now);
  const int code = exit_code_of(checked, flags.fail_on == "warn");
  const std::string text = flags.output == "json" ? as_json(checked) : as_text(checked);
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return written ? code : kCommandFailed;
}

}  // namespace

void add_validate_command(CLI::App& app, const std::function<Instant()>& now, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "validate",
      "Say what is wrong with SaleEvents, SaleSchedules and SaleActions in files, without a "
      "cluster. Exit codes: 0 "
      "nothing, 2 not readable, 10 errors, 11 warnings with --fail-on=warn.");
  auto flags = std::make_shared<ValidateFlags>();
  command->add_option("-f,--filename", flags->files, "a file, a folder, or - for standard input")
      ->required()
      ->allow_extra_args(false);
  command->add_flag("-R,--recursive", flags->recursive, "folders with all that is below them");
  command->add_option("-o,--output", flags->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("--fail-on", flags->fail_on, "error, or warn: warnings end with 11")
      ->check(CLI::IsMember({"error", "warn"}))
      ->capture_default_str();
  command->add_option(
      "--allow-list", flags->allow_list, "the operator's allow-list file, if it has one");
  command->callback([flags, now, &exit_code] { exit_code = validate(*flags, now()); });
}

}  // namespace doorbuster::commands
