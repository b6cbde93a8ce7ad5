#pragma once

#include <cassert>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace doorbuster {

/// Why an expected failure happened; it alone says whether trying again can help.
enum class ErrorKind {
  Conflict,     ///< the object moved on: read again, decide again
  NotFound,     ///< a consistent answer said that it does not exist
  Denied,       ///< authentication or authorisation
  Invalid,      ///< the request or the input is wrong; repeating it is useless
  Throttled,    ///< the server asks for patience: see Error::retry_after
  Unavailable,  ///< no answer, or one that says "later"; whether a write took effect is not known
  Gone,         ///< a resourceVersion or continue token has expired: list again
};

/// Does the same request have a chance later without anything else changing?
constexpr bool is_transient(ErrorKind kind) {
  return kind == ErrorKind::Throttled || kind == ErrorKind::Unavailable;
}

const char* to_string(ErrorKind kind);

/// One field that is wrong, as the API server or our own reader names it.
struct FieldCause {
  std::string field;  ///< `spec.window.start`, the API server's spelling
  std::string message;
  auto operator<=>(const FieldCause&) const = default;
};

struct Error {
  ErrorKind kind = ErrorKind::Unavailable;
  std::string message;
  std::vector<FieldCause> causes;                        ///< only with Invalid
  std::optional<std::chrono::milliseconds> retry_after;  ///< only with Throttled or Unavailable
};

/// A value, or why there is none. Using the value of a failure is a bug and stops the process.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value)
      : held_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Error error)
      : held_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }
  const T& value() const& {
    assert(ok());
    return std::get<0>(held_);
  }
  T& value() & {
    assert(ok());
    return std::get<0>(held_);
  }
  T value() && {
    assert(ok());
    return std::get<0>(std::move(held_));
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }
  const Error& error() const {
    assert(!ok());
    return std::get<1>(held_);
  }

 private:
  std::variant<T, Error> held_;
};

/// Success without a value.
struct Done {
  bool operator==(const Done&) const = default;
};
using Outcome = Result<Done>;

}  // namespace doorbuster
