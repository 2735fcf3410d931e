// A pickled list of NumPy integer arrays, as the published DistilBERT trainer keeps its binarized corpus: read as a
// stream without running anything, however long the list is.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace retort::checkpoint {

// Calls `take` with the values of every array in order. Arrays have one dimension of 16-, 32- or 64-bit integers in
// little-endian form; protocols 2 to 5. Throws UserError that names `subject` for anything else.
void read_array_list(std::span<const std::byte> bytes, const std::string& subject,
                     const std::function<void(std::span<const int32_t>)>& take);

}  // namespace retort::checkpoint
