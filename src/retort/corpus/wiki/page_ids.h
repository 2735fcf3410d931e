// The page ids that were there already, in a bit each: 10 MB for all of Wikipedia.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace retort::corpus {

class PageIds {
 public:
  // Whether the id is new; from then on it is not.
  bool insert(uint64_t id) {
    std::unique_ptr<Part>& part = parts_[id / kPartIds];
    if (!part) part = std::make_unique<Part>();
    if (part->test(id % kPartIds)) return false;
    part->set(id % kPartIds);
    return true;
  }

 private:
  static constexpr uint64_t kPartIds = 1 << 16;
  using Part = std::bitset<kPartIds>;
  std::unordered_map<uint64_t, std::unique_ptr<Part>> parts_;
};

}  // namespace retort::corpus
