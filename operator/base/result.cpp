#include "operator/base/result.h"

namespace doorbuster {

const char* to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Conflict:
      return "Conflict";
    case ErrorKind::NotFound:
      return "NotFound";
    case ErrorKind::Denied:
      return "Denied";
    case ErrorKind::Invalid:
      return "Invalid";
    case ErrorKind::Throttled:
      return "Throttled";
    case ErrorKind::Unavailable:
      return "Unavailable";
    case ErrorKind::Gone:
      return "Gone";
  }
  return "Unavailable";
}

}  // namespace doorbuster
