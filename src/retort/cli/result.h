// The result of a command: one JSON object as the last line of standard output, for programs that call this one.
#pragma once

#include "retort/base/json.h"

namespace retort::cli {

// Writes one line and flushes; invalid UTF-8 becomes U+FFFD, NaN becomes null. Throws UserError when standard output
// takes it not (closed pipe, full disk).
void print_result(const Json& result);

// Hands everything printed so far to the system; throws UserError when that failed now or before.
void flush_standard_output();

}  // namespace retort::cli
