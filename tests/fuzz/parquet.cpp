#include <array>

#include "fuzz/input.h"
#include "fuzz/tables.h"
#include "fuzz/targets.h"
#include "retort/data/glue/glue_reader.h"
#include "retort/data/squad/squad_reader.h"

namespace retort::fuzz {

bool parquet(std::string_view input) {
  const MemoryFile file(input);
  if (!takes([&] { check_table(data::read_table(file.path(), kTableColumns)); })) return false;
  takes([&] { data::read_squad(file.path(), {.is_training = true, .on_bad_record = data::OnBadRecord::kSkip}); });
  takes([&] { data::read_glue(std::array{file.path()}, data::find_glue_task("sst-2"), {}); });
  return true;
}

}  // namespace retort::fuzz
