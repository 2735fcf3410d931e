// See fields_schema.h.
#include "retort/base/fields_schema.h"

#include <array>

#include "retort/base/field_value.h"

namespace retort {
namespace {

// In the order of the types in Field::Target.
constexpr std::array kKinds{"bool", "bool", "int", "float", "text", "texts", "ints"};
static_assert(kKinds.size() == std::variant_size_v<Field::Target>);

Json schema_of(const Field& field) {
  const FieldSpec& spec = field.spec;
  Json schema{{"name", field.name},
              {"kind", kKinds[field.target.index()]},
              {"default", field_to_json(field)},
              {"help", spec.help}};
  if (!field.group.empty()) schema["group"] = field.group;
  if (!spec.unit.empty()) schema["unit"] = spec.unit;
  if (spec.min) schema["min"] = *spec.min;
  if (spec.max) schema["max"] = *spec.max;
  if (spec.all) schema["all"] = *spec.all;
  if (!spec.choices.empty()) schema["choices"] = spec.choices;
  if (!spec.aliases.empty()) schema["aliases"] = spec.aliases;
  if (spec.required) schema["required"] = true;
  return schema;
}

}  // namespace

Json fields_schema(const FieldList& list) {
  Json schema = Json::array();
  for (const Field& field : list.all()) schema.push_back(schema_of(field));
  return schema;
}

}  // namespace retort
