// Language-model training as a user runs it: text -> token files -> a masked language model -> its student.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/log_softmax.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>

#include "recipe/tiny_world.h"
#include "retort/base/error.h"
#include "retort/base/output_lock.h"
#include "retort/checkpoint/safetensors.h"
#include "retort/checkpoint/weights.h"
#include "retort/data/token_file.h"
#include "retort/data/token_rows.h"
#include "retort/kernel/rows.h"
#include "retort/model/config_reader.h"
#include "retort/recipe/binarize.h"
#include "retort/recipe/distill_mlm.h"
#include "retort/recipe/extract.h"
#include "retort/recipe/model_folder.h"
#include "retort/recipe/pretrain.h"
#include "retort/recipe/token_counts.h"
#include "retort/train/stop_signal.h"

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
  BinarizeConfig same = binarization(folder.path());
  same.held_out_file = folder / "sub/../corpus.tokens", same.overwrite = true;
  EXPECT_NE(tiny::message_of([&] { binarize(same); }).find("must be another file"), std::string::npos);
  BinarizeConfig rare = binarization(folder.path());
  rare.output_file = folder / "rare.tokens", rare.held_out_file = folder / "rarely.tokens", rare.held_out_every = 41;
  EXPECT_EQ(tiny::message_of([&] { binarize(rare); }),
            "`held_out_every` must be at most the number of articles, but is 41 of 40; lower it");
  EXPECT_FALSE(fs::exists(rare.output_file));

  count_tokens([&] {
    CountTokensConfig config;
    config.data_file = folder / "corpus.tokens", config.output_file = folder / "counts.json";
    return config;
  }());
  EXPECT_EQ(read_token_counts(folder / "counts.json", file.vocabulary().size), file.count_ids());
}

TEST(Binarize, RefusesWhatIsNoText) {
  const tiny::TemporaryFolder folder;
  const auto told = [&](const fs::path& input, const fs::path& output) {
    BinarizeConfig config = binarization(folder.path());
    config.file_path = input, config.output_file = output;
    return tiny::message_of([&] { binarize(config); });
  };
  write_file_atomically(folder / "wide.txt", std::string("a line\nt\0w\0o\0", 13));
  EXPECT_EQ(told(folder / "wide.txt", folder / "wide.tokens"),
            fmt::format("`{}` must be UTF-8 text, but line 2 holds a zero byte; UTF-16 is converted by iconv -f UTF-16 "
                        "-t UTF-8, and an archive must be unpacked first",
                        (folder / "wide.txt").string()));
  EXPECT_NE(told(folder.path(), folder / "x.tokens").find("is a folder; put its files together"), std::string::npos);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_NE(told(folder / "pipe", folder / "x.tokens").find("is a pipe or device"), std::string::npos);
  EXPECT_NE(told("/dev/null", folder / "x.tokens").find("is a pipe or device"), std::string::npos);
  EXPECT_NE(told(folder / "none.txt", folder / "x.tokens").find("is not there"), std::string::npos);
  EXPECT_NE(told(folder / "wide.txt", folder.path()).find("must be a file to write, but is a folder"),
            std::string::npos);
  {
    const OutputLock other(folder / "busy.tokens");
    EXPECT_NE(told(folder / "text.txt", folder / "busy.tokens").find("must be written by one process"),
              std::string::npos);
  }
  EXPECT_FALSE(fs::exists(folder / "wide.tokens"));
  EXPECT_NE(tiny::message_of([&] { data::TokenFile(folder / "wide.txt"); }).find("text becomes one by `retort data "),
            std::string::npos);
}

TEST(Binarize, LeavesNothingWhenItIsStopped) {
  const tiny::TemporaryFolder folder;
  const BinarizeConfig config = binarization(folder.path());
  const train::StopSignal stop;
  std::raise(SIGTERM);
  try {
    binarize(config);
    FAIL() << "a signal must end it";
  } catch (const Interrupted& stopped) {
    EXPECT_STREQ(stopped.what(), "stopped by SIGTERM; nothing was written");
  }
  for (const auto& entry : fs::directory_iterator(folder.path())) EXPECT_EQ(entry.path().filename(), "text.txt");
}

