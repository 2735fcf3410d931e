// Checks that an answer is at its offset. Offsets count code points; the usual mistakes count bytes (C, Go, Rust) or
// UTF-16 code units (JavaScript, Java), which equal code points up to the first non-ASCII character, so most records of
// a file may look correct. Both mistakes are recognized and named.
#pragma once

#include "retort/data/squad/squad_collector.h"

namespace retort::data {

// Returns the bytes of the context that the answer covers, for training. Throws BadRecord (read_squad lists the
// causes); `place` names the answer.
text::Range locate_answer(std::string_view context, const CodePointIndex& code_points, const SquadAnswer& answer,
                          const PlaceName& place);

}  // namespace retort::data
