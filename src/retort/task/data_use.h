// Flags of data sets that several kinds of tasks have.
#pragma once

#include <string>

#include "retort/base/fields.h"

namespace retort::task {

// What a command does with the files of a task: only a command that trains has the flags of the training file.
enum class DataUse { kTraining, kEvaluation };

inline void add_bad_record_field(FieldList& list, std::string& on_bad_record) {
  list.add("on_bad_record", on_bad_record,
           {.help = "What to do with a record that is wrong: stop, or leave it out and count it.",
            .choices = {"fail", "skip"}});
}

inline void add_eval_batch_field(FieldList& list, int64_t& per_device_eval_batch_size) {
  list.add(
      "per_device_eval_batch_size", per_device_eval_batch_size,
      {.help = "Most sequences of a batch in evaluation; 0: as many as fit the token budget.",
       .min = 0,
       .aliases = {"eval_batch_size", "predict_batch_size", "per_gpu_eval_batch_size", "per_compute_eval_batch_size"}});
}

}  // namespace retort::task
