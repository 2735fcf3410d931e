// Lists of ids that the processes of a run computed in parts.
#pragma once

#include <cstdint>
#include <vector>

namespace retort::augment {

// At most `max_length` ids in each of `count` lists. Each process sets the lists of its share.
class SharedIds {
 public:
  SharedIds(int64_t count, int64_t max_length);

  // Different lists may be set by different threads at once.
  void set(int64_t list, const std::vector<int32_t>& ids);
  std::vector<int32_t> get(int64_t list) const;
  // Gives every process the lists of all. All ranks call it.
  void bring_together();

 private:
  int64_t max_length_;
  std::vector<int32_t> values_;  // [lists, max_length] id + 1; 0: none
};

}  // namespace retort::augment
