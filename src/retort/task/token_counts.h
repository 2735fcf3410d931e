// Reads how often each token occurs in a corpus: a JSON array of counts by id, or the pickled list of the published
// program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace retort::task {

// Throws UserError for another format, and unless the file holds `vocab_size` counts of 0 or more.
std::vector<int64_t> read_token_counts(const std::string& path, int64_t vocab_size);

}  // namespace retort::task
