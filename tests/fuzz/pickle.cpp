#include <algorithm>
#include <array>

#include "fuzz/input.h"
#include "fuzz/repair.h"
#include "fuzz/targets.h"
#include "retort/checkpoint/array_list_pickle.h"
#include "retort/checkpoint/pickle_machine.h"
#include "retort/checkpoint/torch_file.h"
#include "retort/task/token_counts.h"

namespace retort::fuzz {
namespace {

// Checks that texts are views of the pickle, and that values refer to existing values.
void read_plain_pickle(std::string_view pickle) {
  const checkpoint::PickleContent content = checkpoint::read_pickle(bytes_of(pickle), "input");
  RETORT_CHECK(content.root < content.values.size(), "the root is value {}", content.root);
  for (const checkpoint::PickleValue& value : content.values) {
    touch(value.text);
    for (const checkpoint::ValueId item : value.items)
      RETORT_CHECK(item < content.values.size(), "an item is value {}", item);
  }
}

void read_arrays(std::string_view pickle) {
  checkpoint::read_array_list(bytes_of(pickle), "input",
                              [](std::span<const int32_t> values) { touch(std::as_bytes(values)); });
}

}  // namespace

bool pickle(std::string_view input) {
  const std::string torch_bytes = torch_file_of(input);
  const MemoryFile file(input);
  const std::array results = {
      takes([&] { read_plain_pickle(input); }),
      takes([&] { read_arrays(input); }),
      takes([&] { task::read_token_counts(file.path(), 4); }),
      takes([&] {
        for (const auto& tensor : checkpoint::parse_torch_file(bytes_of(torch_bytes), "input").tensors)
          touch(tensor.bytes);
      }),
  };
  return std::ranges::count(results, true) > 0;
}

}  // namespace retort::fuzz
