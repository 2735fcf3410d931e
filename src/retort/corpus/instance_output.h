// The instances of one shard -> a file, in one of the forms that the published programs read. All threads make and
// compress; the file's bytes do not depend on their number.
#pragma once

#include <functional>
#include <string>

#include "retort/base/file.h"
#include "retort/corpus/instance_form.h"
#include "retort/corpus/instances.h"
#include "retort/corpus/packing.h"
#include "retort/text/tokenizer.h"

namespace retort::corpus {

struct InstanceSource {
  const Documents& documents;
  const std::vector<InstancePlan>& plans;
  const InstanceOptions& options;
  const InstanceVocabulary& vocabulary;
  const text::Tokenizer& tokenizer;
};

struct InstanceSums {
  InstanceTotals instances;
  PackingTotals packing;  // zeros without packing

  void add(const InstanceSums& other);
  // The sums alone, and back.
  Json counts_to_json() const;
  static InstanceSums from_counts(const Json& json);
};

// Writes the instances in a shuffled order. `describe` gives what the file says of itself. `on_progress` gets the share
// that is done between groups of rows and may throw to stop, which leaves no file.
InstanceSums write_instances(const InstanceSource& source, const InstanceForm& form, const fs::path& output,
                             const std::function<std::string(const InstanceSums&)>& describe,
                             const std::function<void(double)>& on_progress);

// What a file of this form was made with; empty when it is none, or of another program.
std::string instance_settings(const InstanceForm& form, const fs::path& file);

}  // namespace retort::corpus
