// The result of a command: one JSON object as the last line of standard output, for scripts that call retort.
#pragma once

#include "retort/base/json.h"

namespace retort::cli {

// Writes one line and flushes; replaces invalid UTF-8 with U+FFFD and NaN with null. Throws UserError when writing to
// standard output fails (closed pipe, full disk).
void print_result(const Json& result);

// Flushes standard output; throws UserError when this write or an earlier one failed.
void flush_standard_output();

}  // namespace retort::cli
