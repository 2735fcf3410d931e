// Makes token files from text, and token counts from token files: the data of language-model training.
//   retort data binarize --file_path text.txt --model DIR --output_file corpus.tokens
//   retort data count --data_file corpus.tokens --output_file counts.json
// Each line of text is a sequence of one or several coherent sentences, which is put between [CLS] and [SEP]. Lines
// that begin or end an article of WikiExtractor (<doc ...>, </doc>) are skipped. Lines that are not UTF-8 are errors,
// or are skipped and counted.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/base/json.h"

namespace retort::recipe {

struct BinarizeConfig {
  std::string file_path, model, output_file, held_out_file;
  int64_t held_out_every = 100;
  std::string on_bad_record = "fail";
  int64_t seed = 42;
  bool overwrite = false;

  void fields(FieldList& list);
};

// Returns {"output_file", "sequences", "tokens", "skipped", "id_bytes", ...}.
Json binarize(const BinarizeConfig& config);

struct CountTokensConfig {
  std::string data_file, output_file;
  int64_t vocab_size = 30522;  // of a pickled corpus
  bool overwrite = false;

  void fields(FieldList& list);
};

// Returns {"output_file", "tokens", "distinct"}.
Json count_tokens(const CountTokensConfig& config);

}  // namespace retort::recipe
