// Standard model sizes by name, for random initialization: bert-base-uncased, bert-large-uncased,
// distilbert-base-uncased, bert-mini, ... (Devlin et al. 2019; Turc et al. 2019; Sanh et al. 2019; Jiao et al. 2020).
#pragma once

#include <string>
#include <vector>

#include "retort/model/config.h"

namespace retort::model {

// The configuration of a preset; throws UserError with the nearest name for an unknown one.
ModelConfig preset_config(const std::string& name);
std::vector<std::string> preset_names();

}  // namespace retort::model
