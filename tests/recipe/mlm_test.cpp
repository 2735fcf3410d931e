// Language-model training as a user runs it: text -> token files -> a masked language model -> its student.
#include <gtest/gtest.h>

#include <fstream>

#include "recipe/tiny_world.h"
#include "retort/data/token_file.h"
#include "retort/recipe/binarize.h"
#include "retort/recipe/distill_mlm.h"
#include "retort/recipe/extract.h"
#include "retort/recipe/model_folder.h"
#include "retort/recipe/pretrain.h"
#include "retort/recipe/token_counts.h"

namespace retort::recipe {
namespace {

// The passages of the small world, an article each.
void write_text(const fs::path& path) {
  std::ofstream out(path);
  const Json data = read_json_file(tiny::train_file());
  int number = 0;
  for (const Json& article : data["data"])
    for (const Json& paragraph : article["paragraphs"])
      out << "<doc id=\"" << ++number << "\">\n" << paragraph["context"].get<std::string>() << "\n\n</doc>\n";
}

BinarizeConfig binarization(const fs::path& folder) {
  write_text(folder / "text.txt");
  BinarizeConfig config;
  config.file_path = folder / "text.txt", config.model = tiny::bert_folder();
  config.output_file = folder / "corpus.tokens", config.held_out_file = folder / "held_out.tokens";
  config.held_out_every = 4;
  return config;
}

void set_common(CorpusConfig& corpus, train::TrainingConfig& training, const fs::path& folder) {
  corpus.data_file = folder / "corpus.tokens", corpus.eval_file = folder / "held_out.tokens";
  corpus.rows.max_seq_length = 64, corpus.rows.min_seq_length = 4;
  const train::TrainingConfig plain = tiny::squad_settings(folder).training;
  training.precision = plain.precision, training.threads = plain.threads;
  training.per_device_train_batch_size = 8, training.gradient_accumulation_steps = 1;
  training.learning_rate = 1e-2, training.save_steps = 0;
}

PretrainConfig pretraining(const fs::path& folder, const fs::path& output_dir) {
  PretrainConfig config;
  config.model.model = tiny::bert_folder();
  config.output.output_dir = output_dir;
  config.training.num_train_epochs = 30;
  set_common(config.corpus, config.training, folder);
  config.corpus.eval_file = config.corpus.data_file;  // so little text says nothing about other text
  return config;
}

DistillMlmConfig distillation(const fs::path& folder, const fs::path& student, const fs::path& output_dir) {
  DistillMlmConfig config;
  config.model.model = student, config.teacher.teacher = folder / "teacher";
  config.output.output_dir = output_dir;
  config.training.num_train_epochs = 2;
  set_common(config.corpus, config.training, folder);
  return config;
}

TEST(Binarize, DealsArticlesOut) {
  const tiny::TemporaryFolder folder;
  const Json result = binarize(binarization(folder.path()));
  EXPECT_EQ(result["sequences"].get<int64_t>() + result["held_out_sequences"].get<int64_t>(), 40);
  EXPECT_EQ(result["held_out_sequences"], 10);
  const data::TokenFile file(folder / "corpus.tokens");
  const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::bert_folder());
  std::vector<int32_t> ids;
  file.append_ids(0, 0, file.length(0), ids);
  EXPECT_EQ(ids.front(), tokenizer.cls_id());
  EXPECT_EQ(ids.back(), tokenizer.sep_id());
  EXPECT_NE(read_file(tiny::train_file()).find(tokenizer.decode(ids).substr(0, 4)), std::string::npos);
  EXPECT_NE(tiny::message_of([&] { binarize(binarization(folder.path())); }).find("must not exist yet"),
            std::string::npos);

