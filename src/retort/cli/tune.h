// `retort tune`: starts the Python package retort_tune, which searches and calls this program for every trial.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "retort/base/fields.h"

namespace retort::cli {

// The words of a command line that belong to the flags of the list, and all others: {ours, others}. `--config` is ours.
std::pair<std::vector<std::string>, std::vector<std::string>> split_flags(FieldList& list,
                                                                          const std::vector<std::string>& words);

// Replaces this process by Python's; its arguments are our flags as JSON and the words of the other flags. Throws
// UserError when a flag is wrong or the Python environment is missing.
int run_tune(const std::vector<std::string>& arguments);

}  // namespace retort::cli
