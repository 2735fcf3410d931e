#include "retort/data/squad/squad_reader.h"

#include "retort/base/file.h"
#include "retort/data/squad/squad_json.h"
#include "retort/data/squad/squad_rows.h"
#include "retort/data/table/table_reader.h"

namespace retort::data {

SquadData read_squad(const std::filesystem::path& path, const SquadReadOptions& options) {
  SquadCollector collector(path.string(), options);
  if (find_table_form(path) != TableForm::kNone) {
    read_squad_rows(path, collector);
  } else {
    read_squad_json(read_file(path), path.string(), collector);
  }
  return collector.finish();
}

}  // namespace retort::data