TEST(Binarize, WritesOverNothingThatItReads) {
  const tiny::TemporaryFolder folder;
  BinarizeConfig config = binarization(folder.path());
  binarize(config);
  config.overwrite = true;
  for (std::string* const output : {&config.output_file, &config.held_out_file}) {
    const std::string before = std::exchange(*output, (folder / "./text.txt").string());
    EXPECT_NE(tiny::message_of([&] { binarize(config); }).find("must be another file than `"), std::string::npos);
    *output = before;
  }
  CountTokensConfig counting;
  counting.data_file = folder / "corpus.tokens", counting.output_file = folder / "counts.json";
  count_tokens(counting);
  EXPECT_NE(tiny::message_of([&] { count_tokens(counting); }).find("must not exist yet, but does"), std::string::npos);
  counting.overwrite = true;
  count_tokens(counting);
  counting.output_file = folder / "corpus.tokens";
  EXPECT_NE(tiny::message_of([&] { count_tokens(counting); }).find("must be another file than `"), std::string::npos);
  EXPECT_GT(data::TokenFile(folder / "corpus.tokens").token_count(), 0);
}

// A head that is announced and missing would start at random and then pass for trained.
TEST(Extract, GivesNoHeadThatTheTeacherLacks) {
  const tiny::TemporaryFolder folder;
  const fs::path headless = tiny::copy_model(tiny::bert_folder(), folder / "headless");
  tiny::set_config_field(headless, "architectures", Json({"BertForMaskedLM"}));
  ExtractConfig config;
  config.model.model = headless, config.layers = {0}, config.output_dir = folder / "student";
  testing::internal::CaptureStderr();
  extract(config);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("holds no trained head, so the student gets none"),
            std::string::npos);
  EXPECT_EQ(read_json_file(folder / "student/config.json")["architectures"], Json({"BertModel"}));
}

TEST(LoadModel, RefusesAVocabularyTableOfItsOwn) {
  const tiny::TemporaryFolder folder;
  const fs::path teacher = tiny::copy_model(RETORT_FIXTURES "/distillation/teacher_mlm", folder / "teacher");
  tiny::set_config_field(teacher, "tie_word_embeddings", false);
  EXPECT_EQ(load_model({.model = teacher.string()}, {}).model->head(), model::Head::kMaskedLm) << "without a table";
  ExtractConfig cut;  // a reader of the student would make it a random table
  cut.model.model = teacher, cut.layers = {0}, cut.output_dir = folder / "student";
  extract(cut);
  EXPECT_EQ(read_json_file(folder / "student/config.json")["tie_word_embeddings"], true);
  const auto config = load_model({.model = teacher.string()}, {}).model->config();
  const std::vector<float> table(static_cast<size_t>(config.vocab_size * config.hidden_size), 0.5F);
  fs::copy(teacher / "model.safetensors", folder / "before.safetensors");
  const checkpoint::WeightFiles before = checkpoint::open_weights(folder / "before.safetensors");
  const auto with_table = [&](const std::string& name, std::vector<int64_t> shape) {
    std::vector<checkpoint::NamedTensor> tensors(before.tensors().begin(), before.tensors().end());
    const auto values = std::span(table).first(static_cast<size_t>(shape.size() == 1 ? shape[0] : table.size()));
    tensors.push_back({name, checkpoint::Dtype::kF32, std::move(shape), std::as_bytes(values)});
    checkpoint::write_safetensors(teacher / "model.safetensors", tensors);
    return tiny::message_of([&] { load_model({.model = teacher.string()}, {}); });
  };
  const std::string words = "must have the word embeddings as the table of its masked-LM head, but `",
                    in = "cls.predictions.decoder.weight";
  const std::vector<int64_t> shape = {config.vocab_size, config.hidden_size};
  EXPECT_NE(with_table(in, shape).find(words + in + "` differs"), std::string::npos);
  EXPECT_NE(with_table(in, {config.hidden_size}).find(words + in + "` differs"), std::string::npos)
      << "of another rank";
  EXPECT_NE(with_table("bert." + in, shape).find(words + "bert." + in + "` differs"), std::string::npos);
  tiny::set_config_field(teacher, "tie_word_embeddings", true);  // transformers then takes the embeddings too
  testing::internal::CaptureStderr();
  EXPECT_NO_THROW(load_model({.model = teacher.string()}, {}));
  EXPECT_NE(testing::internal::GetCapturedStderr().find("to which it is tied, and is not used"), std::string::npos);
}

