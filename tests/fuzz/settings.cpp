#include "fuzz/input.h"
#include "fuzz/targets.h"
#include "retort/base/fields.h"

namespace retort::fuzz {
namespace {

// A configuration with a field of every kind and limit.
struct Settings {
  bool is_fast = true;
  int64_t steps = 3, all = -1;
  double rate = 0.1;
  std::string path, mode = "a";
  std::vector<std::string> names{"x", "y"};
  std::vector<int64_t> layers{1, 2};

  void fields(FieldList& list) {
    list.add("is_fast", is_fast, {.help = "A switch."});
    list.add("steps", steps, {.help = "A count.", .min = 1, .max = 1e6, .aliases = {"max_steps"}});
    list.add("all", all, {.help = "A count or all.", .min = 0, .all = -1});
    list.add("rate", rate, {.help = "A number.", .min = 0, .max = 1});
    list.add("path", path, {.help = "A path."});
    list.add("mode", mode, {.help = "A choice.", .choices = {"a", "b"}, .choice_aliases = {{"old", "a"}}});
    list.add("names", names, {.help = "Texts."});
    list.add("layers", layers, {.help = "Numbers.", .min = 0});
    list.accept({.name = "seed_of_others", .takes_value = true, .reason = "nothing here is random"});
  }
};

// Checks that settings that were read are the same after writing and reading.
void read_settings(const Json& values) {
  Settings settings, again;
  FieldList list, list_again;
  settings.fields(list), again.fields(list_again);
  set_fields_from_json(list, values, "input");
  const Json written = fields_to_json(list);
  set_fields_from_json(list_again, parse_json(written.dump(), "rewritten input"), "rewritten input");
  RETORT_CHECK(fields_to_json(list_again) == written, "the settings change: {}", written.dump());
}

// Parses each line as a word of a command line; it reads no other file.
void read_words(std::string_view input) {
  std::vector<std::string> words;
  while (!input.empty()) {
    const size_t end = std::min(input.find('\n'), input.size());
    words.emplace_back(input.substr(0, end));
    if (words.back().find("config") != std::string::npos) return;
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  Settings settings;
  FieldList list;
  settings.fields(list);
  parse_flags(list, words);
}

}  // namespace

bool settings(std::string_view input) {
  const bool is_taken = takes([&] { read_words(input); });
  return takes([&] { read_settings(parse_json(input, "input", JsonComments::kSkip)); }) || is_taken;
}

}  // namespace retort::fuzz
