// Checks the values of columns from a file: a correct checksum does not prove that the writer's values were valid. Each
// function throws UserError that names the column, not the file.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace retort::data {

// Throws unless the column has `wanted` elements.
void check_element_count(std::string_view column, size_t found, size_t wanted);

// Throws unless `starts`, the first elements of lists in a column of `total` elements, begins with 0, never decreases,
// and ends with `total`.
void check_starts(std::string_view column, std::span<const int64_t> starts, size_t total);

// Throws unless 0 <= number < end for all numbers. One pass at memory speed, with all threads.
void check_below(std::string_view column, std::span<const int32_t> numbers, int64_t end);
void check_below(std::string_view column, std::span<const uint32_t> numbers, int64_t end);
void check_below(std::string_view column, std::span<const uint16_t> numbers, int64_t end);

}  // namespace retort::data