TEST(LoadModel, RefusesWeightsThatAreNoNumbers) {
  const tiny::TemporaryFolder folder;
  const fs::path teacher = tiny::copy_model(RETORT_FIXTURES "/distillation/teacher_mlm", folder / "teacher");
  fs::copy(teacher / "model.safetensors", folder / "before.safetensors");
  const checkpoint::WeightFiles before = checkpoint::open_weights(folder / "before.safetensors");
  std::vector<checkpoint::NamedTensor> tensors(before.tensors().begin(), before.tensors().end());
  checkpoint::NamedTensor& last = tensors.back();
  std::vector<float> values(static_cast<size_t>(last.element_count()), 0.5F);
  values[values.size() / 2] = std::numeric_limits<float>::infinity();
  last.dtype = checkpoint::Dtype::kF32, last.bytes = std::as_bytes(std::span(values));
  checkpoint::write_safetensors(teacher / "model.safetensors", tensors);
  try {
    load_model({.model = teacher.string()}, {});
    FAIL() << "it was taken";
  } catch (const DivergenceError& failure) {
    EXPECT_NE(std::string(failure.what()).find("tensor `" + last.name + "` must hold numbers, but some are"),
              std::string::npos)
        << failure.what();
  }
}

// A model that says the same of every place, so that the pseudo-perplexity is that of the words' shares.
TEST(Pretrain, PseudoPerplexityIsOfEachWordOnce) {
  const tiny::TemporaryFolder folder;
  binarize(binarization(folder.path()));
  const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::bert_folder());
  const auto shape = model::config_from_json(read_json_file(tiny::bert_folder() / "config.json"), "tiny");
  model::Model model(shape, model::Head::kMaskedLm, {});
  const auto& parameters = model.parameters();
  parameters.values().zero_();
  const at::Tensor shares = at::linspace(-2, 3, shape.vocab_size);
  parameters.tensor(*parameters.find("cls.predictions.bias")).copy_(shares);
  fs::create_directory(folder / "model");
  save_model_folder(folder / "model", model, tokenizer);
  PretrainConfig config = pretraining(folder.path(), folder / "out");
  config.model.model = folder / "model";
  config.corpus.pseudo_perplexity_sequences = 3;
  config.training.learning_rate = 0, config.training.max_steps = 1;
  const double found = pretrain(config)["pseudo_perplexity"];

  const at::Tensor logs = at::log_softmax(shares.to(at::kDouble), 0);
  const data::TokenRowSet rows(std::make_shared<const data::TokenFile>(folder / "corpus.tokens"), config.corpus.rows);
  data::Batch batch;
  for (int64_t row = 0; row < 3; ++row) rows.append(row, batch);
  double sum = 0;
  int64_t count = 0;
  for (const int32_t id : batch.tokens.ids) {
    if (id == tokenizer.cls_id() || id == tokenizer.sep_id()) continue;
    sum -= logs[id].item<double>(), ++count;
  }
  EXPECT_NEAR(found, std::exp(sum / static_cast<double>(count)), 1e-5 * found) << count;
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
  const size_t fresh = extract(cut)["fresh"].size();
  cut.vocab_transform = false, cut.output_dir = folder / "untransformed";
  const size_t fresh_without = extract(cut)["fresh"].size();
  EXPECT_EQ(fresh, 0U);
  EXPECT_EQ(fresh_without, 4U) << "weight and bias of the transform, and of the norm behind it";
  DistillMlmConfig config = distillation(folder.path(), folder / "student", folder / "distilled");
  config.corpus.eval_file = config.corpus.data_file;
  config.losses.alpha_ce = 5, config.losses.alpha_mlm = 2, config.losses.alpha_cos = 1;
  config.freeze_pos_embs = true;
  const Json student = distill_mlm(config);
  EXPECT_LT(student["loss"].get<double>(), uniform);
  const auto positions = [](const fs::path& path) {
    return tiny::parameter_of(path, "distilbert.embeddings.position_embeddings.weight");
  };
  EXPECT_TRUE(positions(folder / "distilled").equal(positions(folder / "student")));

  // A run that was stopped after a checkpoint ends where one without a stop ends.
  config.output.output_dir = folder / "stopped";
  config.training.gradient_accumulation_steps = 2;
  config.checkpoint_interval = 7, config.training.max_steps = 8;  // of batches, which are two a step
  distill_mlm(config);
  config.output.output_dir = folder / "straight";
  distill_mlm(config);
  fs::remove(folder / "stopped/DONE");
  for (const char* later : {"checkpoint-6", "checkpoint-8"})
    ASSERT_GT(fs::remove_all(folder / "stopped" / later), 0) << later;
  config.output.output_dir = folder / "stopped", config.output.resume = true;
  distill_mlm(config);
  EXPECT_EQ(read_file(folder / "stopped/model.safetensors"), read_file(folder / "straight/model.safetensors"));
}

