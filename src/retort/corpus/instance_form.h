// The form of the files that `retort data instances` writes.
#pragma once

#include <string>
#include <vector>

#include "retort/base/fields.h"
#include "retort/base/file.h"
#include "retort/corpus/instances.h"

namespace retort::corpus {

struct InstanceForm {
  std::string format = "hdf5";         // hdf5, packed, parquet
  int64_t max_sequences_per_pack = 3;  // of packed
  std::string masking = "static";      // of parquet also dynamic: none in the file
  int64_t bin_size = 0;                // of parquet; 0: no bins

  void fields(FieldList& list);
  // Throws UserError for settings that do not go together.
  void check(const InstanceOptions& options) const;
  int64_t bin_count(const InstanceOptions& options) const {
    return bin_size == 0 ? 1 : options.max_seq_length / bin_size;
  }
  const char* extension() const { return format == "parquet" ? ".parquet" : ".hdf5"; }
  // The files that a shard's instances become: `output` itself, or `output`_0, `output`_1, ... one for each bin.
  std::vector<fs::path> files_of(const fs::path& output, const InstanceOptions& options) const;
};

}  // namespace retort::corpus
