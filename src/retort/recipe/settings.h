// The effective settings of a run as JSON, for the folder it leaves.
#pragma once

#include "retort/base/fields.h"

namespace retort::recipe {

// Every field of `config`, taken by value because a field list points into what it describes.
template <typename Config>
Json settings_of(Config config) {
  FieldList list;
  config.fields(list);
  return fields_to_json(list);
}

}  // namespace retort::recipe
