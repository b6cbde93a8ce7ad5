#pragma once

#include <string>
#include <string_view>

namespace doorbuster::adapters {

/// What a provider says of one number.
struct Reading {
  enum class Says {
    Value,
    Missing,  ///< it answered that there is no data
    Error,    ///< it could not be asked, or its answer not be read
  } says = Says::Error;
  double value = 0;
  std::string text;  ///< the value as it wrote it, or why there is none
  bool operator==(const Reading&) const = default;
};

Reading missing(std::string why);
Reading failed(std::string why);
/// Of a number's text, `0.5`, `1e-05`, `NaN`, `+Inf`: NaN is missing data, infinity an error.
Reading number(std::string_view text);

}  // namespace doorbuster::adapters
