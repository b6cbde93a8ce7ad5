#pragma once

#include "operator/base/node.h"

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

/// The shape of the tables that hack/generate makes from the CRD: what crds/walker.cpp walks.
namespace doorbuster::api {

/// FreeObject: an object of any members, which no table knows.
enum class SchemaType { Object, Array, String, Integer, Boolean, IntOrString, FreeObject, Any };
enum class ListType { Atomic, Set, Map };
enum class Format { None, Int32, Int64, DateTime };

/// One CEL rule of the CRD with the C++ function that says the same (crds/twins.h).
struct Rule {
  bool (*holds)(const Node& self);
  std::string_view field_path;  ///< ".end", or empty: the value itself
  std::string_view message;
  std::string_view cel;
};

/// A pattern of the CRD with the hand-written function that matches the same texts
/// (crds/patterns.h).
struct Pattern {
  bool (*matches)(std::string_view text) = nullptr;
  std::string_view means;  ///< "a duration such as `90m`"
  std::string_view regex;
};

struct Field;

/// One schema of the CRD. Bounds that the CRD does not set never bite.
struct Schema {
  SchemaType type = SchemaType::Object;
  std::span<const Field> fields = {};  ///< Object
  const Schema* items = nullptr;       ///< Array
  const Schema* values = nullptr;      ///< Object whose members have any name: of each of them
  ListType list_type = ListType::Atomic;
  std::string_view list_key = {};                  ///< ListType::Map: the one key
  std::span<const std::string_view> allowed = {};  ///< enum
  Pattern pattern = {};
  Format format = Format::None;
  std::int64_t minimum = std::numeric_limits<std::int64_t>::min();
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
  std::uint32_t at_least = 0;  ///< minLength, minItems or minProperties
  std::uint32_t at_most =
      std::numeric_limits<std::uint32_t>::max();  ///< maxLength, maxItems or maxProperties
  std::span<const Rule> rules = {};
};

struct Field {
  std::string_view name;
  const Schema* schema;
  bool required;
  std::string_view default_json;  ///< empty: none
  std::string_view description;
};

extern const Schema kSaleEventSpecSchema;
extern const Schema kSaleEventStatusSchema;
extern const Schema kSaleScheduleSpecSchema;
extern const Schema kSaleActionSpecSchema;
extern const Schema kSaleActionStatusSchema;
extern const Schema kSaleScheduleStatusSchema;

}  // namespace doorbuster::api
