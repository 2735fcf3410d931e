// The forms that files of pre-training data have, recognized by content, and the pairs of each.
#pragma once

#include <string_view>

#include "retort/base/file.h"
#include "retort/data/column_store.h"
#include "retort/text/tokenizer.h"

namespace retort::corpus {

enum class PairForm {
  kSentences,  // text with a sentence a line
  kInstances,  // HDF5 with an instance a row
  kPacked,     // HDF5 with several instances a row
  kParquet,    // Parquet in LDDL's layout
};

// For messages: "sentences", "HDF5 instances", ...
std::string_view name_of(PairForm form);

// Whether a file of a folder is one of pre-training data, by its name: *.txt, *.hdf5, *.h5, *.parquet, *.parquet_<bin>.
bool has_pair_file_name(const fs::path& path);

// The form of a file, by its content. Throws UserError when it cannot be read, or is HDF5 and damaged.
PairForm find_pair_form(const fs::path& path);

// The pairs of a file of any form but sentences, as PairColumns has them. Throws UserError that names the file.
data::ColumnStore read_pair_file(const fs::path& path, const text::Tokenizer& tokenizer);

}  // namespace retort::corpus
