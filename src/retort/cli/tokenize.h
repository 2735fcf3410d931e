// `retort tokenize`: text lines -> token ids, one line per line; or ids -> text.
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

// Writes one line of `out` for each line of `in`, in order. Memory is bounded by a few batches and the longest line.
// Lines end at "\n" and may hold any other bytes; the last one may lack the newline. Lines that are not valid UTF-8 are
// counted in a warning. Throws UserError that names the line for invalid ids, and when reading `in` or writing `out`
// fails.
void tokenize_lines(const TokenizeConfig& config, const text::Tokenizer& tokenizer, std::istream& in,
                    std::ostream& out);

// The command: reads standard input; standard output holds only the result lines.
int run_tokenize(const std::vector<std::string>& arguments);

}  // namespace retort::cli
