// Builds the double array: nodes in depth-first order over the sorted keys, each placed where all its children fit.
#include "retort/text/trie.h"

#include <algorithm>

namespace retort::text {

struct Trie::Builder {
  // A node and the keys below it, which share their first `depth` bytes.
  struct Task {
    int32_t node;
    size_t begin, end, depth;
  };
  std::vector<Unit>& units;
  const std::vector<Entry>& entries;
  std::vector<Task> tasks = {};
  std::vector<Task> children = {};  // of the current node; `node` holds the byte until the position is known
  int32_t first_free = 1;

  bool is_free(int32_t index) {
    if (static_cast<size_t>(index) >= units.size()) units.resize(static_cast<size_t>(index) + 512);
    return units[static_cast<size_t>(index)].parent == kNowhere;
  }

  void collect_children(const Task& task) {
    children.clear();
    for (size_t i = task.begin; i < task.end; ++i) {
      const auto byte = static_cast<uint8_t>(entries[i].key[task.depth]);
      if (children.empty() || children.back().node != byte) children.push_back({byte, i, i, task.depth + 1});
      children.back().end = i + 1;
    }
  }

  // The smallest base from the first free position on where all children find free positions. Positions that failed
  // many times move the start of the search forward, as in Darts by T. Kudo.
  int32_t find_base() {
    int32_t tried = 0, at = std::max(first_free, children.front().node + 1);
    for (;; ++at, ++tried) {
      if (!is_free(at)) continue;
      const int32_t base = at - children.front().node;
      if (std::all_of(children.begin(), children.end(), [&](const Task& c) { return is_free(base + c.node); })) break;
    }
    if (tried > 64) first_free = std::max(first_free, at - 32);
    return at - children.front().node;
  }

  void place(Task task) {
    if (entries[task.begin].key.size() == task.depth) {
      units[static_cast<size_t>(task.node)].id = entries[task.begin].id;
      ++task.begin;
    }
    if (task.begin == task.end) return;
    collect_children(task);
    const int32_t base = find_base();
    units[static_cast<size_t>(task.node)].base = base;
    for (Task& below : children) {
      below.node += base;
      units[static_cast<size_t>(below.node)].parent = task.node;
      tasks.push_back(below);
    }
  }
};

Trie::Trie(std::vector<Entry> entries) : units_(1 + 256) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
  if (!entries.empty()) {
    Builder builder{units_, entries};
    units_[kRoot].parent = -2;  // occupied, and nobody's child
    for (builder.tasks.push_back({kRoot, 0, entries.size(), 0}); !builder.tasks.empty();) {
      const Builder::Task task = builder.tasks.back();
      builder.tasks.pop_back();
      builder.place(task);
    }
  }
  size_t used = units_.size();
  while (used > 1 && units_[used - 1].parent == kNowhere) --used;
  units_.resize(used + 256);
  units_.shrink_to_fit();
}

}  // namespace retort::text
