#include <sstream>

#include "fuzz/input.h"
#include "fuzz/tables.h"
#include "fuzz/targets.h"
#include "retort/data/table/json_lines.h"
#include "retort/task/json_lines_input.h"

namespace retort::fuzz {
namespace {

// Reads objects as `predict` and `forward` do.
void read_requests(std::string_view input) {
  std::istringstream stream{std::string(input)};
  task::JsonLinesInput lines(stream, "input");
  while (const auto object = lines.maybe_next())
    takes([&] { touch(lines.text_of(*object, "text")); }), takes([&] { lines.integers_of(*object, "ids"); });
}

}  // namespace

bool json_lines(std::string_view input) {
  const MemoryFile file(input);
  takes([&] { read_requests(input); });
  takes([&] { data::find_table_form(file.path()); });
  return takes([&] { check_table(data::read_json_lines(file.path(), kTableColumns)); });
}

}  // namespace retort::fuzz
