#include "controllers/planner/wanted.h"

namespace doorbuster::planner {

Question access_question(const ObjectRef& about,
                         const std::string& verb,
                         const std::string& service_account) {
  return {.id = "access/" + verb + "/" + service_account + "/" + to_text(about),
          .about = about,
          .verb = verb,
          .service_account = service_account};
}

}  // namespace doorbuster::planner
