// Reads files with one sentence a line and blank lines between documents: what `retort data shard` writes.
#pragma once

#include <functional>

#include "retort/base/file.h"
#include "retort/corpus/instances.h"
#include "retort/text/tokenizer.h"

namespace retort::corpus {

// Returns the documents of a file as token ids, without special tokens; all threads tokenize. `between_groups` is
// called between groups of lines and may throw to stop. Throws UserError for a file that cannot be read, a line that is
// not UTF-8, and a file without a sentence.
DocumentStore read_documents(
    const fs::path& path, const text::Tokenizer& tokenizer, const std::function<void()>& between_groups = [] {});

}  // namespace retort::corpus
