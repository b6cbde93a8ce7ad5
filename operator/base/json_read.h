#pragma once

#include "operator/base/json.h"

#include <string>
#include <string_view>
#include <vector>

namespace doorbuster {

// What is absent, or of another type, reads as empty or false. By the name of a member, or by a
// pointer (JsonView::find).

std::string text_of(const JsonView& object, std::string_view name);
std::string text_at(const JsonView& value, std::string_view pointer);
std::vector<JsonView> elements_of(const JsonView& object, std::string_view name);
std::vector<JsonView> elements_at(const JsonView& value, std::string_view pointer);
/// The elements that are strings; of one that is not, an empty text.
std::vector<std::string> texts_of(const JsonView& object, std::string_view name);
bool is_true_at(const JsonView& value, std::string_view pointer);

}  // namespace doorbuster
