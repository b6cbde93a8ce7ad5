#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace doorbuster::api {

/// The first of so many that comes after itself, where each names those that it comes after; a name
/// that nobody has leads nowhere.
std::optional<std::size_t> first_in_circle(
    std::size_t count,
    const std::function<const std::string&(std::size_t)>& name_of,
    const std::function<const std::vector<std::string>&(std::size_t)>& after);

}  // namespace doorbuster::api
