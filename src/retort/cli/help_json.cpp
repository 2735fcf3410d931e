#include "retort/cli/help_json.h"

#include "retort/base/fields_schema.h"
#include "retort/cli/commands.h"

namespace retort::cli {

Json command_json(const Command& command) {
  FieldList list;
  if (command.describe != nullptr) command.describe(list);
  return {{"command", command.name}, {"summary", command.summary}, {"flags", fields_schema(list)}};
}

Json commands_json() {
  Json all = Json::array();
  for (const Command& command : commands())
    if (!command.hidden) all.push_back(command_json(command));
  return {{"version", version_text()}, {"commands", all}};
}

}  // namespace retort::cli
