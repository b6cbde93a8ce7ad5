#pragma once

#include <string>
#include <vector>

namespace doorbuster::kube::testing {

/// A certificate with its key, both PEM.
struct Identity {
  std::string certificate, key;
};

struct CertificateWish {
  std::string common_name = "anybody";
  std::string
      alternative_names{};  ///< as OpenSSL writes them: "DNS:kube.test,IP:127.0.0.1"; empty: none
  bool expired = false;
};

/// A certificate authority made for one test.
class Authority {
 public:
  explicit Authority(const std::string& name);
  Identity issue(const CertificateWish& wish) const;
  const std::string& certificate() const { return own_.certificate; }

 private:
  Identity own_;
};

}  // namespace doorbuster::kube::testing