TEST(DistillMlm, RefusesWhatWouldTeachNothing) {
  const tiny::TemporaryFolder folder;
  PretrainConfig config = pretraining(folder.path(), folder / "out");
  config.corpus.masking.mlm_mask_prop = 0, config.corpus.eval_file.clear();
  EXPECT_EQ(tiny::message_of([&] { pretrain(config); }),
            "`mlm_mask_prop` must be above 0 to learn masked tokens, but is 0; 0.15 is usual");
  config.corpus.masking.mlm_mask_prop = 0.15, config.corpus.pseudo_perplexity_sequences = 2;
  EXPECT_EQ(tiny::message_of([&] { pretrain(config); }),
            "`--eval_file` must be given for `pseudo_perplexity_sequences`, but is missing");
}

// The next token as the label, without a mask: against plain expressions of the model's own logits.
TEST(DistillMlm, NextTokensAreCrossEntropyOfTheFollowingToken) {
  const tiny::TemporaryFolder folder;
  binarize(binarization(folder.path()));
  const fs::path teacher = tiny::copy_model(tiny::bert_folder(), folder / "teacher");
  for (const char* field : {"hidden_dropout_prob", "attention_probs_dropout_prob"})
    tiny::set_config_field(teacher, field, 0.0);
  const data::TokenFile file(folder / "corpus.tokens");
  DistillMlmConfig config = distillation(folder.path(), teacher, folder / "out");
  config.losses = {.alpha_ce = 0, .alpha_mlm = 0, .alpha_clm = 1, .mlm = false};
  config.training.max_steps = 1, config.training.learning_rate = 0;
  config.training.per_device_train_batch_size = file.sequence_count();
  config.corpus.rows.max_seq_length = 512;  // nothing is cut
  config.corpus.eval_file.clear();
  config.freeze_token_type_embds = true;
  const double trained = distill_mlm(config)["train_loss"];

  const LoadedModel loaded = tiny::load(folder / "out");
  const at::NoGradGuard no_grad;
  double sum = 0;
  int64_t count = 0;
  for (int64_t row = 0; row < file.sequence_count(); ++row) {
    std::vector<int32_t> ids;
    file.append_ids(row, 0, file.length(row), ids);
    kernel::Ragged tokens;
    tokens.append(ids, static_cast<int64_t>(ids.size()));
    const at::Tensor logits = loaded.model->forward(kernel::make_rows(tokens)).logits.to(at::kDouble);
    const at::Tensor each = at::log_softmax(logits, 1);
    for (size_t t = 0; t + 1 < ids.size(); ++t, ++count)
      sum -= each[static_cast<int64_t>(t)][ids[t + 1]].item<double>();
  }
  EXPECT_NEAR(trained, sum / static_cast<double>(count), 1e-4);
}

