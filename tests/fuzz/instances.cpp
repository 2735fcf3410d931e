#include <algorithm>

#include "fuzz/input.h"
#include "fuzz/targets.h"
#include "retort/corpus/instance_file.h"

namespace retort::fuzz {
namespace {

constexpr int64_t kMostRows = 64;  // at once, as the reader of pre-training takes some rows at a time

void read_rows(const fs::path& path) {
  const corpus::InstanceFile file(path);
  corpus::InstanceRows rows;
  const int64_t count = file.shape().row_count;
  file.read(0, std::min(count, kMostRows), rows);
  touch(std::as_bytes(std::span(rows.input_ids)));
  touch(std::as_bytes(std::span(rows.masked_positions)));
  file.read(count - std::min(count, kMostRows), std::min(count, kMostRows), rows);
  touch(std::as_bytes(std::span(rows.next_sentence_labels)));
}

}  // namespace

// On disk: the HDF5 library does not open /proc/self/fd.
bool instances(std::string_view input) {
  const ScratchFolder folder;
  return takes([&] { read_rows(folder.write("instances.hdf5", input)); });
}

}  // namespace retort::fuzz
