#include "retort/compat/corpus_preparation.h"

#include <filesystem>

#include "retort/base/error.h"
#include "retort/compat/shared_options.h"

namespace retort::compat {

namespace {

namespace fs = std::filesystem;

constexpr const char* kThreads = "all threads work on it";

std::string below_root(const std::string& path) { return preparation_folder() + "/" + path; }

// The first of the files that exists; else the first.
std::string first_existing(const std::vector<std::string>& files) {
  for (const std::string& file : files)
    if (fs::exists(file)) return file;
  return files.front();
}

std::string published_dump() {
  const std::string xml = below_root("download/wikicorpus_en/wikicorpus_en.xml");
  return first_existing({xml, xml + ".bz2"});
}

// Nothing is downloaded, so the files must be there.
void check_is_there(const std::string& what, const std::string& path) {
  if (fs::exists(path)) return;
  throw UserError("`{}` must hold {}, but is not there; nothing is downloaded, so put it there", path, what);
}

void translate_create_datasets(Translator& translator) {
  const bool with_books = translator.value("to_download") == "wiki_books";
  const std::string dump = published_dump(), vocabulary = published_vocabulary();
  check_is_there("the pages-articles dump of English Wikipedia, .xml or .xml.bz2", dump);
  check_is_there("the vocabulary of BERT-large", vocabulary);
  Step& step = translator.add_step("data all");
  step.set("input", dump);
  step.set("vocab_file", vocabulary);
  step.set("output_dir", preparation_folder());
  if (with_books) {
    const std::string books = below_root("download/bookscorpus");
    check_is_there("the books, one .txt file each", books);
    step.set("books_dir", books);
  }
  translator.say(
      fmt::format("all is read and written below `{}` (BERT_PREP_WORKING_DIR), in the published folders; "
                  "nothing is downloaded; repeated, the line continues where it was stopped",
                  preparation_folder()));
}

// The published folders of one line of bertPrep.py.
std::string shards_folder(const Translator& translator) {
  return below_root(fmt::format("sharded_training_shards_{}_test_shards_{}_fraction_{}/{}",
                                translator.value("--n_training_shards"), translator.value("--n_test_shards"),
                                translator.value("--fraction_test_set"), translator.value("--dataset")));
}

std::string instances_folder(const Translator& translator) {
  return below_root(
      fmt::format("hdf5_lower_case_{}_seq_len_{}_max_pred_{}_masked_lm_prob_{}_random_seed_{}_dupe_factor_{}/{}",
                  translator.value("--do_lower_case"), translator.value("--max_seq_length"),
                  translator.value("--max_predictions_per_seq"), translator.value("--masked_lm_prob"),
                  translator.value("--random_seed"), translator.value("--dupe_factor"), translator.value("--dataset")));
}

const char* const kFormattedBooks = "formatted_one_article_per_line/bookscorpus_one_book_per_line.txt";

void format_text(Translator& translator) {
  const std::string dataset = translator.value("--dataset");
  if (dataset == "bookscorpus") {
    Step& step = translator.add_step("data books");
    step.set("input", below_root("download/bookscorpus"));
    step.set("output_file", below_root(kFormattedBooks));
    step.set("overwrite", "true");
    return;
  }
  if (dataset != "wikicorpus_en")
    throw UserError("`--dataset` must be bookscorpus or wikicorpus_en for text_formatting, but is `{}`", dataset);
  translator.say("the sentences are read from the extracted articles, so no file with one article a line is written");
  if (translator.number("--skip_wikiextractor") != 0)
    return translator.say("--skip_wikiextractor 1 leaves nothing to do");
  Step& step = translator.add_step("data wiki");
  step.set("input", published_dump());
  step.set("output_dir", below_root("extracted/wikicorpus_en"));
  if (fs::exists(fs::path(step.get("output_dir")) / ".extraction.json")) {
    step.set("resume", "true");
    translator.say(fmt::format("{} holds an extraction, which is continued: --resume", step.get("output_dir")));
  }
}

// Text to be cut into sentences: files of the published program where they are there, else those of `data wiki`.
std::string text_of(const Translator& translator) {
  if (translator.is_given("--input_files")) return translator.value("--input_files");
  const std::string dataset = translator.value("--dataset"), books = below_root(kFormattedBooks);
  const std::string articles =
      first_existing({below_root("extracted/wikicorpus_en"),
                      below_root("formatted_one_article_per_line/wikicorpus_en_one_article_per_line.txt")});
  if (dataset == "bookscorpus") return books;
  if (dataset == "wikicorpus_en") return articles;
  if (dataset == "books_wiki_en_corpus") return books + "," + articles;
  throw UserError("`--dataset` must be bookscorpus, wikicorpus_en or books_wiki_en_corpus for sharding, but is `{}`",
                  dataset);
}

void shard_text(Translator& translator) {
  const std::string dataset = translator.value("--dataset"), sentences = below_root("sentences/" + dataset + ".txt");
  Step& split = translator.add_step("data sentences");
  split.set("input", text_of(translator));
  split.set("output_file", sentences);
  split.set("overwrite", "true");
  Step& step = translator.add_step("data shard");
  step.set("input", sentences);
  step.set("output_dir", shards_folder(translator));
  step.set("dataset", dataset);
  step.set("overwrite", "true");
  translator.say("sentences end where Punkt says so, as in NLTK; it learns its parameters from the text");
}

void create_instances(Translator& translator) {
  if (!translator.is_given("--vocab_file"))
    throw UserError("`--vocab_file` must be given for create_hdf5_files, but is missing");
  Step& step = translator.add_step("data instances");
  step.set("input", shards_folder(translator));
  step.set("output_file", instances_folder(translator));
  step.set("do_lower_case", translator.number("--do_lower_case") > 0 ? "true" : "false");
  step.set("overwrite", "true");
}

void translate_bert_prep(Translator& translator) {
  const std::string action = translator.value("--action");
  if (action == "download")
    throw UserError("`--action download` cannot be honored: nothing is downloaded; put the files of `{}` below `{}`",
                    translator.value("--dataset"), below_root("download"));
  if (action == "create_tfrecord_files")
    throw UserError("`--action create_tfrecord_files` is refused, as by the published program; use create_hdf5_files");
  if (action == "text_formatting") return format_text(translator);
  if (action == "sharding") return shard_text(translator);
  create_instances(translator);
}

void translate_create_pretraining_data(Translator& translator) {
  Step& step = translator.add_step("data instances");
  step.set("overwrite", "true");
  if (fs::is_directory(translator.value("--input_file")))
    translator.say("of a folder, each .txt file becomes a file of its own in the folder --output_file");
}

// Options of the instances that both programs have; the defaults are those of bertPrep.py.
Options instance_options() {
  return {same("--masked_lm_prob").standard("0.15"), same("--random_seed").standard("12345"),
          same("--max_predictions_per_seq").standard("20")};
}

std::vector<std::pair<std::string, std::string>> choices_of(std::initializer_list<const char*> names) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const char* const name : names) pairs.emplace_back(name, name);
  return pairs;
}

