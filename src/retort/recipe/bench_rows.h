// The model and the rows of the measuring commands.
#pragma once

#include <memory>

#include "retort/data/batch.h"
#include "retort/recipe/bench_source.h"
#include "retort/recipe/model_folder.h"

namespace retort::recipe {

// Loads the model with the head of the task; random weights where it has none.
LoadedModel load_bench_model(const ModelSource& source, const BenchData& data, const model::ModelOptions& options);

// Training rows with labels, or evaluation rows without.
std::unique_ptr<data::RowSet> load_bench_rows(const BenchData& data, const LoadedModel& loaded, bool is_training);

}  // namespace retort::recipe
