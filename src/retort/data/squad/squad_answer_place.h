// Does an answer stand where its offset says? Offsets count code points; the usual mistakes are bytes (C, Go, Rust)
// and UTF-16 code units (JavaScript, Java), which agree with code points until the first character that differs, so a
// file may look right for most of its records. Both are recognized and named.
#pragma once

#include "retort/data/squad/squad_collector.h"

namespace retort::data {

// Bytes of the context that the answer covers, for training. Throws BadRecord (see read_squad for what is wrong and
// what is accepted); `place` names the answer.
text::Range locate_answer(std::string_view context, const CodePointIndex& code_points, const SquadAnswer& answer,
                          const PlaceName& place);

}  // namespace retort::data
