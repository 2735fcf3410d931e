// The model and the rows of the measuring commands.
#pragma once

#include <memory>

#include "retort/data/batch.h"
#include "retort/measure/bench_source.h"
#include "retort/pretrained/model_folder.h"

namespace retort::measure {

// Loads the model with the head of the task; random weights where it has none.
pretrained::LoadedModel load_bench_model(const pretrained::ModelSource& source, const BenchData& data,
                                         const model::ModelOptions& options);

// Training rows with labels, or evaluation rows without.
std::unique_ptr<data::RowSet> load_bench_rows(const BenchData& data, const pretrained::LoadedModel& loaded,
                                              bool is_training);

}  // namespace retort::measure
