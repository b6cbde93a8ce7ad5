#include "operator/base/web_address.h"

#include <algorithm>
#include <charconv>

namespace doorbuster {
namespace {

bool is_small(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_name(std::string_view host) {
  return !host.empty() && is_small(host.front()) && is_small(host.back()) &&
         std::all_of(
             host.begin(), host.end(), [](char c) { return is_small(c) || c == '-' || c == '.'; });
}

/// What stands in brackets: an IPv6 address, as far as its letters go.
bool is_bracketed(std::string_view host) {
  return host.size() >= 2 && host.find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
}

bool take_host(std::string_view& authority, WebAddress& out) {
  if (authority.substr(0, 1) == "[") {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    out.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    return is_bracketed(out.host);
  }
  out.host = authority.substr(0, authority.find(':'));
  authority.remove_prefix(out.host.size());
  return is_name(out.host);
}

bool take_port(std::string_view rest, WebAddress& out) {
  out.port = out.https ? 443 : 80;
  if (rest.empty()) return true;
  if (rest.front() != ':') return false;
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out.port);
  return error == std::errc() && end == rest.data() + rest.size() && out.port != 0;
}

}  // namespace

std::optional<WebAddress> parse_web_address(std::string_view url) {
  WebAddress out;
  out.https = url.substr(0, 8) == "https://";
  if (!out.https && url.substr(0, 7) != "http://") return std::nullopt;
  url.remove_prefix(out.https ? 8 : 7);
  const bool plain = std::all_of(
      url.begin(), url.end(), [](char c) { return c > ' ' && c <= '~' && c != '#' && c != '"'; });
  std::string_view authority = url.substr(0, std::min(url.find('/'), url.size()));
  out.target = url.substr(authority.size());
  if (out.target.empty()) out.target = "/";
  out.authority = authority;
  if (!plain || !take_host(authority, out) || !take_port(authority, out)) return std::nullopt;
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool letter = is_small(c) || (c >= 'A' && c <= 'Z');
    if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

}  // namespace doorbuster
