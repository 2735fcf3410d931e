// `retort predict qa` and `retort predict text`: standard input or flags -> one JSON object per line.
#pragma once

#include <string>
#include <vector>

#include "retort/base/fields.h"

namespace retort::cli {

int run_predict_qa(const std::vector<std::string>& arguments);
int run_predict_text(const std::vector<std::string>& arguments);

}  // namespace retort::cli
