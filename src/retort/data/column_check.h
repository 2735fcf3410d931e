// Checks of columns that were read from a file: a right checksum says that a file is as it was written, not that what
// was written makes sense. Each throws UserError that names the column, not the file.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace retort::data {

// `found` elements of a column must be `wanted`.
void check_element_count(std::string_view column, size_t found, size_t wanted);

// Where each of several lists begins in a column of `total` elements: from 0, never falling, up to `total`.
void check_starts(std::string_view column, std::span<const int64_t> starts, size_t total);

// Every number must be 0 <= .. < end. One pass at the speed of memory, by all threads.
void check_below(std::string_view column, std::span<const int32_t> numbers, int64_t end);
void check_below(std::string_view column, std::span<const uint32_t> numbers, int64_t end);
void check_below(std::string_view column, std::span<const uint16_t> numbers, int64_t end);

}  // namespace retort::data
