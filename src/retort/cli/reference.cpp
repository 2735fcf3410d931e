// See reference.h. Hidden commands have no page.
#include "retort/cli/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "retort/base/fields_text.h"
#include "retort/base/file.h"
#include "retort/base/folder.h"
#include "retort/cli/commands.h"

namespace retort::cli {
namespace {

// "finetune squad" -> "finetune_squad.md"
std::string page_name(const Command& command) {
  std::string name = command.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name + ".md";
}

std::string page_text(const Command& command) {
  FieldList list;
  if (command.describe != nullptr) command.describe(list);
  const std::string head = fmt::format("# retort {}\n\n{}\n", command.name, command.summary);
  if (list.all().empty()) return head;
  return fmt::format(
      "{}\n`--config FILE` reads any of these flags from a JSON file; the command line overrides it.\n\n{}", head,
      fields_markdown(list));
}

std::string index_text() {
  std::string text = "# Commands\n\nWritten by `retort reference`; do not edit.\n";
  std::string group;
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    if (group != command.group) text += fmt::format("\n## {}\n\n", group = command.group);
    text += fmt::format("- [retort {}]({}): {}\n", command.name, page_name(command), command.summary);
  }
  return text;
}

}  // namespace

Json write_reference(const ReferenceConfig& config) {
  const fs::path folder = config.output_dir;
  make_folder(folder);
  int64_t pages = 1;
  write_file_atomically(folder / "README.md", index_text());
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    write_file_atomically(folder / page_name(command), page_text(command));
    ++pages;
  }
  return {{"pages", pages}};
}

}  // namespace retort::cli
