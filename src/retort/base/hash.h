// Content hashes: a 128-bit one that names cached things, a 64-bit one that checks stored bytes (both XXH3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace retort {

// Checksum of bytes; equal on every machine of the same byte order (little-endian).
uint64_t hash_bytes(std::span<const std::byte> bytes);

// Collects pieces, each preceded by its length so that ("ab","c") and ("a","bc") differ; `hex` gives 32 digits.
class ContentHash {
 public:
  ContentHash();
  ~ContentHash();
  ContentHash& add(std::string_view piece);
  ContentHash& add_number(int64_t value);
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace retort