TEST(DistillMlm, FrozenTokenTypesStay) {
  const tiny::TemporaryFolder folder;
  binarize(binarization(folder.path()));
  fs::copy(tiny::bert_folder(), folder / "teacher", fs::copy_options::recursive);
  DistillMlmConfig config = distillation(folder.path(), tiny::bert_folder(), folder / "free");
  config.training.max_steps = 2, config.training.weight_decay = 0.1;
  distill_mlm(config);
  config.output.output_dir = folder / "frozen", config.freeze_token_type_embds = true;
  distill_mlm(config);
  const at::Tensor before = tiny::parameter_of(tiny::bert_folder(), "embeddings.token_type_embeddings.weight");
  EXPECT_FALSE(tiny::parameter_of(folder / "free", "bert.embeddings.token_type_embeddings.weight").equal(before));
  EXPECT_TRUE(tiny::parameter_of(folder / "frozen", "bert.embeddings.token_type_embeddings.weight").equal(before));
}

// With few masks many micro-batches have none, and count nothing: the cut into micro-batches changes nothing.
TEST(DistillMlm, ComparesMaskedTokensAloneInAnyCut) {
  const tiny::TemporaryFolder folder;
  binarize(binarization(folder.path()));
  fs::copy(tiny::bert_folder(), folder / "teacher", fs::copy_options::recursive);
  DistillMlmConfig config = distillation(folder.path(), tiny::bert_folder(), folder / "whole");
  config.losses.restrict_ce_to_mask = true, config.losses.alpha_mse = 0.1;
  config.corpus.masking.mlm_mask_prop = 0.02, config.corpus.eval_file.clear();
  config.training.max_steps = 1, config.training.learning_rate = 0;
  const double whole = distill_mlm(config)["train_loss"];
  config.output.output_dir = folder / "cut", config.training.max_tokens_per_micro_batch = 16;
  EXPECT_NEAR(distill_mlm(config)["train_loss"].get<double>(), whole, 1e-5 * whole);
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
  EXPECT_NE(message([](auto& config) {
              config.corpus.data_file = tiny::train_file();
            }).find("train.json` must be a token file, but is none"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) { config.corpus.token_counts = tiny::train_file(); }).find("list of counts"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) { config.corpus.masking.mlm_mask_prop = 0; }).find("above 0 for held-out scores"),
            std::string::npos);
  ExtractConfig padded;
  padded.model.model = tiny::bert_folder(), padded.model.pad_vocabulary = true;
  padded.layers = {0}, padded.output_dir = folder / "padded";
  extract(padded);
  const auto take_padded = [&](DistillMlmConfig& config) { config.teacher.teacher = folder / "padded"; };
  EXPECT_NE(message(take_padded).find("`teacher` must have as many outputs as the student"), std::string::npos);
  EXPECT_EQ(message([&](auto& config) {
              take_padded(config), config.model.pad_vocabulary = true, config.output.output_dir = folder / "both";
              config.training.max_steps = 1;
            }),
            "no error");
  EXPECT_NE(message([](auto& config) { config.model.dropout = 1; }).find("must lie in [0, 1)"), std::string::npos);
  EXPECT_NE(message([](auto& config) { config.model.head_dropout = -0.5; }).find("`head_dropout` must be 0 or more"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) {
              config.teacher.teacher = "preset:bert-tiny", config.losses.alpha_cos = 1;
              config.model.vocab_file = tiny::shared_folder() / "vocab.txt";
            }).find("`alpha_cos` must be 0 for models of different width"),
            std::string::npos);
}

}  // namespace
}  // namespace retort::recipe
