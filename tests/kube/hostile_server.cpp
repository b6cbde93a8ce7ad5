#include "tests/kube/hostile_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace doorbuster::kube::testing {
namespace {

SSL* ssl_of(void* ssl) { return static_cast<SSL*>(ssl); }

std::shared_ptr<void> make_context(const ServerTls& tls) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  std::shared_ptr<void> owner(context, [](void* c) { SSL_CTX_free(static_cast<SSL_CTX*>(c)); });
  if (tls.max_version != 0) {
    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context, tls.max_version);
    SSL_CTX_set_max_proto_version(context, tls.max_version);
  }
  const auto bio = [](const std::string& pem) {
    return BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  };
  BIO* const certificate_bio = bio(tls.certificate);
  X509* const certificate = PEM_read_bio_X509(certificate_bio, nullptr, nullptr, nullptr);
  BIO* const key_bio = bio(tls.key);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
  const bool used = SSL_CTX_use_certificate(context, certificate) == 1 &&
                    SSL_CTX_use_PrivateKey(context, key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(certificate_bio);
  BIO_free(key_bio);
  if (!used) throw std::runtime_error("the server's certificate cannot be used");
  if (!tls.client_ca.empty()) {
    BIO* const ca_bio = bio(tls.client_ca);
    X509* const ca = PEM_read_bio_X509(ca_bio, nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca);
    X509_free(ca);
    BIO_free(ca_bio);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return owner;
}

std::size_t content_length(const std::string& head) {
  const std::size_t at = head.find("Content-Length: ");
  if (at == std::string::npos) return 0;
  std::size_t length = 0;
  std::from_chars(head.data() + at + 16, head.data() + head.size(), length);
  return length;
}

}  // namespace

long Visit::receive(char* data, std::size_t size) {
  if (ssl_ != nullptr) return SSL_read(ssl_of(ssl_), data, static_cast<int>(size));
  return ::recv(fd_, data, size, 0);
}

std::string Visit::read_request() {
  while (true) {
    const std::size_t end = inbox_.find("\r\n\r\n");
    if (end != std::string::npos) {
      const std::size_t whole = end + 4 + content_length(inbox_.substr(0, end));
      if (inbox_.size() >= whole) {
        std::string request = inbox_.substr(0, whole);
        inbox_.erase(0, whole);
        const std::lock_guard lock(server_.mutex_);
        server_.requests_.push_back(request);
        return request;
      }
    }
    std::array<char, 16384> buffer{};
    const long got = receive(buffer.data(), buffer.size());
    if (got <= 0) return {};
    inbox_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

bool Visit::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const long sent = ssl_ != nullptr
                          ? SSL_write(ssl_of(ssl_), bytes.data(), static_cast<int>(bytes.size()))
                          : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Visit::reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  polite_ = false;
}

void Visit::cut() { polite_ = false; }

bool Visit::pause(Duration time) {
  std::unique_lock lock(server_.mutex_);
  return !server_.stop_.wait_for(lock, time, [this] { return server_.stopping_; });
}

void Visit::hold() {
  std::array<char, 16384> buffer{};
  while (receive(buffer.data(), buffer.size()) > 0) {
  }
}

std::string Visit::client_name() const {
  if (ssl_ == nullptr) return {};
  X509* const certificate = SSL_get1_peer_certificate(ssl_of(ssl_));
  if (certificate == nullptr) return {};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(
      X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
  X509_free(certificate);
  return name.data();
}

HostileServer::HostileServer(Script script, std::optional<ServerTls> tls, int port)
    : script_(std::move(script)), tls_(std::move(tls)) {
  signal(SIGPIPE, SIG_IGN);
  if (tls_) context_ = make_context(*tls_);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 128) != 0) {
    throw std::runtime_error("no loopback port");
  }
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

HostileServer::~HostileServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stop_.notify_all();
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  for (std::thread& thread : threads_) thread.join();
}

std::string HostileServer::url() const {
  return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
}

std::vector<std::string> HostileServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int HostileServer::count(std::string_view method) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::count_if(requests_.begin(), requests_.end(), [&](const std::string& request) {
        return request.starts_with(method) && request.substr(method.size()).starts_with(' ');
      }));
}

void HostileServer::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      ::close(fd);
      return;
    }
    open_.push_back(fd);
    threads_.emplace_back([this, fd, number = connections_++] { serve(fd, number); });
  }
}

bool HostileServer::greet(Visit& visit) {
  SSL* const ssl = SSL_new(static_cast<SSL_CTX*>(context_.get()));
  visit.ssl_ = ssl;
  SSL_set_fd(ssl, visit.fd_);
  return SSL_accept(ssl) == 1;
}

void HostileServer::serve(int fd, int number) {
  const int at_once = ++now_;
  for (int most = most_; most < at_once && !most_.compare_exchange_weak(most, at_once);) {
  }
  Visit visit(*this, fd, number);
  if (!tls_ || greet(visit)) script_(visit);
  if (visit.ssl_ != nullptr) {
    if (visit.polite_) SSL_shutdown(ssl_of(visit.ssl_));
    SSL_free(ssl_of(visit.ssl_));
  }
  ERR_clear_error();
  const std::lock_guard lock(mutex_);
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  ::close(fd);
  --now_;
}

std::string answer(int status, std::string_view body, std::string_view more_headers) {
  return "HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Type: application/json\r\n" +
         std::string(more_headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

std::string chunked_head(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " Whatever\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string chunk(std::string_view bytes) {
  std::array<char, 16> size{};
  const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
  return std::string(size.data(), end) + "\r\n" + std::string(bytes) + "\r\n";
}

Script always(std::string body) {
  return [body](Visit& visit) {
    while (!visit.read_request().empty() && visit.send(answer(200, body))) {
    }
  };
}

}  // namespace doorbuster::kube::testing
