#include "retort/task/token_counts.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/checkpoint/pickle_machine.h"

namespace retort::task {

namespace {

constexpr auto kPickleMark = std::byte{0x80};

std::vector<int64_t> read_pickled_list(std::span<const std::byte> bytes, const std::string& path) {
  const checkpoint::PickleContent content = checkpoint::read_pickle(bytes, path);
  const checkpoint::PickleValue& list = content.values[content.root];
  std::vector<int64_t> counts;
  for (const checkpoint::ValueId item : list.items) {
    const checkpoint::PickleValue& value = content.values[item];
    if (value.kind != checkpoint::PickleKind::kInteger) break;
    counts.push_back(value.number);
  }
  if (list.kind != checkpoint::PickleKind::kList || counts.size() != list.items.size())
    throw UserError("`{}` must hold a list of counts, but does not; make it with `retort data count`", path);
  return counts;
}

std::vector<int64_t> read_json_list(const std::string& path) {
  const Json json = read_json_file(path);
  if (!json.is_array() || !std::all_of(json.begin(), json.end(), [](const Json& v) { return v.is_number_integer(); }))
    throw UserError("`{}` must hold a list of counts, but does not; make it with `retort data count`", path);
  return json.get<std::vector<int64_t>>();
}

}  // namespace

std::vector<int64_t> read_token_counts(const std::string& path, int64_t vocab_size) {
  const MappedFile file(path);
  const bool is_pickle = !file.bytes().empty() && file.bytes().front() == kPickleMark;
  std::vector<int64_t> counts = is_pickle ? read_pickled_list(file.bytes(), path) : read_json_list(path);
  if (static_cast<int64_t>(counts.size()) != vocab_size)
    throw UserError("`{}` must hold {} counts, one for each token, but holds {}; count with the same vocabulary", path,
                    vocab_size, counts.size());
  if (std::any_of(counts.begin(), counts.end(), [](int64_t count) { return count < 0; }))
    throw UserError("`{}` must hold counts of 0 or more, but one is negative; make it with `retort data count`", path);
  return counts;
}

}  // namespace retort::task
