// Sentences -> pre-training instances (masked language model and next sentence) in HDF5 or Parquet files.
//   retort data instances --input SHARDS --vocab_file vocab.txt --output_file HDF5 --max_seq_length 128
//   retort data instances --input shard.txt --vocab_file vocab.txt --output_file shard.hdf5
//   retort data instances --input SHARDS --vocab_file vocab.txt --output_file PACKED --format packed
//   retort data instances --input SHARDS --vocab_file vocab.txt --output_file PARQUET --format parquet --bin_size 64
// Input: one sentence a line, blank lines between documents. Of a folder every .txt file becomes an .hdf5 or .parquet
// file of its name in the folder `output_file`; files that are there with the same settings and text are kept, so a
// stopped command goes on when it is repeated. Each document is cut and masked `dupe_factor` times. Memory holds one
// file's tokens.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/base/json.h"
#include "retort/corpus/instance_form.h"
#include "retort/corpus/instances.h"

namespace retort::recipe {

struct InstancesConfig {
  std::string input, vocab_file, output_file;
  corpus::InstanceOptions instances;
  corpus::InstanceForm form;
  int64_t dupe_factor = 5;
  double sample_ratio = 1;
  bool do_lower_case = true, overwrite = false;
  int64_t threads = 0;

  void fields(FieldList& list) {
    list.add("input", input,
             {.help = "One sentence a line, blank lines between documents: a file, or a folder of .txt files.",
              .aliases = {"input_file"},
              .required = true});
    list.add("vocab_file", vocab_file, {.help = "vocab.txt of the tokenizer.", .required = true});
    list.add("output_file", output_file,
             {.help = "File to write; of a folder, the folder for one file each.", .required = true});
    list.add("dupe_factor", dupe_factor,
             {.help = "How often each document is cut and masked.", .unit = "times", .min = 1, .max = 1000});
    list.add("do_lower_case", do_lower_case, {.help = "Lower-case and strip accents; off for cased vocabularies."});
    list.add("sample_ratio", sample_ratio,
             {.help = "Share of the documents that are used.", .min = 0.000001, .max = 1});
    instances.fields(list);
    form.fields(list);
    list.add("overwrite", overwrite, {.help = "Replace files of other settings or text."});
    list.add("threads", threads, {.help = "Threads; 0: as many as the machine grants.", .min = 0, .max = 1024});
  }
};

// {"output_file", "files", "documents", the statistics of corpus::InstanceTotals, and, when packed, of
// corpus::PackingTotals}.
Json make_instances(const InstancesConfig& config);

}  // namespace retort::recipe
