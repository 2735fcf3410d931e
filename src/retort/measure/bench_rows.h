// The model and the data of benchmarks.
#pragma once

#include <memory>

#include "retort/data/batch.h"
#include "retort/measure/bench_source.h"
#include "retort/pretrained/model_folder.h"

namespace retort::measure {

// Loads the model with the head of the task, which gets random weights if the folder has none.
pretrained::LoadedModel load_bench_model(const pretrained::ModelSource& source, const BenchData& data,
                                         const model::ModelOptions& options);

// Returns training rows with labels, or evaluation rows without.
std::unique_ptr<data::RowSet> load_bench_rows(const BenchData& data, const pretrained::LoadedModel& loaded,
                                              bool is_training);

}  // namespace retort::measure
