// How often each token occurs in a corpus, as a file: a JSON array of numbers by id, or the pickled list of the
// published program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace retort::task {

// Throws UserError when the file is neither, or does not hold `vocab_size` counts of 0 or more.
std::vector<int64_t> read_token_counts(const std::string& path, int64_t vocab_size);

}  // namespace retort::task
