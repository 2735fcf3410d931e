// XXH3 content hashes: 128 bits name cache entries, 64 bits check stored bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace retort {

// Checksum of bytes; equal on all little-endian machines.
uint64_t hash_bytes(std::span<const std::byte> bytes);

// Hashes strings one after the other, each with its length, so that ("ab","c") and ("a","bc") differ; `hex` gives 32
// digits.
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