  count_tokens([&] {
    CountTokensConfig config;
    config.data_file = folder / "corpus.tokens", config.output_file = folder / "counts.json";
    return config;
  }());
  EXPECT_EQ(read_token_counts(folder / "counts.json", file.vocabulary().size), file.count_ids());
}

TEST(Binarize, ReadsThePublishedPickle) {
  const tiny::TemporaryFolder folder;
  BinarizeConfig config;
  config.file_path = RETORT_FIXTURES "/distillation/arrays-protocol4.pickle";
  config.model = RETORT_FIXTURES "/distillation/student_mlm";
  config.output_file = folder / "corpus.tokens";
  EXPECT_EQ(binarize(config)["tokens"], 4 + 3 + 7);
}

TEST(TokenCounts, ReadsThePublishedPickle) {
  const std::string path = RETORT_FIXTURES "/distillation/counts.pickle";
  EXPECT_EQ(read_token_counts(path, 4), (std::vector<int64_t>{0, 1, 10, 1000}));
  EXPECT_EQ(tiny::message_of([&] { read_token_counts(path, 5); }),
            "`" + path + "` must hold 5 counts, one for each token, but holds 4; count with the same vocabulary");
}

// From text to a student, in one go because each stage needs the one before.
TEST(DistillMlm, WholeWay) {
  const tiny::TemporaryFolder folder;
  binarize(binarization(folder.path()));
  PretrainConfig pretrain_config = pretraining(folder.path(), folder / "teacher");
  pretrain_config.corpus.pseudo_perplexity_sequences = 2;
  const Json teacher = pretrain(pretrain_config);
  const double uniform = std::log(static_cast<double>(data::TokenFile(folder / "corpus.tokens").vocabulary().size));
  EXPECT_LT(teacher["loss"].get<double>(), uniform - 0.5);
  EXPECT_GT(teacher["pseudo_perplexity"].get<double>(), 1);
  EXPECT_EQ(read_json_file(folder / "teacher/config.json")["architectures"], Json({"BertForMaskedLM"}));

  ExtractConfig cut;
  cut.model.model = folder / "teacher", cut.layers = {0}, cut.output_dir = folder / "student";
  cut.student_type = "distilbert", cut.vocab_transform = true;
  EXPECT_TRUE(extract(cut)["fresh"].empty());
  DistillMlmConfig config = distillation(folder.path(), folder / "student", folder / "distilled");
  config.corpus.eval_file = config.corpus.data_file;
  config.losses.alpha_ce = 5, config.losses.alpha_mlm = 2, config.losses.alpha_cos = 1;
  config.freeze_pos_embs = true;
  const Json student = distill_mlm(config);
  EXPECT_LT(student["loss"].get<double>(), uniform);
  const auto positions = [](const fs::path& path) {
    ModelSource source;
    source.model = path;
    const LoadedModel loaded = load_model(source, {});
    const auto& store = loaded.model->parameters();
    return store.tensor(*store.find("distilbert.embeddings.position_embeddings.weight")).clone();
  };
  EXPECT_TRUE(positions(folder / "distilled").equal(positions(folder / "student")));

  // A run that was stopped after a checkpoint ends where one without a stop ends.
  config.output.output_dir = folder / "stopped";
  config.training.save_steps = 3, config.training.max_steps = 8;
  distill_mlm(config);
  config.output.output_dir = folder / "straight";
  distill_mlm(config);
  fs::remove(folder / "stopped/DONE");
  for (const auto& entry : fs::directory_iterator(folder / "stopped"))
    if (entry.path().filename() == "checkpoint-6") fs::remove_all(entry.path());
  config.output.output_dir = folder / "stopped", config.output.resume = true;
  distill_mlm(config);
  EXPECT_EQ(read_file(folder / "stopped/model.safetensors"), read_file(folder / "straight/model.safetensors"));
}

TEST(DistillMlm, RefusesWhatDoesNotBelongTogether) {
  const tiny::TemporaryFolder folder;
  binarize(binarization(folder.path()));
  fs::copy(tiny::bert_folder(), folder / "teacher", fs::copy_options::recursive);
  const auto message = [&](const auto& change) {
    DistillMlmConfig config = distillation(folder.path(), tiny::bert_folder(), folder / "out");
    change(config);
    return tiny::message_of([&] { distill_mlm(config); });
  };
  EXPECT_NE(message([](auto& config) { config.losses.alpha_ce = config.losses.alpha_mlm = 0; }).find("`alpha_*`"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) { config.losses.alpha_clm = 1; }).find("`alpha_clm` must be 0"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) {
              config.teacher.teacher = RETORT_FIXTURES "/distillation/teacher_mlm";
            }).find("`teacher` must have the student's vocabulary"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) { config.corpus.rows.max_seq_length = 4096; }).find("`max_seq_length` must be"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) { config.corpus.data_file = tiny::train_file(); }).find("train.json` cannot be"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) { config.corpus.token_counts = tiny::train_file(); }).find("list of counts"),
            std::string::npos);
}

}  // namespace
}  // namespace retort::recipe
