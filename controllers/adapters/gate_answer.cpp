#include "controllers/adapters/gate_answer.h"

#include "operator/base/utf8.h"

namespace doorbuster::adapters {
namespace {

constexpr int kForbidden = 403;

/// C0, DEL, and C1, which UTF-8 spells C2 80 to C2 9F.
bool is_control(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence.front());
  if (sequence.size() == 1) return first < 0x20 || first == 0x7F;
  return sequence.size() == 2 && first == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string out;
  bool space = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    const std::string_view one = text.substr(at, length == 0 ? 1 : length);
    at += one.size();
    if (length == 0 || one == " " || is_control(one)) {
      space = !out.empty();
      continue;
    }
    if (out.size() + one.size() + (space ? 1 : 0) > kGateReason) break;
    if (space) out += ' ';
    space = false;
    out += one;
  }
  return out;
}

std::string status_text(const kube::Response& answer) {
  const bool redirect = answer.status / 100 == 3;
  return "the server answers with status " + std::to_string(answer.status) +
         (redirect ? ", a redirect, which is not followed" : "");
}

Reading read_gate(const kube::Response& answer) {
  if (answer.status / 100 == 2) return {Reading::Says::Value, 1, ""};
  if (answer.status == kForbidden) return {Reading::Says::Value, 0, one_line(answer.body)};
  return failed(status_text(answer));
}

}  // namespace doorbuster::adapters