Options bert_prep_options() {
  return joined(
      {{
           read("--action")
               .choices(choices_of(
                   {"download", "text_formatting", "sharding", "create_tfrecord_files", "create_hdf5_files"}))
               .must(),
           read("--dataset")
               .choices(choices_of({"bookscorpus", "wikicorpus_en", "wikicorpus_zh", "books_wiki_en_corpus",
                                    "google_pretrained_weights", "nvidia_pretrained_weights", "mrpc", "sst-2", "squad",
                                    "all"}))
               .must(),
           read("--input_files"),
           same("--n_training_shards").standard("256"),
           same("--n_test_shards").standard("256"),
           same("--fraction_test_set").standard("0.1"),
           nothing("--segmentation_method", Takes::kValue, "there is one, that of NLTK").choices({{"nltk", "nltk"}}),
           nothing("--n_processes", Takes::kValue, kThreads),
           same("--dupe_factor").standard("5"),
           same("--max_seq_length").standard("512"),
           read("--do_lower_case").standard("1"),
           same("--vocab_file"),
           read("--skip_wikiextractor").standard("0"),
           nothing("--interactive_json_config_generator", Takes::kValue, "the published program does not use it"),
       },
       instance_options()});
}

Options create_pretraining_data_options() {
  return joined({{
                     same("--vocab_file").must(),
                     as("--input_file", "input").must(),
                     same("--output_file").must(),
                     nothing("--bert_model", Takes::kValue, "`--vocab_file` is the vocabulary"),
                     same("--max_seq_length").standard("128"),
                     same("--dupe_factor").standard("10"),
                     same("--short_seq_prob").standard("0.1"),
                     same_switch("--do_lower_case"),
                 },
                 instance_options()});
}

}  // namespace

std::vector<Program> corpus_preparation_programs() {
  return {
      {.names = {"create_datasets_from_start.sh"},
       .whose = "NVIDIA's",
       .options =
           {position("to_download", "wiki_only").choices({{"wiki_only", "wiki_only"}, {"wiki_books", "wiki_books"}})},
       .translate = translate_create_datasets},
      {.names = {"bertPrep.py"}, .whose = "NVIDIA's", .options = bert_prep_options(), .translate = translate_bert_prep},
      {.names = {"create_pretraining_data.py"},
       .whose = "NVIDIA's",
       .options = create_pretraining_data_options(),
       .translate = translate_create_pretraining_data}};
}

}  // namespace retort::compat
