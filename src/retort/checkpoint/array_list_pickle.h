// Reads a pickled list of NumPy integer arrays, the format of the published DistilBERT trainer's binarized corpus. It
// is read as a stream of any length, and nothing in it is executed.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace retort::checkpoint {

// Calls `take` with the values of each array in order. Accepts one-dimensional little-endian arrays of 16-, 32- or
// 64-bit integers; protocols 2 to 5. Throws UserError that names `subject` for anything else.
void read_array_list(std::span<const std::byte> bytes, const std::string& subject,
                     const std::function<void(std::span<const int32_t>)>& take);

}  // namespace retort::checkpoint
