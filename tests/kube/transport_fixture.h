#pragma once

#include "operator/kube/http_transport.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>

namespace doorbuster::kube::testing {

/// A folder that goes when the test does.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "doorbuster-kube-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  /// Writes a file and returns its path.
  std::string write(const std::string& name,
                    const std::string& text,
                    bool executable = false) const {
    const std::filesystem::path path = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    if (executable) std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path.string();
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Wall time that only moves when told to.
class ManualClock {
 public:
  std::function<Instant()> reader() {
    return [this] { return Instant(Duration(at_.load())); };
  }
  void advance(Duration by) { at_ += by.count(); }

 private:
  std::atomic<std::int64_t> at_{1'700'000'000'000};
};

inline TransportOptions options_at(ManualClock& clock) {
  TransportOptions options;
  options.user_agent = "doorbuster/test (linux)";
  options.now = clock.reader();
  return options;
}

inline std::shared_ptr<Transport> transport_to(const ServerConfig& config,
                                               TransportOptions options) {
  auto made = make_transport(config, std::move(options));
  if (!made) throw std::runtime_error(made.error().message);
  return *made;
}

/// Remembers a stream; tests wait for what they expect of it.
class RecordingReader : public StreamReader {
 public:
  void on_status(int status, const Headers&) override {
    const std::lock_guard lock(mutex_);
    status_ = status;
    changed_.notify_all();
  }
  void on_bytes(std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    text_.append(bytes);
    changed_.notify_all();
  }
  void on_end(const Error& why) override {
    const std::lock_guard lock(mutex_);
    ends_.push_back(why);
    changed_.notify_all();
  }

  bool wait_for_bytes(std::size_t count) {
    return wait([this, count] { return text_.size() >= count; });
  }
  bool wait_for_end() {
    return wait([this] { return !ends_.empty(); });
  }
  int status() {
    const std::lock_guard lock(mutex_);
    return status_;
  }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  std::vector<Error> ends() {
    const std::lock_guard lock(mutex_);
    return ends_;
  }

 private:
  template <class Condition>
  bool wait(const Condition& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), condition);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int status_ = 0;
  std::string text_;
  std::vector<Error> ends_;
};

}  // namespace doorbuster::kube::testing
