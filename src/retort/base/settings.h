// The effective settings of a run as JSON, for the folder it leaves.
#pragma once

#include "retort/base/fields.h"

namespace retort {

// The command and every field of its configuration, taken by value because a field list points into what it describes.
template <typename Config>
Json settings_of(const char* command, Config config) {
  FieldList list;
  config.fields(list);
  Json settings{{kCommandKey, command}};
  settings.update(fields_to_json(list));
  return settings;
}

}  // namespace retort
