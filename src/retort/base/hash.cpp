// XXH3 of hash.h: 64 bits for checksums, 128 bits for names of cache entries. The xxHash specification defines both, so
// hashes are equal across versions and machines.
#include "retort/base/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <bit>
#include <new>

namespace retort {

static_assert(std::endian::native == std::endian::little, "lengths and numbers are hashed in their little-endian form");

struct ContentHash::State {
  State() : xxh(XXH3_createState()) {
    if (xxh == nullptr) throw std::bad_alloc();
    XXH3_128bits_reset(xxh);
  }
  ~State() { XXH3_freeState(xxh); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  XXH3_state_t* xxh;
};

uint64_t hash_bytes(std::span<const std::byte> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

ContentHash::ContentHash() : state_(std::make_unique<State>()) {}
ContentHash::~ContentHash() = default;

ContentHash& ContentHash::add(std::string_view piece) {
  const uint64_t byte_count = piece.size();
  XXH3_128bits_update(state_->xxh, &byte_count, sizeof byte_count);
  XXH3_128bits_update(state_->xxh, piece.data(), piece.size());
  return *this;
}

ContentHash& ContentHash::add_number(int64_t value) {
  const auto bytes = std::bit_cast<std::array<char, sizeof value>>(value);
  return add({bytes.data(), bytes.size()});
}

std::string ContentHash::hex() const {
  const XXH128_hash_t digest = XXH3_128bits_digest(state_->xxh);
  return fmt::format("{:016x}{:016x}", digest.high64, digest.low64);
}

}  // namespace retort
