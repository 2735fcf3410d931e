#include "retort/data/squad_reader.h"

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/data/squad_collector.h"
#include "retort/data/table_reader.h"

namespace retort::data {

OnBadRecord parse_on_bad_record(const std::string& word) {
  if (word == "fail") return OnBadRecord::kFail;
  if (word == "skip") return OnBadRecord::kSkip;
  throw UserError("`on_bad_record` must be fail or skip, but is `{}`", word);
}

SquadData read_squad(const std::filesystem::path& path, const SquadReadOptions& options) {
  SquadCollector collector(path.string(), options);
  if (find_table_form(path) != TableForm::kNone) {
    read_squad_rows(path, collector);
  } else {
    std::string text = read_file(path);
    read_squad_json(text, path.string(), collector);
  }
  return collector.finish();
}

}  // namespace retort::data
