#include "operator/commands/version.h"

#include "operator/base/json.h"

#include "doorbuster_version.inc"
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace doorbuster::commands {
namespace {

std::string platform() {
#if defined(__x86_64__)
  return "linux/amd64";
#elif defined(__aarch64__)
  return "linux/arm64";
#else
  return "linux/other";
#endif
}

std::string as_text(const BuildInfo& build) {
  return "doorbuster " + build.version + "\ncommit    " + build.commit + "\nsources   " +
         to_rfc3339(build.source) + "\ncompiler  " + build.compiler + "\nplatform  " +
         build.platform + "\n";
}

std::string as_json(const BuildInfo& build) {
  JsonObject object;
  object.add("version", std::string_view(build.version))
      .add("commit", std::string_view(build.commit));
  object.add("sources", std::string_view(to_rfc3339(build.source)))
      .add("compiler", std::string_view(build.compiler));
  object.add("platform", std::string_view(build.platform));
  return object.build().text + "\n";
}

}  // namespace

const BuildInfo& build_info() {
  static const BuildInfo build{.version = DOORBUSTER_VERSION,
                               .commit = DOORBUSTER_COMMIT,
                               .compiler = "g++ " __VERSION__,
                               .platform = platform(),
                               .source = Instant(std::chrono::seconds(DOORBUSTER_SOURCE_EPOCH))};
  return build;
}

std::string user_agent() { return "doorbuster/" + build_info().version + " (" + platform() + ")"; }

void add_version_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("version", "Print which build this is.");
  auto output = std::make_shared<std::string>("text");
  command->add_option("-o,--output", *output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([output, &exit_code] {
    const std::string text = *output == "json" ? as_json(build_info()) : as_text(build_info());
    const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
    exit_code = written ? 0 : 1;
  });
}

}  // namespace doorbuster::commands
