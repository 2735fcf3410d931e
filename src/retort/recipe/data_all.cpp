#include "retort/recipe/data_all.h"

#include <fmt/format.h>

#include "retort/base/file.h"
#include "retort/base/folder.h"
#include "retort/base/log.h"
#include "retort/recipe/data_books.h"
#include "retort/recipe/data_instances.h"
#include "retort/recipe/data_sentences.h"
#include "retort/recipe/data_shard.h"
#include "retort/recipe/data_wiki.h"

namespace retort::recipe {

namespace {

// Folders and files of the published script, below the output folder.
struct Places {
  explicit Places(const DataAllConfig& config)
      : root(config.output_dir),
        dataset(!config.dataset.empty()     ? config.dataset
                : !config.books_dir.empty() ? "books_wiki_en_corpus"
                                            : "wikicorpus_en"),
        extracted(root / "extracted" / "wikicorpus_en"),
        sentences(root / "sentences" / (dataset + ".txt")),
        shards(root /
               fmt::format("sharded_training_shards_{}_test_shards_{}_fraction_{}", config.shards.n_training_shards,
                           config.shards.n_test_shards, config.shards.fraction_test_set) /
               dataset) {}

  fs::path instances(const DataAllConfig& config, int64_t max_seq_length, int64_t max_predictions) const {
    return root /
           fmt::format("hdf5_lower_case_{:d}_seq_len_{}_max_pred_{}_masked_lm_prob_{}_random_seed_{}_dupe_factor_{}",
                       config.do_lower_case, max_seq_length, max_predictions, config.masked_lm_prob, config.random_seed,
                       config.dupe_factor) /
           dataset;
  }

  fs::path root;
  std::string dataset;
  fs::path extracted, sentences, shards;
};

// An extraction that is there, finished or not, is continued.
Json extract_articles(const DataAllConfig& config, const Places& places) {
  if (fs::is_directory(config.input)) return {{"output_dir", config.input}};
  return data_wiki({.input = config.input,
                    .output_dir = places.extracted,
                    .on_bad_record = config.on_bad_record,
                    .threads = config.threads,
                    .resume = fs::exists(places.extracted)});
}

// The books as one file beside the extracted articles, so that both are one folder for the sentences.
void add_books(const DataAllConfig& config, const fs::path& extracted) {
  const fs::path books = extracted / "books.txt";
  if (config.books_dir.empty() || fs::exists(books)) return;
  data_books({.input = config.books_dir, .output_file = books, .on_bad_record = config.on_bad_record});
}

// The file appears whole, so one that exists is finished.
Json split_sentences(const DataAllConfig& config, const Places& places, const fs::path& extracted) {
  if (fs::exists(places.sentences)) {
    log_info("`{}` is kept", places.sentences.string());
    return {{"output_file", places.sentences.string()}};
  }
  make_folder(places.sentences.parent_path());
  SentencesConfig sentences;
  sentences.input = extracted, sentences.output_file = places.sentences;
  sentences.punkt_file = config.punkt_file, sentences.on_bad_record = config.on_bad_record;
  sentences.threads = config.threads;
  return make_sentences(sentences);
}

Json make_phase(const DataAllConfig& config, const Places& places, int64_t max_seq_length, int64_t max_predictions) {
  InstancesConfig instances;
  instances.input = places.shards, instances.vocab_file = config.vocab_file;
  instances.output_file = places.instances(config, max_seq_length, max_predictions);
  instances.instances = {.max_seq_length = max_seq_length,
                         .max_predictions_per_seq = max_predictions,
                         .masked_lm_prob = config.masked_lm_prob,
                         .random_seed = config.random_seed,
                         .whole_word_masking = config.whole_word_masking};
  instances.dupe_factor = config.dupe_factor, instances.do_lower_case = config.do_lower_case;
  instances.threads = config.threads;
  return make_instances(instances);
}

}  // namespace

Json data_all(const DataAllConfig& config) {
  const Places places(config);
  Json results;
  log_info("step 1 of {}: articles", config.make_instances ? 5 : 3);
  results["wiki"] = extract_articles(config, places);
  const fs::path extracted = results["wiki"]["output_dir"].get<std::string>();
  add_books(config, extracted);
  log_info("step 2: sentences");
  results["sentences"] = split_sentences(config, places, extracted);
  log_info("step 3: shards");
  ShardConfig shards;
  shards.input = places.sentences, shards.output_dir = places.shards, shards.dataset = places.dataset;
  shards.shards = config.shards, shards.threads = config.threads;
  results["shards"] = make_shards(shards);
  if (!config.make_instances) return results;
  log_info("step 4: instances of phase 1");
  results["phase1"] = make_phase(config, places, 128, 20);
  log_info("step 5: instances of phase 2");
  results["phase2"] = make_phase(config, places, 512, 80);
  return results;
}

}  // namespace retort::recipe
