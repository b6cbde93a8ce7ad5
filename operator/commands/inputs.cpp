#include "operator/commands/inputs.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace doorbuster::commands {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kEndings{".yaml", ".yml", ".json"};

Error unreadable(ErrorKind kind, std::string why) {
  return {.kind = kind, .message = std::move(why), .causes = {}, .retry_after = {}};
}

/// Never more of it than may be kept: a file may be endless.
Result<std::string> all_of(std::istream& in) {
  std::string text(kMaxInputBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  const auto count = static_cast<std::size_t>(in.gcount());
  if (in.bad()) return unreadable(ErrorKind::Unavailable, "must be readable");
  if (count > kMaxInputBytes)
    return unreadable(ErrorKind::Invalid, "must be at most 1 MiB; split it into several files");
  text.resize(count);
  return text;
}

InputFile read_file(const fs::path& path) {
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (!fs::exists(status))
    return {path.string(), unreadable(ErrorKind::NotFound, "must exist; there is no such file")};
  if (!fs::is_regular_file(status) && !fs::is_fifo(status) && !fs::is_character_file(status))
    return {path.string(), unreadable(ErrorKind::Invalid, "must be a file or a folder")};
  std::ifstream in(path, std::ios::binary);
  if (!in) return {path.string(), unreadable(ErrorKind::Denied, "must be readable")};
  return {path.string(), all_of(in)};
}

bool has_known_ending(const fs::path& path) {
  return std::find(kEndings.begin(), kEndings.end(), path.extension().string()) != kEndings.end();
}

/// The manifests of a folder, sorted; no link to a folder is followed.
Result<std::vector<fs::path>> manifests_in(const fs::path& folder, bool recursive) {
  std::vector<fs::path> out;
  const auto take = [&out](const fs::directory_entry& entry) {
    std::error_code failed;
    if (entry.is_regular_file(failed) && has_known_ending(entry.path()))
      out.push_back(entry.path());
    return out.size() <= kMaxInputFiles;
  };
  std::error_code failed;
  bool fits = true;
  if (recursive) {
    for (fs::recursive_directory_iterator at(folder, failed), end; !failed && fits && at != end;
         at.increment(failed))
      fits = take(*at);
  } else {
    for (fs::directory_iterator at(folder, failed), end; !failed && fits && at != end;
         at.increment(failed))
      fits = take(*at);
  }
  if (failed) return unreadable(ErrorKind::Denied, folder.string() + ": must be readable");
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

Result<std::vector<InputFile>> read_inputs(const std::vector<std::string>& names,
                                           bool recursive,
                                           std::istream& in) {
  std::vector<InputFile> out;
  for (const std::string& name : names) {
    std::error_code failed;
    if (name == "-") {
      out.push_back({"<stdin>", all_of(in)});
    } else if (fs::is_directory(name, failed)) {
      auto found = manifests_in(name, recursive);
      if (!found.ok()) {
        out.push_back({name, found.error()});
        continue;
      }
      for (const fs::path& path : *found) {
        if (out.size() > kMaxInputFiles) break;
        out.push_back(read_file(path));
      }
    } else {
      out.push_back(read_file(name));
    }
    if (out.size() > kMaxInputFiles)
      return unreadable(ErrorKind::Invalid, "more than 1000 files; name fewer at once");
  }
  return out;
}

}  // namespace doorbuster::commands
