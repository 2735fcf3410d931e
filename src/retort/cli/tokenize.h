// `retort tokenize`: text lines -> token ids, one line each; or ids back to text.
#pragma once

#include <iosfwd>
#include <string>

#include "retort/base/fields.h"
#include "retort/text/tokenizer.h"

namespace retort::cli {

struct TokenizeConfig {
  std::string model;
  bool add_special_tokens = false, offsets = false, decode = false, skip_special_tokens = true;
  int64_t threads = 0;
  void fields(FieldList& list);
};

// Turns every line of `in` into one line of `out`, in order, in memory bounded by a few batches and the longest line.
// Lines end at "\n" and may hold any other bytes; the last one may lack it. Lines that are not UTF-8 are counted in a
// warning. Throws UserError, naming the line, for
// ids that are none, and when `in` cannot be read or `out` refuses.
void tokenize_lines(const TokenizeConfig& config, const text::Tokenizer& tokenizer, std::istream& in,
                    std::ostream& out);

// The command: standard input to standard output, nothing else on it.
int run_tokenize(const std::vector<std::string>& arguments);

}  // namespace retort::cli
