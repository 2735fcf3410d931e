// One-dimensional arrays of integers in the form of numpy.save (.npy, version 1.0), which LDDL keeps in Parquet
// columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retort::corpus {

// The bytes of numpy.save of an array of uint16; the values must be 0 to 65535.
std::string write_numpy_bytes(std::span<const int32_t> values);

// Appends the values of an array of little-endian integers of at most 32 bits, or of 64 with values that fit. Throws
// UserError, which says what the bytes must be, for all others.
void read_numpy_bytes(std::string_view bytes, std::vector<int32_t>& values);

}  // namespace retort::corpus
