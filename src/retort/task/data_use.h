// Data-set flags that several tasks share.
#pragma once

#include <string>

#include "retort/base/fields.h"

namespace retort::task {

// Only commands that train have the flags of the training file.
enum class DataUse { kTraining, kEvaluation };

inline void add_bad_record_field(FieldList& list, std::string& on_bad_record) {
  list.add("on_bad_record", on_bad_record,
           {.help = "What to do with an invalid record: fail, or skip and count it.", .choices = {"fail", "skip"}});
}

inline void add_eval_batch_field(FieldList& list, int64_t& per_device_eval_batch_size) {
  list.add(
      "per_device_eval_batch_size", per_device_eval_batch_size,
      {.help = "Maximum number of sequences per evaluation batch; 0: limited only by the token budget.", .min = 0});
}

}  // namespace retort::task
