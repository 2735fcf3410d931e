// Text -> token files, and token files -> counts: what language-model training reads.
//   retort data binarize --file_path text.txt --model DIR --output_file corpus.tokens
//   retort data count --data_file corpus.tokens --output_file counts.json
// A line of text is a sequence, one or several coherent sentences; [CLS] and [SEP] are put around it. Lines that begin
// or end an article of WikiExtractor (<doc ...>, </doc>) hold no text. Lines that are not UTF-8 stop the command, or
// are left out and counted.
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

// {"output_file", "sequences", "tokens", "skipped", "id_bytes", ...}.
Json binarize(const BinarizeConfig& config);

struct CountTokensConfig {
  std::string data_file, output_file;
  bool overwrite = false;

  void fields(FieldList& list);
};

// {"output_file", "tokens", "distinct"}.
Json count_tokens(const CountTokensConfig& config);

}  // namespace retort::recipe
