// The binarized corpus of the published DistilBERT programs: a pickled list of integer arrays, one a sequence.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "retort/base/file.h"
#include "retort/text/tokenizer.h"

namespace retort::task {

// Whether a file begins as pickles of protocol 2 and later do.
bool is_pickled_corpus(const fs::path& path);

// Takes the number of a sequence and an id in it that the vocabulary does not have.
using OnUnknownId = std::function<void(int64_t sequence, int32_t id)>;

// Calls `visit` with the ids of each sequence; those with an id that is not below `vocabulary_size` go to `reject`
// instead, or without one throw UserError. Throws UserError when the file holds anything else than sequences.
void visit_pickled_corpus(const fs::path& path, int64_t vocabulary_size,
                          const std::function<void(std::span<const int32_t> ids)>& visit,
                          const OnUnknownId& reject = {});

// Returns the token file of a pickled corpus, which it writes into the user's cache folder unless it is there.
fs::path import_pickled_corpus(const fs::path& path, const text::Tokenizer& tokenizer);

}  // namespace retort::task
