// From a dump to the instances of both phases of pre-training: the steps of the published create_datasets_from_start.sh
// in one command, with its defaults and its folders.
//   retort data all --input enwiki-latest-pages-articles.xml.bz2 --vocab_file vocab.txt --output_dir DATA
// Writes below DATA: extracted/, sentences/, sharded_.../ and hdf5_..._seq_len_128_.../, hdf5_..._seq_len_512_.../.
// Each step keeps what is finished, so the same command continues wherever it was stopped.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/base/json.h"
#include "retort/corpus/instances.h"
#include "retort/corpus/shards.h"

namespace retort::recipe {

struct DataAllConfig {
  std::string input, books_dir, vocab_file, output_dir, dataset;
  std::string punkt_file, on_bad_record = "fail";
  corpus::ShardOptions shards;
  int64_t dupe_factor = 5, random_seed = 12345;
  double masked_lm_prob = 0.15;
  bool do_lower_case = true, whole_word_masking = false, make_instances = true;
  int64_t threads = 0;

  void fields(FieldList& list) {
    list.add("input", input,
             {.help = "pages-articles XML of a MediaWiki site, plain or bz2; or a folder that `data wiki` made.",
              .required = true});
    list.add("books_dir", books_dir, {.help = "Folder of books (*.txt), which are added to the articles."});
    list.add("vocab_file", vocab_file, {.help = "vocab.txt of the tokenizer.", .required = true});
    list.add("output_dir", output_dir,
             {.help = "Folder for the folders of all steps (BERT_PREP_WORKING_DIR of the published script).",
              .required = true});
    list.add("dataset", dataset,
             {.help = "Name of the shards; empty: wikicorpus_en, with books books_wiki_en_corpus."});
    list.add("punkt_file", punkt_file,
             {.help = "Parameters of the sentence splitter; empty: learned from the articles."});
    list.add("on_bad_record", on_bad_record,
             {.help = "What to do with text that is not UTF-8: stop, or leave it out and count it.",
              .choices = {"fail", "skip"}});
    shards.fields(list);
    list.add("make_instances", make_instances,
             {.help = "Also make instance files; off: stop at the shards, which `retort pretrain` reads as well."});
    list.add("dupe_factor", dupe_factor,
             {.help = "How often each document is cut and masked.", .unit = "times", .min = 1, .max = 1000});
    list.add("masked_lm_prob", masked_lm_prob, {.help = "Share of the tokens that are masked.", .min = 0, .max = 1});
    list.add("do_lower_case", do_lower_case, {.help = "Lower-case and strip accents; off for cased vocabularies."});
    list.add("whole_word_masking", whole_word_masking, {.help = "Mask all pieces of a word or none."});
    list.add("random_seed", random_seed, {.help = "Seed of the instances.", .min = 0, .aliases = {"seed"}});
    list.add("threads", threads, {.help = "Threads; 0: as many as the machine grants.", .min = 0, .max = 1024});
  }
};

// {"wiki", "sentences", "shards", "phase1", "phase2"}: what each step returns.
Json data_all(const DataAllConfig& config);

}  // namespace retort::recipe
