#pragma once

#include <cstdint>
#include <string>

namespace doorbuster::kube {

/// Under which name a process stands in the lease (LeaseSettings::identity).
///
/// A process that is started again in the place of one that has ended (the same container, or the
/// same machine) gets the name of that one, and so takes its lease over at once instead of waiting
/// until it has run out. That is safe because the kernel says that nobody else has the name: it
/// belongs to whoever has bound an abstract socket of this name in this network namespace, and is
/// free once that process has ended. The first part tells machines and namespaces apart.
///
/// Guarantees: two processes that live at the same time never have the same name. Where the kernel
/// cannot say so, or the name is in use, the name is a random one.
class ProcessName {
 public:
  /// `host`: for people. `lease`: what the processes compete for. `random`: 64 random bits.
  static ProcessName take(const std::string& host, const std::string& lease, std::uint64_t random);
  ProcessName(ProcessName&& other) noexcept;
  ProcessName& operator=(ProcessName&&) = delete;
  ~ProcessName();  ///< gives the name back

  const std::string& text() const { return text_; }

 private:
  ProcessName(std::string text, int socket) : text_(std::move(text)), socket_(socket) {}
  std::string text_;
  int socket_;  ///< -1: none
};

}  // namespace doorbuster::kube
