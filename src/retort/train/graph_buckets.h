// The fixed shapes of recorded graphs: each micro-batch is filled up to the smallest bucket that it fits. Buckets are
// chosen once, from the first micro-batches of a run, and are part of its state, so that a resumed run has the same
// shapes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "retort/base/json.h"

namespace retort::train {

// The shape of a micro-batch, or the shape that a bucket fills them up to.
struct GraphShape {
  int64_t tokens = 0;
  int64_t sequences = 0;
  int64_t longest = 0;  // tokens of the longest sequence
  int64_t chosen = 0;   // length of lists of chosen tokens

  bool operator==(const GraphShape&) const = default;
};

// The sequences that fill `shape` up to `tokens`, each of at most `longest` tokens.
int64_t filler_sequences(const GraphShape& shape, int64_t tokens, int64_t longest);

// At most `most` buckets, in ascending order, that hold all of `observed` with the fewest filler tokens.
std::vector<GraphShape> plan_buckets(std::span<const GraphShape> observed, int64_t most);

// The smallest bucket that holds the micro-batch; null: none.
const GraphShape* find_bucket(std::span<const GraphShape> buckets, const GraphShape& shape);

// For the state of a run. Throws UserError that names `subject` for anything else than to_json returned.
Json buckets_to_json(std::span<const GraphShape> buckets);
std::vector<GraphShape> buckets_from_json(const Json& values, const std::string& subject);

}  // namespace retort::train
