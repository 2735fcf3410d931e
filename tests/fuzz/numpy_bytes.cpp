#include "retort/corpus/numpy_bytes.h"

#include "fuzz/input.h"
#include "fuzz/targets.h"

namespace retort::fuzz {

// Checks that every value has bytes of its own.
bool numpy_bytes(std::string_view input) {
  std::vector<int32_t> values;
  const bool is_read = takes([&] { corpus::read_numpy_bytes(input, values); });
  RETORT_CHECK(values.size() <= input.size(), "{} values in {} bytes", values.size(), input.size());
  return is_read;
}

}  // namespace retort::fuzz
